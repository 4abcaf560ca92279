/** Weekday × hour profile: what a site takes at each hour of the week, by the clock on its wall. */
import type { Period } from '../calendar.ts';
import { completenessOf, type Figure, given, MINIMUM, refused, tooIncomplete } from './figure.ts';
import { type Interval, intervalsIn, isMeasured } from './interval.ts';
import { localClock } from './local-clock.ts';

export interface ProfileCell {
  /** Mean demand, unit per hour (kWh: kW); null when no interval of that hour was measured. */
  readonly mean: number | null;
  /** Measured intervals that it is made of. */
  readonly count: number;
}

/** Seven rows from Sunday to Saturday, each of 24 hours. */
export type WeeklyProfile = readonly (readonly ProfileCell[])[];

/**
 * Intervals of an hour or shorter; each counts for the shown hour that it begins in, by its length. The hour that is
 * skipped in March has no count of that day, the one that is repeated in November counts twice. Half of the period must
 * be measured; an hour of the week of which nothing is known is null.
 */
export function weeklyProfile(intervals: readonly Interval[], period: Period, zone: string): Figure<WeeklyProfile> {
  const completeness = completenessOf(intervals, period);
  const reason = tooIncomplete(completeness, MINIMUM.profile);
  if (reason !== undefined) return refused(reason, completeness);
  const amounts = new Float64Array(168);
  const lengthsMs = new Float64Array(168);
  const counts = new Uint32Array(168);
  const clock = localClock(zone);
  for (const interval of intervalsIn(intervals, period)) {
    const lengthMs = interval.end - interval.start;
    if (lengthMs > 3_600_000) {
      throw new RangeError('A profile of hours needs intervals of an hour or less. Hand over roll-ups of 15m or 1h.');
    }
    if (!isMeasured(interval)) continue;
    const { weekday, minutes } = clock(interval.start);
    const cell = weekday * 24 + Math.floor(minutes / 60);
    amounts[cell] = (amounts[cell] as number) + interval.value;
    lengthsMs[cell] = (lengthsMs[cell] as number) + lengthMs;
    counts[cell] = (counts[cell] as number) + 1;
  }
  const cells = Array.from(counts, (count, cell) => ({
    mean: count === 0 ? null : ((amounts[cell] as number) * 3_600_000) / (lengthsMs[cell] as number),
    count,
  }));
  return given(
    Array.from({ length: 7 }, (_, weekday) => cells.slice(weekday * 24, weekday * 24 + 24)),
    completeness,
  );
}
