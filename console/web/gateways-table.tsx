/** The gateways: who is there, what waits with them, what went wrong. Those that need somebody come first. */
import { useState } from 'preact/hooks';
import type { GatewayReply, GatewayState } from '../api/replies.ts';
import type { City } from './city.ts';
import { FillBar } from './fill-bar.tsx';
import { formatAge, formatBytes, formatFull, formatMs, formatNumber, plural } from './formatters.ts';
import { byUrgency, GATEWAY_STATES, URGENCY } from './gateway-words.ts';

const PAGE = 50;

export function GatewaysTable({ city, chosen }: { readonly city: City; readonly chosen: string | undefined }) {
  const [filter, setFilter] = useState('');
  const [state, setState] = useState<GatewayState | ''>('');
  const [shown, setShown] = useState(PAGE);
  const all = [...city.gatewayById.values()];
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = all
    .filter((row) => state === '' || row.state === state)
    .filter((row) => {
      const text = `${row.id} ${row.name ?? ''} ${row.site ?? ''} ${city.siteName(row.site) ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(byUrgency);
  const stale = city.connection === 'live' ? '' : ' stale';
  return (
    <section class={`card${stale}`} aria-labelledby="gateways-title">
      <div class="card-head">
        <h2 id="gateways-title">Gateways</h2>
        <label class="filter">
          <span class="visually-hidden">Filter by gateway or site</span>
          <input
            type="search"
            placeholder="Filter by gateway, site…"
            value={filter}
            onInput={(event) => {
              setFilter(event.currentTarget.value);
              setShown(PAGE);
            }}
          />
        </label>
        <div class="choices">
          <label>
            <span>State</span>
            <select value={state} onChange={(event) => setState(event.currentTarget.value as GatewayState | '')}>
              <option value="">all ({formatNumber(all.length)})</option>
              {URGENCY.map((one) => (
                <option key={one} value={one}>
                  {GATEWAY_STATES[one][0]} ({formatNumber(city.summary?.by_state[one] ?? 0)})
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
      {rows.length === 0 ? (
        <p class={city.summary === undefined ? 'empty loading-words' : 'empty'}>
          {city.summary === undefined
            ? 'Asking for the gateways…'
            : words.length > 0
              ? `No gateway matches “${filter.trim()}”.`
              : state === ''
                ? 'No gateway yet. Add one with: lamplighter gateway add'
                : `No gateway is ${GATEWAY_STATES[state][0]}.`}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        <section class="scroll" tabIndex={0} aria-label="Table of the gateways">
          <table class="gateways">
            <thead>
              <tr>
                <th scope="col">Gateway</th>
                <th scope="col">State</th>
                <th scope="col">Outbox</th>
                <th scope="col" class="right" title="Batches kept back after repeated failures">
                  Set aside
                </th>
                <th scope="col" class="right" title="Readings lost because the outbox was full">
                  Dropped
                </th>
                <th scope="col" class="right" title="Readings refused for good">
                  Rejected
                </th>
                <th scope="col" class="right" title="By how much the server's clock is ahead of the gateway's">
                  Clock offset
                </th>
                <th scope="col">Version</th>
                <th scope="col" class="right">
                  Last health
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, shown).map((row) => (
                <GatewayRow
                  key={row.id}
                  row={row}
                  site={city.siteName(row.site)}
                  now={city.now()}
                  isChosen={row.id === chosen}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {rows.length > shown ? (
        <div class="more">
          <span>
            {formatNumber(shown)} of {formatNumber(rows.length)} shown
          </span>
          <button type="button" onClick={() => setShown(shown + 4 * PAGE)}>
            Show more
          </button>
        </div>
      ) : null}
    </section>
  );
}

function GatewayRow(props: {
  readonly row: GatewayReply;
  readonly site: string | undefined;
  readonly now: number;
  readonly isChosen: boolean;
}) {
  const { row, now } = props;
  const [label, tone, title] = GATEWAY_STATES[row.state];
  const { health } = row;
  const failing = health?.sources.filter((source) => source.state === 'failing') ?? [];
  return (
    <tr class={props.isChosen ? 'chosen' : ''}>
      <td class="gateway">
        <a href={`/gateways/${row.id}`}>{row.name ?? row.id}</a>
        <span class="under">
          {row.name === null || row.name === row.id ? '' : `${row.id} · `}
          {props.site ?? (row.registered ? 'no site' : 'not in the register')}
        </span>
      </td>
      <td class="state">
        <span class={`badge ${tone}`} title={title}>
          {label}
        </span>
        {row.two_epochs ? (
          <span class="badge bad" title="Two starts of this gateway are alive at once: a cloned disk">
            two at once
          </span>
        ) : null}
        {failing.map((source) => (
          <span key={source.name} class="badge warn" title={source.detail}>
            {source.name} fails
          </span>
        ))}
      </td>
      <td class="outbox" data-label="Outbox">
        {health === null ? <span class="none">–</span> : <Outbox outbox={health.outbox} />}
      </td>
      <Count label="Set aside" number={health?.outbox.set_aside} tone="warn" />
      <Count label="Dropped" number={health?.outbox.dropped} tone="bad" />
      <Count label="Rejected" number={health === null ? undefined : sum(health.outbox.rejected)} tone="warn" />
      <td class="right" data-label="Clock offset">
        <span class={Math.abs(health?.clock_offset_ms ?? 0) > 5_000 ? 'warn-text' : ''}>
          {health === null ? '–' : health.clock_offset_ms === null ? 'unknown' : formatMs(health.clock_offset_ms)}
        </span>
      </td>
      <td data-label="Version">{row.version ?? '–'}</td>
      <td class="right" data-label="Last health" title={health === null ? '' : formatFull(health.at_ms)}>
        {health === null ? 'never' : `${formatAge((now - health.at_ms) / 1_000)} ago`}
      </td>
    </tr>
  );
}

function Outbox({ outbox }: { readonly outbox: NonNullable<GatewayReply['health']>['outbox'] }) {
  const held = `${formatBytes(outbox.bytes)} of ${formatBytes(outbox.capacity_bytes)}`;
  const words =
    outbox.buffered === 0 ? 'empty' : `${plural(outbox.buffered, 'reading')}, oldest ${formatAge(outbox.oldest_s)}`;
  return (
    <span title={held}>
      <FillBar part={outbox.capacity_bytes === 0 ? 0 : outbox.bytes / outbox.capacity_bytes} label={words} />
    </span>
  );
}

function Count(props: { readonly label: string; readonly number: number | undefined; readonly tone: string }) {
  const isSome = props.number !== undefined && props.number > 0;
  return (
    <td class="right" data-label={props.label}>
      <span class={isSome ? `${props.tone}-text` : 'none'}>{formatNumber(props.number)}</span>
    </td>
  );
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}
