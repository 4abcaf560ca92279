/** The load curve: one meter over an hour up to a month, with the week before behind it. */
import { useMemo } from 'preact/hooks';
import { RangeButtons } from '../chart/range-buttons.tsx';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import type { MeterRow, SiteDetailReply } from '../city/replies.ts';
import type { City } from '../city.ts';
import { labelOf, unitOf } from '../formatters.ts';
import { setQuery } from '../router.ts';
import { closedHours } from './closed-hours.ts';

/** On longer charts the stripes say less than they hide. */
const LONGEST_SHADED_MS = 7 * 86_400_000;

export function SiteLoad(props: {
  readonly city: City;
  readonly site: SiteDetailReply;
  readonly query: URLSearchParams;
}) {
  const { city, site, query } = props;
  const meters = site.meters.filter((meter) => meter.power !== null);
  const asked = query.get('load');
  const meter = meters.find((one) => keyOf(one) === asked) ?? meters.find(isMain) ?? meters[0];
  const range = rangeOf(query.get('range'), '24h');
  const isCompared = query.get('compare') !== 'no';
  const metric = meter?.power?.metric ?? 'active_power_kw';
  const device = meter === undefined ? undefined : keyOf(meter);
  const wanted = useMemo(
    () =>
      device === undefined
        ? undefined
        : { label: meter?.name ?? device, metric, devices: [device], range, zone: site.zone, isCompared },
    [device, metric, range, site.zone, isCompared, meter?.name],
  );
  const found = useSeries(wanted);
  const { schedule, zone } = site;
  const shades = useMemo(
    () =>
      schedule === null || range.ms > LONGEST_SHADED_MS
        ? undefined
        : {
            label: `closed (open ${schedule.open} to ${schedule.close})`,
            spans: closedHours(schedule, zone, found.from, found.to),
          },
    [schedule?.open, schedule?.close, zone, range, found.from, found.to],
  );
  if (meter === undefined) return null;
  return (
    <section class="card" id="load" aria-labelledby="load-title">
      <div class="card-head">
        <h2 id="load-title">Load curve</h2>
        <div class="choices">
          {meters.length < 2 ? null : (
            <label>
              <span>Meter</span>
              <select value={device} onChange={(event) => setQuery('load', event.currentTarget.value)}>
                {meters.map((one) => (
                  <option key={keyOf(one)} value={keyOf(one)}>
                    {one.name} ({unitOf(one.power?.metric ?? '')})
                  </option>
                ))}
              </select>
            </label>
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={isCompared}
              onChange={(event) => setQuery('compare', event.currentTarget.checked ? undefined : 'no')}
            />
            <span>Week before</span>
          </label>
          <RangeButtons name="load-range" chosen={range.id} onChoose={(id) => setQuery('range', id)} />
        </div>
      </div>
      <TimeChart
        title={`${site.name}: ${labelOf(metric).toLowerCase()}, ${meter.name}, ${range.words}`}
        unit={unitOf(metric)}
        decimals={2}
        zone={site.zone}
        from={found.from}
        to={found.to}
        lines={found.lines}
        {...(shades === undefined ? {} : { shades })}
        height={300}
        isLoading={found.isLoading}
        fault={found.fault}
        onAgain={found.again}
        empty={
          city.isHistoryLoading
            ? 'The past is being loaded; the curve appears as it comes.'
            : `${meter.name} has reported nothing in the ${range.words}. Choose a longer range.`
        }
      />
    </section>
  );
}

function keyOf({ gateway, device }: MeterRow): string {
  return `${gateway}/${device}`;
}

function isMain({ device, carrier }: MeterRow): boolean {
  return device.startsWith('main') || carrier === 'electricity';
}
