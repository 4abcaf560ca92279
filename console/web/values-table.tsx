/** The newest value of every series, as it changes. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { City, CityValue } from './city.ts';
import {
  formatAge,
  formatFull,
  formatNumber,
  formatTime,
  formatValue,
  labelOf,
  plural,
  unitOf,
  zoneName,
} from './formatters.ts';

const PAGE = 50;
/** A value older than this is drawn as old. */
const OLD_S = 900;

export function ValuesTable({ city }: { readonly city: City }) {
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState(PAGE);
  const keys = useMemo(() => matchingKeys(city, filter), [city, filter, city.shape]);
  const rows = keys.slice(0, shown).flatMap((key) => city.valueByKey.get(key) ?? []);
  const total = city.valueByKey.size;
  return (
    <section class="card" aria-labelledby="values-title">
      <div class="card-head">
        <h2 id="values-title">Newest values</h2>
        <label class="filter">
          <span class="visually-hidden">Filter by site, device or metric</span>
          <input
            type="search"
            placeholder="Filter by site, device, metric…"
            value={filter}
            onInput={(event) => {
              setFilter(event.currentTarget.value);
              setShown(PAGE);
            }}
          />
        </label>
        <p class="count" role="status">
          {filter.trim() === ''
            ? plural(total, 'series', 'series')
            : `${formatNumber(keys.length)} of ${plural(total, 'series', 'series')}`}
        </p>
      </div>
      {city.valuesFault === '' ? null : (
        <p class="inline-fault" role="alert">
          {city.valuesFault}
        </p>
      )}
      {rows.length === 0 ? (
        <Nothing city={city} filter={filter} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        <section class="scroll" tabIndex={0} aria-label="Table of the newest values">
          <table class="values">
            <thead>
              <tr>
                <th scope="col">Site</th>
                <th scope="col">Device</th>
                <th scope="col">Metric</th>
                <th scope="col" class="right">
                  Value
                </th>
                <th scope="col" class="right">
                  Time ({zoneName(city.now())})
                </th>
                <th scope="col" class="right">
                  Age
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <ValueRow key={row.key} row={row} site={city.siteName(row.site)} now={city.now()} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {keys.length > shown ? (
        <div class="more">
          <span>
            {formatNumber(shown)} of {formatNumber(keys.length)} shown
          </span>
          <button type="button" onClick={() => setShown(shown + 4 * PAGE)}>
            Show more
          </button>
        </div>
      ) : null}
      {city.skipped > 0 ? (
        <p class="hint">More arrives than this table can show: the values are a sample. Reload the page for all.</p>
      ) : null}
      {city.valuesLeftOut > 0 ? <p class="hint">This page keeps 50,000 series; the others are in the API.</p> : null}
    </section>
  );
}

function ValueRow(props: { readonly row: CityValue; readonly site: string | undefined; readonly now: number }) {
  const { row, now } = props;
  const age = (now - row.time) / 1_000;
  const cell = useRef<HTMLTableCellElement>(null);
  useEffect(() => {
    if (row.seenAt === 0) return;
    // Restarted by hand: a class that is already there starts no animation.
    for (const animation of cell.current?.getAnimations() ?? []) animation.currentTime = 0;
  }, [row.seenAt]);
  return (
    <tr class={age > OLD_S ? 'old' : ''}>
      <td class="site">{props.site ?? 'no site'}</td>
      <td class="device">
        {row.device}
        <span class="under">{row.gateway}</span>
      </td>
      <td class="metric">{labelOf(row.metric)}</td>
      <td ref={cell} class={row.seenAt > 0 ? 'value right fresh' : 'value right'}>
        {formatValue(row.metric, row.value)} <span class="unit">{unitOf(row.metric)}</span>
      </td>
      <td class="time right" title={formatFull(row.time)}>
        {formatTime(row.time, now)}
      </td>
      <td class="age right">{age < -1 ? 'ahead' : formatAge(age)}</td>
    </tr>
  );
}

function Nothing({ city, filter }: { readonly city: City; readonly filter: string }) {
  if (city.valueByKey.size > 0) {
    return (
      <p class="empty">
        No series matches “{filter.trim()}”. Try part of a site, a device or a metric, such as <em>meter</em>.
      </p>
    );
  }
  if (!city.valuesLoaded && city.valuesFault === '')
    return <p class="empty loading-words">Reading the newest values…</p>;
  return (
    <p class="empty">
      No readings yet. Put a gateway into service with <code>lamplighter gateway add</code>; its values appear here
      within seconds.
    </p>
  );
}

/** Keys of the series that have every word of the filter in them, in order of site, gateway, device and metric. */
function matchingKeys(city: City, filter: string): string[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found: { key: string; order: string }[] = [];
  for (const row of city.valueByKey.values()) {
    const text =
      `${row.site ?? ''} ${city.siteName(row.site) ?? ''} ${row.gateway} ${row.device} ${row.metric} ${labelOf(row.metric)}`.toLowerCase();
    if (words.every((word) => text.includes(word))) {
      found.push({ key: row.key, order: `${city.siteName(row.site) ?? '\uffff'}\u0000${row.key}` });
    }
  }
  return found.sort((one, other) => (one.order < other.order ? -1 : 1)).map(({ key }) => key);
}
