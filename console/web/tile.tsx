/** A headline figure: what, how much, in which unit, and one line that puts it in its place. */
import type { ComponentChildren } from 'preact';

export function Tile(props: {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly note: ComponentChildren;
  readonly tone?: string;
  readonly href?: string;
}) {
  const { name, value, unit, note, tone, href } = props;
  const inside = (
    <>
      <h2>{name}</h2>
      <p class="amount">
        <span class="number">{value}</span> <span class="unit">{unit}</span>
      </p>
      <div class="note">{note}</div>
    </>
  );
  const kind = `figure ${tone ?? ''}`;
  return href === undefined ? (
    <div class={kind}>{inside}</div>
  ) : (
    <a class={`${kind} figure-link`} href={href}>
      {inside}
    </a>
  );
}

/** Tiles that are not there yet, of the same size. */
export function TileSkeletons({ count, label }: { readonly count: number; readonly label: string }) {
  return (
    <section class="figures" aria-label={label} aria-busy="true">
      {Array.from({ length: count }, (_, index) => (
        <div key={String(index)} class="figure loading">
          <span class="skeleton short" />
          <span class="skeleton tall" />
          <span class="skeleton" />
        </div>
      ))}
    </section>
  );
}

/** What went wrong with a question, and that it is asked again. */
export function Fault({ words, onAgain }: { readonly words: string; readonly onAgain?: () => void }) {
  if (words === '') return null;
  return (
    <p class="inline-fault" role="alert">
      {words}{' '}
      {onAgain === undefined ? null : (
        <button type="button" class="quiet" onClick={onAgain}>
          Try again
        </button>
      )}
    </p>
  );
}

export function SkeletonRows({ count }: { readonly count: number }) {
  return (
    <div class="skeleton-rows" aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <span key={String(index)} class="skeleton" />
      ))}
    </div>
  );
}
