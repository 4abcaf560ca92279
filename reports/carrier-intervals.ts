/**
 * What one carrier of a site used, stretch by stretch of a month: quarter hours, and days where only those are still
 * kept. Every figure of the report is made of these, so that days, lines of cost and totals add up to each other.
 */
import type { RollUp } from '../contract/roll-up.ts';
import { type Interval, intervalsOf, type MeterRows } from '../energy/analytics/interval.ts';
import type { Period } from '../energy/calendar.ts';
import { QUARTER_MS, scaleOf } from '../energy/counter-rules.ts';
import type { SiteMeter } from './site-meters.ts';

/** Rows of each series (`seriesOf`), in rising order of start. */
export type SeriesRows = ReadonlyMap<string, readonly RollUp[]>;

export function rowsBySeries(rows: readonly RollUp[]): SeriesRows {
  const bySeries = new Map<string, RollUp[]>();
  for (const row of rows) {
    const name = seriesOf(row);
    const list = bySeries.get(name);
    if (list === undefined) bySeries.set(name, [row]);
    else list.push(row);
  }
  for (const list of bySeries.values()) list.sort((one, other) => one.start - other.start);
  return bySeries;
}

export interface CarrierRows {
  /** Of one carrier of the site. */
  readonly meters: readonly SiteMeter[];
  /** At the site, of these meters and others. */
  readonly quarters: SeriesRows;
  readonly days: SeriesRows;
  readonly period: Period;
  readonly zone: string;
}

/** In order, without a hole. Amounts are whole counts of the meter, so that sums of them are exact. */
export function carrierIntervals({ meters, quarters, days, period, zone }: CarrierRows): Interval[] {
  const fine = intervalsOf(rowsOf(meters, quarters), { period, width: '15m', zone });
  const starts = new Set(meters.flatMap((meter) => (quarters.get(seriesOf(meter)) ?? []).map(({ start }) => start)));
  const bareDays = new Set(
    meters
      .flatMap((meter) => days.get(seriesOf(meter)) ?? [])
      .filter(({ start }) => !holdsAny(starts, start))
      .map(({ start }) => start),
  );
  const found = bareDays.size === 0 ? fine : withDays(fine, bareDays, { meters, days, period, zone });
  const scale = scaleOf(meters[0]?.metric ?? '');
  return found.map((interval) => inCounts(interval, scale));
}

/** The shortest day. */
const DAY_MS = 23 * 3_600_000;

function holdsAny(starts: ReadonlySet<number>, day: number): boolean {
  for (let start = day; start < day + DAY_MS; start += QUARTER_MS) if (starts.has(start)) return true;
  return false;
}

/** Whole days in place of the quarter hours that are no longer kept of them. */
function withDays(
  fine: readonly Interval[],
  bareDays: ReadonlySet<number>,
  { meters, days, period, zone }: Omit<CarrierRows, 'quarters'>,
): Interval[] {
  const coarse = intervalsOf(rowsOf(meters, days), { period, width: '1d', zone });
  const wholeDays = coarse.filter(({ start, end, value }) => bareDays.has(start) && value !== null && end <= period.to);
  const found: Interval[] = [];
  let place = 0;
  for (const day of wholeDays) {
    while (place < fine.length && (fine[place] as Interval).start < day.start) found.push(fine[place++] as Interval);
    while (place < fine.length && (fine[place] as Interval).start < day.end) place++;
    found.push(day);
  }
  return [...found, ...fine.slice(place)];
}

/** Sum of known amounts, exact to the count of the meter; null when nothing is known. */
export function sumOf(intervals: readonly Interval[], field: 'value' | 'interpolated' | 'estimated', metric: string) {
  const scale = scaleOf(metric);
  let counts = 0;
  let isKnown = false;
  for (const interval of intervals) {
    if (interval.value === null) continue;
    isKnown = true;
    counts += Math.round((interval[field] ?? 0) * scale);
  }
  return isKnown ? counts / scale : null;
}

function rowsOf(meters: readonly SiteMeter[], rows: SeriesRows): MeterRows[] {
  return meters.flatMap((meter) => {
    const ofMeter = rows.get(seriesOf(meter)) ?? [];
    return meter.stays.map(({ from, to }) => ({ rows: ofMeter, from, to }));
  });
}

export function seriesOf({ gateway, device, metric }: Pick<RollUp, 'gateway' | 'device' | 'metric'>): string {
  return `${gateway}/${device}/${metric}`;
}

function inCounts(interval: Interval, scale: number): Interval {
  const whole = (amount: number) => Math.round(amount * scale) / scale;
  const { value, interpolated, estimated } = interval;
  return {
    ...interval,
    value: value === null ? null : whole(value),
    interpolated: whole(interpolated),
    estimated: whole(estimated),
  };
}
