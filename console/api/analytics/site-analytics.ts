/**
 * Start reading here. The figures of one site over a period, from its roll-ups: quarter hours of the period, days of the
 * year before, hours of the nearest station's temperature. What each figure means and needs is in docs/analytics.md.
 */
import { earlierPeriod } from '../../../energy/analytics/compare-periods.ts';
import { completenessOf, given, refused } from '../../../energy/analytics/figure.ts';
import { type Interval, intervalsIn } from '../../../energy/analytics/interval.ts';
import { dayFrom, localDate, type Period, startOfDay, startOfMonth } from '../../../energy/calendar.ts';
import { METRICS_OF, unitOf } from '../../../energy/carriers.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import type { Site } from '../../../register/model.ts';
import { ratchetReach } from '../../../reports/ratchet-reach.ts';
import { OWN_TABLES } from '../../../reports/reference-tables.ts';
import { Breather } from '../city/breather.ts';
import type { CityNow } from '../city/city-now.ts';
import type { CityView } from '../city/city-view.ts';
import { symbolOf } from '../city/figures.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { AnalyticsInput } from './analytics-input.ts';
import type { AnalyticsQuery } from './analytics-query.ts';
import { replyOf } from './figure-reply.ts';
import { COMPARED, comparisonReply, loadFigures, rangeReply } from './load-figures.ts';
import { costReply, emissionsReply, namedTariff } from './money-figures.ts';
import type { AnalyticsReply } from './replies-analytics.ts';
import { weatherFigures } from './weather-figures.ts';

const DAY_MS = 86_400_000;
/** Longer periods are compared by whole days. */
const MOST_DAYS_BY_QUARTERS = 62;
const BASELINE_DAYS = 365;

/** Throws StoreFailure. */
export async function siteAnalytics(
  { deps, view, city }: { deps: ConsoleDeps; view: CityView; city: CityNow },
  site: Site,
  { carrier, gwp }: Pick<AnalyticsQuery, 'carrier' | 'gwp'>,
  period: Period,
): Promise<AnalyticsReply> {
  const { zone } = site;
  const input = new AnalyticsInput(deps, view, city);
  const breather = new Breather();
  const metric = METRICS_OF[carrier].counter;
  const unit = unitOf(carrier);
  const demandUnit = METRICS_OF[carrier].rate === undefined ? `${unit}/h` : symbolOf(METRICS_OF[carrier].rate ?? '');

  const tables = deps.tables?.() ?? OWN_TABLES;
  const money = { site, city: deps.register.city?.(), carrier, tables };
  // From the beginning of the first month, whose peak is billed as a whole, and of those that its bill looks back at.
  const from = ratchetReach(startOfMonth(period.from, zone), tables, namedTariff(money), zone);
  const quarters = await input.intervals(site, carrier, { from, to: period.to }, '15m');
  const intervals = intervalsIn(quarters, period);
  const completeness = completenessOf(intervals, period);
  const amount = sumOf(intervals, metric);
  await breather.breathe();
  const load = loadFigures({ site, period, intervals, unit, demandUnit });
  await breather.breathe();

  const comparisons: AnalyticsReply['comparisons'] = [];
  const isLong = period.to - period.from > MOST_DAYS_BY_QUARTERS * DAY_MS;
  for (const comparison of COMPARED) {
    const compared = isLong ? wholeDays(period, zone) : period;
    const earlier = earlierPeriod(compared, comparison, zone);
    const range = { from: earlier.from, to: Math.min(earlier.to, compared.from) };
    const all = isLong
      ? await input.days(site, carrier, { from: earlier.from, to: compared.to })
      : [...(await input.intervals(site, carrier, range, '15m')), ...intervals];
    comparisons.push(comparisonReply(all, compared, comparison, zone));
    await breather.breathe();
  }

  const whole = wholeDays(period, zone);
  const baseline = { from: dayFrom(whole.from, -BASELINE_DAYS, zone), to: Math.max(whole.to, whole.from) };
  const station = input.station(site);
  const temperatures = station === undefined ? [] : await input.temperatures(station.station, baseline, zone);
  const days = station === undefined ? [] : await input.days(site, carrier, baseline);
  await breather.breathe();
  const weather = weatherFigures({
    station,
    isPlaced: site.latitude !== undefined && site.longitude !== undefined,
    temperatures,
    days,
    period: whole,
    zone,
    cools: carrier !== 'gas',
  });
  await breather.breathe();

  const year = Number(localDate(period.to - 1, zone).slice(0, 4));
  const value = completeness.known === 0 ? null : amount.value;
  return {
    site: site.id,
    site_name: site.name,
    zone,
    carrier,
    unit,
    demand_unit: demandUnit,
    ...rangeReply(period),
    meters: input.meters(site, carrier, period).map(({ gateway, device, name }) => ({ gateway, device, name })),
    amount: {
      ...replyOf(
        value === null ? refused('nothing-known', completeness) : given(value, completeness),
        unit,
        (sum) => sum,
      ),
      interpolated: amount.interpolated,
      estimated: amount.estimated,
    },
    ...load,
    comparisons,
    weather,
    cost: costReply({ ...money, intervals: quarters, period }),
    emissions: emissionsReply({ ...money, amount: value, completeness, year, gwp }),
  };
}

/** From the first midnight in the period to the last; empty when there is no whole day. */
function wholeDays({ from, to }: Period, zone: string): Period {
  const first = startOfDay(from, zone) === from ? from : dayFrom(from, 1, zone);
  return { from: first, to: Math.max(first, startOfDay(to, zone)) };
}

/** In whole counts, so that it is the sum of its days to the last digit. */
function sumOf(intervals: readonly Interval[], metric: string) {
  const scale = scaleOf(metric);
  let [counts, interpolated, estimated] = [0, 0, 0];
  for (const interval of intervals) {
    counts += Math.round((interval.value ?? 0) * scale);
    interpolated += Math.round(interval.interpolated * scale);
    estimated += Math.round(interval.estimated * scale);
  }
  return { value: counts / scale, interpolated: interpolated / scale, estimated: estimated / scale };
}
