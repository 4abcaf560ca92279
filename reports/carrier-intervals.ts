/**
 * What one carrier of a site used, stretch by stretch of a month: quarter hours, and days where only those are still
 * kept. Every figure of the report is made of these, so that days, lines of cost and totals add up to each other.
 */
import type { RollUp } from '../contract/roll-up.ts';
import { type Interval, type IntervalRow, intervalsOf, type MeterRows } from '../energy/analytics/interval.ts';
import { type Period, periodsIn } from '../energy/calendar.ts';
import { scaleOf } from '../energy/counter-rules.ts';
import type { SiteMeter } from './site-meters.ts';

export interface CarrierRows {
  /** Of one carrier of the site. */
  readonly meters: readonly SiteMeter[];
  /** Rows at the site, of any carrier. */
  readonly quarters: readonly RollUp[];
  readonly days: readonly RollUp[];
  readonly period: Period;
  readonly zone: string;
}

/** In order, without a hole. Amounts are whole counts of the meter, so that sums of them are exact. */
export function carrierIntervals({ meters, quarters, days, period, zone }: CarrierRows): Interval[] {
  const fine = intervalsOf(rowsOf(meters, quarters), { period, width: '15m', zone });
  const coarse = intervalsOf(rowsOf(meters, days), { period, width: '1d', zone });
  const dayFrom = new Map(coarse.map((interval) => [interval.start, interval]));
  const starts = new Set(ofMeters(meters, quarters).map(({ start }) => start));
  const counted: Interval[] = [];
  let place = 0;
  for (const day of periodsIn(period, 'day', zone)) {
    const first = place;
    while (place < fine.length && (fine[place] as Interval).start < day.to) place++;
    const ofDay = fine.slice(first, place);
    const whole = dayFrom.get(day.from);
    const isKeptAsDay = whole !== undefined && whole.value !== null && whole.end === day.to;
    if (isKeptAsDay && !ofDay.some(({ start }) => starts.has(start))) counted.push(whole);
    else counted.push(...ofDay);
  }
  const scale = scaleOf(meters[0]?.metric ?? '');
  return counted.map((interval) => inCounts(interval, scale));
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

function rowsOf(meters: readonly SiteMeter[], rows: readonly RollUp[]): MeterRows[] {
  const bySeries = new Map<string, IntervalRow[]>();
  for (const row of ofMeters(meters, rows)) {
    const name = seriesOf(row);
    const list = bySeries.get(name);
    if (list === undefined) bySeries.set(name, [row]);
    else list.push(row);
  }
  return meters.flatMap((meter) => {
    const ofMeter = bySeries.get(seriesOf(meter)) ?? [];
    return meter.stays.map(({ from, to }) => ({ rows: ofMeter, from, to }));
  });
}

function ofMeters(meters: readonly SiteMeter[], rows: readonly RollUp[]): RollUp[] {
  const names = new Set(meters.map(seriesOf));
  return rows.filter((row) => names.has(seriesOf(row)));
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
