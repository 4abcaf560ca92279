/**
 * Intervals: what was used in a stretch of time, as analytics read it from roll-ups. Missing is null, never 0.
 * Lists of intervals are in order of start, one for each stretch at most.
 */
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { type Period, periodsIn, startOfDay } from '../calendar.ts';
import { clipped, joined } from '../completeness/stretches.ts';
import { QUARTER_MS } from '../counter-rules.ts';

export interface Interval {
  /** Epoch milliseconds, inclusive. */
  readonly start: number;
  /** Epoch milliseconds, exclusive. */
  readonly end: number;
  /** In the unit of the carrier; null when it is not known. */
  readonly value: number | null;
  /** How much of the interval was measured, 0 to 1; of several meters, that of the least measured one. */
  readonly measuredShare: number;
  /**
   * Of days: how much of the time the amount is known of for certain, 0 to 1. A row does not tell how long the gaps were
   * that it was spread over, so that this is what was measured. Absent: all of it, if the amount is known.
   */
  readonly knownShare?: number | undefined;
  /** The part of `value` that is a known difference spread over a gap. */
  readonly interpolated: number;
  /** The part of `value` that a person put in by estimate. */
  readonly estimated: number;
}

/** What intervals are made of: rows of roll-ups, and figures of sites alike (contract/site-figures.ts). */
export type IntervalRow = Pick<RollUp, 'start' | 'coverage' | 'consumption' | 'interpolated' | 'estimated'>;

export interface MeterRows {
  /** Of one series at one site, in any order. */
  readonly rows: readonly IntervalRow[];
  /** −1 takes what this meter counted away: what was fed into the grid. 1 when absent. */
  readonly sign?: 1 | -1 | undefined;
  /** When the meter stood at the site, epoch milliseconds; outside of it nothing is expected of it. Absent: always. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
}

export interface Grid {
  readonly period: Period;
  readonly width: RollUpWidth;
  /** IANA zone of the site; needed where the rows are days. */
  readonly zone: string;
}

const WIDTH_MS = { '15m': QUARTER_MS, '1h': 4 * QUARTER_MS } as const;

/**
 * The intervals that begin in `period`, one for each quarter hour, hour or civil day, in order and without a hole: a row
 * that is not there is an interval that is not known. Several meters are added up; where one of those that stood there
 * is not known, the sum is not known.
 */
export function intervalsOf(meters: readonly MeterRows[], { period, width, zone }: Grid): Interval[] {
  const tables = meters.map((meter) => ({ ...meter, byStart: rowsByStart(meter.rows) }));
  return slotsOf(period, width, zone).map(({ from, to }) => {
    const standing = tables.filter((meter) => (meter.from ?? -Infinity) < to && from < (meter.to ?? Infinity));
    let [value, measuredShare, interpolated, estimated] = [0, 1, 0, 0];
    let isKnown = standing.length > 0;
    for (const { byStart, sign = 1 } of standing) {
      const rows = byStart.get(from) ?? [];
      let coverage = 0;
      let isMeterKnown = false;
      for (const row of rows) {
        coverage += row.coverage;
        if (row.consumption === null) continue;
        isMeterKnown = true;
        value += sign * row.consumption;
        interpolated += row.interpolated ?? 0;
        estimated += row.estimated ?? 0;
      }
      isKnown &&= isMeterKnown;
      measuredShare = Math.min(measuredShare, coverage / 100);
    }
    if (!isKnown) return { start: from, end: to, value: null, measuredShare: 0, interpolated: 0, estimated: 0 };
    const interval = { start: from, end: to, value, measuredShare, interpolated, estimated };
    if (width !== '1d') return interval;
    // The row of a day says how much was measured of the time that its meter stood there.
    const share = Math.min(measuredShare, standingShare(standing, { from, to }));
    return { ...interval, measuredShare: share, knownShare: share };
  });
}

/** How much of a stretch at least one of the meters stood there. */
function standingShare(meters: readonly MeterRows[], stretch: Period): number {
  const stays = meters.map(({ from = -Infinity, to = Infinity }) => ({ from, to }));
  const stoodMs = clipped(joined(stays), stretch).reduce((sum, { from, to }) => sum + to - from, 0);
  return stoodMs / (stretch.to - stretch.from);
}

function rowsByStart(rows: readonly IntervalRow[]): Map<number, IntervalRow[]> {
  const byStart = new Map<number, IntervalRow[]>();
  for (const row of rows) {
    const known = byStart.get(row.start);
    if (known === undefined) byStart.set(row.start, [row]);
    else known.push(row);
  }
  return byStart;
}

function slotsOf(period: Period, width: RollUpWidth, zone: string): Period[] {
  if (width === '1d') {
    // A day belongs to the period in which it begins.
    const days = periodsIn({ from: startOfDay(period.from, zone), to: period.to }, 'day', zone);
    const last = days.at(-1);
    if (last !== undefined)
      days[days.length - 1] = { from: last.from, to: startOfDay(last.from + 36 * 3_600_000, zone) };
    return days.filter(({ from }) => from >= period.from);
  }
  const stepMs = WIDTH_MS[width];
  const slots: Period[] = [];
  for (let from = Math.ceil(period.from / stepMs) * stepMs; from < period.to; from += stepMs) {
    slots.push({ from, to: from + stepMs });
  }
  return slots;
}

/**
 * `days` with those of which something is not known in parts: `parts` are intervals of the same stretch, as far as they
 * are kept. What is not there in parts stays as its day.
 */
export function withParts(days: readonly Interval[], parts: readonly Interval[]): Interval[] {
  return days.flatMap((day) => {
    if (isWhollyKnown(day)) return [day];
    const ofDay = intervalsIn(parts, { from: day.start, to: day.end });
    return ofDay.some(({ value }) => value !== null) ? ofDay : [day];
  });
}

export function isWhollyKnown({ value, knownShare = 1 }: Interval): boolean {
  return value !== null && knownShare >= 1;
}

/** Of intervals in order of start, the ones that begin in [from, to). */
export function intervalsIn(intervals: readonly Interval[], { from, to }: Period): readonly Interval[] {
  return intervals.slice(firstFrom(intervals, from), firstFrom(intervals, to));
}

function firstFrom(intervals: readonly Interval[], time: number): number {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).start < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Whether an interval shows when something was used. One that lies in a gap has an amount, but not its shape: spread
 * evenly, it would hide peaks and fill valleys. At least half of it must have been measured, and at most half estimated.
 */
export function isMeasured(interval: Interval): interval is Interval & { readonly value: number } {
  const { value, measuredShare, interpolated, estimated } = interval;
  return value !== null && measuredShare >= 0.5 && interpolated + estimated <= Math.abs(value) / 2;
}

/** Mean demand of an interval in the unit per hour: kWh give kW. */
export function demandOf({ start, end, value }: Interval & { readonly value: number }): number {
  return (value * 3_600_000) / (end - start);
}

/** Throws a RangeError unless every interval is a quarter hour of the clock, of which demand is made. */
export function requireQuarters(intervals: readonly Interval[], figure: string): void {
  const other = intervals.find(({ start, end }) => end - start !== QUARTER_MS || start % QUARTER_MS !== 0);
  if (other === undefined) return;
  const minutes = (other.end - other.start) / 60_000;
  throw new RangeError(
    `${figure} is made of clock-aligned quarter hours, but an interval at ${new Date(other.start).toISOString()} is ` +
      `${minutes} minutes long. Hand over roll-ups of 15m.`,
  );
}
