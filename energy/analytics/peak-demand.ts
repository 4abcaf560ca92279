/** Peak demand: the highest mean of a clock-aligned quarter hour, as utilities bill it (15-minute fixed blocks). */
import { type Period, periodsIn } from '../calendar.ts';
import { type Completeness, completenessOf, type Figure, given, MINIMUM, refused, tooIncomplete } from './figure.ts';
import { demandOf, type Interval, intervalsIn, isMeasured, requireQuarters } from './interval.ts';

export interface Peak {
  /** Unit per hour (kWh: kW). */
  readonly peak: number;
  /** Beginning of the quarter hour, epoch milliseconds; the earliest of several equal ones. */
  readonly at: number;
}

/** A quarter hour that is not measured may hide a higher one, so 90 % of the period must be. */
export function peakDemand(intervals: readonly Interval[], period: Period): Figure<Peak> {
  requireQuarters(intervals, 'Peak demand');
  const completeness = completenessOf(intervals, period);
  const reason = tooIncomplete(completeness, MINIMUM.peak);
  const peak = highest(intervals, period);
  return reason !== undefined || peak === undefined
    ? refused(reason ?? 'nothing-known', completeness)
    : given(peak, completeness);
}

/** Of each civil month that `period` consists of. */
export function monthlyPeaks(
  intervals: readonly Interval[],
  period: Period,
  zone: string,
): readonly (Period & { readonly peak: Figure<Peak> })[] {
  return periodsIn(period, 'month', zone).map((month) => ({ ...month, peak: peakDemand(intervals, month) }));
}

/** Load factor: mean over peak demand, 0 to 1. High means even use; null reason as for the peak. */
export function loadFactor(intervals: readonly Interval[], period: Period): Figure<number> {
  requireQuarters(intervals, 'The load factor');
  const completeness: Completeness = completenessOf(intervals, period);
  const reason = tooIncomplete(completeness, MINIMUM.loadFactor);
  if (reason !== undefined) return refused(reason, completeness);
  const demands = intervalsIn(intervals, period).filter(isMeasured).map(demandOf);
  const mean = demands.reduce((sum, demand) => sum + demand, 0) / demands.length;
  const peak = highest(intervals, period)?.peak ?? 0;
  return peak > 0 ? given(mean / peak, completeness) : refused('nothing-used', completeness);
}

/** The highest measured quarter hour, however little is known; undefined when nothing is. */
export function highest(intervals: readonly Interval[], period: Period): Peak | undefined {
  let found: Peak | undefined;
  for (const interval of intervalsIn(intervals, period)) {
    if (!isMeasured(interval)) continue;
    const peak = demandOf(interval);
    if (found === undefined || peak > found.peak) found = { peak, at: interval.start };
  }
  return found;
}
