/** What stands where an address names nothing. */
export function NoSuch({ what, id, home }: { readonly what: string; readonly id: string; readonly home: string }) {
  return (
    <section class="card" role="alert">
      <h1>There is no such {what}</h1>
      <p class="empty">
        The register knows no {what} <code>{id}</code>: it was renamed, or never listed.{' '}
        <a href={home}>Go to all of them.</a>
      </p>
    </section>
  );
}
