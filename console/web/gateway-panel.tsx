/** One gateway in full: where it stands, the ledger of its readings, its sources. */
import { useEffect, useRef } from 'preact/hooks';
import type { GatewayReply } from '../api/replies.ts';
import { ProblemList } from './city/problem-list.tsx';
import type { ProblemsReply } from './city/replies.ts';
import type { City } from './city.ts';
import { FillBar } from './fill-bar.tsx';
import { formatAge, formatBytes, formatMs, formatNumber } from './formatters.ts';
import { GATEWAY_STATES } from './gateway-words.ts';
import { SkeletonRows } from './tile.tsx';
import { useAsked } from './use-asked.ts';
import { zonedDayMinute, zoneShort } from './zoned-time.ts';

export function GatewayPanel({ city, id }: { readonly city: City; readonly id: string }) {
  const row = city.gatewayById.get(id);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: false }), [id]);
  return (
    <section class="card gateway-panel" aria-labelledby="gateway-panel-title" data-gateway={id}>
      <div class="card-head">
        <h2 id="gateway-panel-title" ref={title} tabIndex={-1}>
          {row?.name ?? id}
        </h2>
        <a class="button quiet" href="/gateways">
          Close
        </a>
      </div>
      {row === undefined ? (
        city.summary === undefined ? (
          <SkeletonRows count={4} />
        ) : (
          <p class="empty">
            There is no gateway <code>{id}</code>. Its id may be misspelt; add one with{' '}
            <code>lamplighter gateway add</code>.
          </p>
        )
      ) : (
        <Details city={city} row={row} />
      )}
    </section>
  );
}

function Details({ city, row }: { readonly city: City; readonly row: GatewayReply }) {
  const now = city.now();
  const { health, counts } = row;
  const [label, tone, words] = GATEWAY_STATES[row.state];
  const site = city.siteName(row.site);
  const asked = useAsked<ProblemsReply>('/api/problems', { everyMs: 15_000 });
  const problems = asked.reply?.problems.filter(({ gateway }) => gateway === row.id) ?? [];
  const lastReading = lastReadingOf(city, row.id);
  return (
    <>
      <p class="about">
        <span class={`badge ${tone}`}>{label}</span> {words}.{' '}
        {row.since_ms === null
          ? ''
          : `Since ${zonedDayMinute(row.since_ms, city.zone)} ${zoneShort(city.zone, row.since_ms)}. `}
        {health === null ? 'It has sent no health yet.' : `Last health ${formatAge((now - health.at_ms) / 1_000)} ago.`}
      </p>
      {row.state === 'silent' || row.state === 'offline' ? (
        <p class="advice">
          Its readings wait in its own outbox and come when it is back. Check its power and network at the site.
        </p>
      ) : null}
      {problems.length === 0 ? null : (
        <ProblemList problems={problems} now={now} siteName={() => undefined} fine="" isNamed={false} />
      )}
      <dl class="facts">
        <Fact
          name="Last reading"
          value={
            lastReading === undefined
              ? city.valuesLoaded
                ? 'none'
                : '…'
              : `${formatAge((now - lastReading) / 1_000)} ago, ${zonedDayMinute(lastReading, city.zone)}`
          }
        />
        <Fact name="Id" value={row.id} />
        <Fact name="Site" value={site ?? 'none'} href={row.site === null ? undefined : `/sites/${row.site}`} />
        <Fact name="Version" value={row.version ?? '–'} />
        <Fact
          name="Clock offset"
          value={
            health === null ? '–' : health.clock_offset_ms === null ? 'not known' : formatMs(health.clock_offset_ms)
          }
        />
        <Fact name="Memory" value={health === null ? '–' : `${formatNumber(health.memory_mib)} MiB`} />
        <Fact name="Running for" value={health === null ? '–' : formatAge(health.uptime_s)} />
      </dl>
      {health === null ? null : (
        <div class="panel-columns">
          <div>
            <h3>On the gateway</h3>
            <FillBar
              part={health.outbox.capacity_bytes === 0 ? 0 : health.outbox.bytes / health.outbox.capacity_bytes}
              label={`${formatBytes(health.outbox.bytes)} of ${formatBytes(health.outbox.capacity_bytes)} outbox`}
            />
            <Ledger
              rows={[
                ['Produced', health.outbox.produced],
                ['Stored, as acknowledged', health.outbox.stored],
                ['Rejected', sum(health.outbox.rejected)],
                ['Dropped, outbox full', health.outbox.dropped],
                ['Still buffered', health.outbox.buffered],
              ]}
            />
          </div>
          <div>
            <h3>At ingest, since it started</h3>
            <Ledger
              rows={[
                ['Received', counts.received],
                ['Stored', counts.stored],
                ['Duplicate', counts.duplicate],
                ['Rejected', sum(counts.rejected)],
                ['To come later', sum(counts.later)],
                ['Shed', counts.shed],
                ['Queued', counts.queued],
              ]}
            />
          </div>
          <div>
            <h3>Sources</h3>
            {health.sources.length === 0 ? (
              <p class="note">It names none.</p>
            ) : (
              <ul class="plain">
                {health.sources.map((source) => (
                  <li key={source.name}>
                    <span class={`badge ${source.state === 'failing' ? 'warn' : 'good'}`}>{source.state}</span>{' '}
                    {source.name}
                    <span class="under">
                      {source.kind} · {formatNumber(source.readings)} readings
                      {source.detail === '' ? '' : ` · ${source.detail}`}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        </div>
      )}
    </>
  );
}

/** When the newest value was measured that came from a gateway, epoch milliseconds. */
function lastReadingOf(city: City, gateway: string): number | undefined {
  let newest: number | undefined;
  for (const value of city.valueByKey.values()) {
    if (value.gateway === gateway && value.time > (newest ?? Number.NEGATIVE_INFINITY)) newest = value.time;
  }
  return newest;
}

function Fact({
  name,
  value,
  href,
}: {
  readonly name: string;
  readonly value: string;
  readonly href?: string | undefined;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{href === undefined ? value : <a href={href}>{value}</a>}</dd>
    </div>
  );
}

function Ledger({ rows }: { readonly rows: readonly (readonly [string, number])[] }) {
  return (
    <dl class="ledger">
      {rows.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{formatNumber(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}
