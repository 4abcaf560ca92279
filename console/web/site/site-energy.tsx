/** What a site used a day, by carrier, with how much of the data was there; resets and gaps in words. */
import { useMemo } from 'preact/hooks';
import { BarChart } from '../chart/bar-chart.tsx';
import { useMoment } from '../chart/use-series.ts';
import type { EnergyReply, SiteDetailReply } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatNumber } from '../formatters.ts';
import { setQuery } from '../router.ts';
import { useAsked } from '../use-asked.ts';
import { daysEarlier, midnightBefore, zonedDayMinute } from '../zoned-time.ts';

const CARRIERS: Readonly<Record<string, string>> = {
  electricity: 'Electricity',
  export: 'Exported',
  solar: 'Solar',
  gas: 'Gas',
  water: 'Water',
  heat: 'Heat',
  lighting: 'Lighting',
};
const DAYS = ['14', '30'] as const;
const NONE: never[] = [];

export function SiteEnergy(props: {
  readonly city: City;
  readonly site: SiteDetailReply;
  readonly query: URLSearchParams;
}) {
  const { city, site, query } = props;
  const carriers = useMemo(
    () => [...new Set(site.meters.map((meter) => meter.carrier))].filter((one) => one in CARRIERS),
    [site.meters],
  );
  const pointed = site.meters.find((meter) => `${meter.gateway}/${meter.device}` === query.get('meter'))?.carrier;
  const wanted = query.get('carrier') ?? pointed ?? '';
  const carrier = carriers.find((one) => one === wanted) ?? carriers[0] ?? 'electricity';
  const days = query.get('days') === '30' ? 30 : 14;
  const now = useMoment(60_000);
  const from = daysEarlier(midnightBefore(now, site.zone), days - 1, site.zone);
  const path = `/api/energy?${new URLSearchParams({ site: site.id, carrier, from: String(from), to: 'now', every: 'day' })}`;
  const asked = useAsked<EnergyReply>(path, { everyMs: city.isHistoryLoading ? 10_000 : 60_000 });
  const reply = asked.reply;
  const unit = reply?.unit ?? 'kWh';
  return (
    <section class="card" id="energy" aria-labelledby="energy-title">
      <div class="card-head">
        <h2 id="energy-title">Consumption a day</h2>
        <div class="choices">
          {carriers.length < 2 ? null : (
            <label>
              <span>Carrier</span>
              <select value={carrier} onChange={(event) => setQuery('carrier', event.currentTarget.value)}>
                {carriers.map((one) => (
                  <option key={one} value={one}>
                    {CARRIERS[one]}
                  </option>
                ))}
              </select>
            </label>
          )}
          <fieldset class="segments">
            <legend class="visually-hidden">Days</legend>
            {DAYS.map((one) => (
              <label key={one} class={Number(one) === days ? 'segment chosen' : 'segment'}>
                <input
                  type="radio"
                  class="visually-hidden"
                  name="days"
                  checked={Number(one) === days}
                  onChange={() => setQuery('days', one)}
                />
                {one} d
              </label>
            ))}
          </fieldset>
        </div>
      </div>
      <BarChart
        title={`${site.name}: ${(CARRIERS[carrier] ?? carrier).toLowerCase()} a day, last ${days} days`}
        unit={unit}
        decimals={unit === 'kWh' ? 0 : 1}
        zone={site.zone}
        rows={reply?.rows ?? NONE}
        isLoading={asked.isLoading}
        fault={asked.fault}
        onAgain={asked.again}
        empty={
          city.isHistoryLoading
            ? 'The past is being loaded; the bars appear day by day.'
            : 'Nothing was metered in these days.'
        }
      />
      {reply === undefined || reply.rows.length === 0 ? null : (
        <p class="hint">
          {formatNumber(reply.total, unit === 'kWh' ? 0 : 1)} {unit} in all, from {formatNumber(reply.coverage_percent)}{' '}
          % of the data. Sums of differences of the counters; what is missing is left out, never guessed.
        </p>
      )}
      {reply === undefined || reply.events.length === 0 ? null : (
        <div class="events">
          <h3>What happened to the meters</h3>
          <ul>
            {reply.events.map((event) => (
              <li key={`${event.device} ${event.at} ${event.kind}`} data-event={event.kind}>
                <span class="badge warn">{event.kind}</span>
                <span>
                  {event.words}
                  <span class="note"> {zonedDayMinute(event.at_ms ?? Date.parse(event.at), site.zone)}</span>
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
