/** What carries the readings of a site. */
import type { GatewayReply } from '../../api/replies.ts';
import { formatAge, plural } from '../formatters.ts';
import { GATEWAY_STATES } from '../gateway-words.ts';

export function GatewaysOfSite({ rows, now }: { readonly rows: readonly GatewayReply[]; readonly now: number }) {
  return (
    <section class="card" aria-labelledby="site-gateways-title">
      <h2 id="site-gateways-title">{rows.length === 1 ? 'Gateway' : 'Gateways'}</h2>
      {rows.length === 0 ? (
        <p class="empty">
          No gateway serves this site. Add one with <code>lamplighter gateway add</code>.
        </p>
      ) : (
        <ul class="plain">
          {rows.map((row) => {
            const [label, tone, title] = GATEWAY_STATES[row.state];
            return (
              <li key={row.id} class="gateway-line">
                <a href={`/gateways/${row.id}`}>{row.name ?? row.id}</a>
                <span class={`badge ${tone}`} title={title}>
                  {label}
                </span>
                <span class="note">
                  {row.health === null
                    ? 'No health yet'
                    : `heard ${formatAge((now - row.health.at_ms) / 1_000)} ago · ${row.health.outbox.buffered === 0 ? 'nothing waits in its outbox' : `${plural(row.health.outbox.buffered, 'reading')} wait in its outbox, oldest ${formatAge(row.health.outbox.oldest_s)}`}`}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
