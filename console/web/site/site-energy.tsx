/** What a site used in days or months, by carrier, with how much of the data was there, and what happened to the meters. */
import { BarChart } from '../chart/bar-chart.tsx';
import { useMoment } from '../chart/use-series.ts';
import type { EnergyReply, SiteDetailReply } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatNumber } from '../formatters.ts';
import { setQuery } from '../router.ts';
import { useAsked } from '../use-asked.ts';
import { zonedDayMinute } from '../zoned-time.ts';
import { MeterEvents } from './meter-events.tsx';
import { SITE_SPANS, type SiteSpan, spanFrom } from './site-spans.ts';

const CARRIERS: Readonly<Record<string, string>> = {
  electricity: 'Electricity',
  export: 'Exported',
  solar: 'Solar',
  gas: 'Gas',
  water: 'Water',
  heat: 'Heat',
  lighting: 'Lighting',
};
const NONE: never[] = [];

/** Those that the site counts, of the ones that are shown. */
export function carriersOf(site: SiteDetailReply): readonly string[] {
  return [...new Set(site.meters.map((meter) => meter.carrier))].filter((one) => one in CARRIERS);
}

/** The one that is asked for, or that of the meter that a problem points to. */
export function carrierOf(site: SiteDetailReply, query: URLSearchParams): string {
  const carriers = carriersOf(site);
  const pointed = site.meters.find((meter) => `${meter.gateway}/${meter.device}` === query.get('meter'))?.carrier;
  const wanted = query.get('carrier') ?? pointed ?? '';
  return carriers.find((one) => one === wanted) ?? carriers[0] ?? 'electricity';
}

export function SiteEnergy(props: {
  readonly city: City;
  readonly site: SiteDetailReply;
  readonly carrier: string;
  readonly span: SiteSpan;
}) {
  const { city, site, carrier, span } = props;
  const carriers = carriersOf(site);
  const now = useMoment(60_000);
  const from = spanFrom(span, now, site.zone);
  const { every } = span;
  const path = `/api/energy?${new URLSearchParams({ site: site.id, carrier, from: String(from), to: 'now', every })}`;
  const asked = useAsked<EnergyReply>(path, {
    everyMs: city.isHistoryLoading ? 10_000 : 60_000,
    // At midnight the days move on: the ones before stay until the new ones are there.
    key: `${site.id} ${carrier} ${span.id}`,
  });
  const reply = asked.reply;
  const unit = reply?.unit ?? 'kWh';
  return (
    <section class="card" id="energy" aria-labelledby="energy-title">
      <div class="card-head">
        <h2 id="energy-title">Consumption a {every}</h2>
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
            <legend class="visually-hidden">How far back</legend>
            {SITE_SPANS.map((one) => (
              <label key={one.id} class={one.id === span.id ? 'segment chosen' : 'segment'} title={one.words}>
                <input
                  type="radio"
                  class="visually-hidden"
                  name="days"
                  checked={one.id === span.id}
                  onChange={() => setQuery('days', one.id)}
                />
                {one.label}
              </label>
            ))}
          </fieldset>
        </div>
      </div>
      <BarChart
        title={`${site.name}: ${(CARRIERS[carrier] ?? carrier).toLowerCase()} a ${every}, ${span.words}`}
        unit={unit}
        demandUnit={reply?.demand_unit ?? 'kW'}
        decimals={unit === 'kWh' ? 0 : 1}
        zone={site.zone}
        every={every}
        rows={reply?.rows ?? NONE}
        isLoading={asked.isLoading}
        fault={asked.fault}
        onAgain={asked.again}
        empty={
          city.isHistoryLoading
            ? 'The past is being loaded; the bars appear day by day.'
            : 'Nothing was metered in this time.'
        }
      />
      {reply === undefined || reply.rows.length === 0 ? null : (
        <>
          <p class="hint">
            {formatNumber(reply.total, unit === 'kWh' ? 0 : 1)} {unit} in all, {formatNumber(reply.coverage_percent, 1)}{' '}
            % of the time measured
            {reply.peak === null || reply.peak_at_ms === null
              ? ''
              : `; highest quarter hour ${formatNumber(reply.peak, 1)} ${reply.demand_unit}, ${zonedDayMinute(reply.peak_at_ms, site.zone)}`}
            . Sums of differences of the counters; what is missing is left out, never guessed.
          </p>
          <MeterEvents reply={reply} />
        </>
      )}
    </section>
  );
}
