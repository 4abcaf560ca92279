/**
 * Comparison with the same weekdays of last week (7 days before) or last year (364 days before: 52 weeks). Days are
 * compared in pairs, and only pairs of which both days are known: a day without data must not look like a saving.
 */
import { DateTime } from 'luxon';
import { type Period, periodsIn } from '../calendar.ts';
import { type Completeness, completenessOf, type Figure, given, MINIMUM, refused } from './figure.ts';
import { type Interval, intervalsIn } from './interval.ts';

export const COMPARISONS = { 'last-week': 7, 'last-year': 364 } as const;
export type ComparisonWith = keyof typeof COMPARISONS;

export interface Comparison {
  /** Used in the pairs of days that were compared, in the unit of the carrier. */
  readonly amount: number;
  readonly earlierAmount: number;
  readonly change: number;
  /** `change` in percent of `earlierAmount`; null when nothing was used then. */
  readonly changePercent: number | null;
  readonly daysCompared: number;
  readonly daysAsked: number;
}

export interface PeriodComparison {
  readonly figure: Figure<Comparison>;
  /** What it is compared with. */
  readonly earlier: Period;
  readonly completenessEarlier: Completeness;
}

/** The same stretch by the clock on the wall, 7 or 364 days before. */
export function earlierPeriod({ from, to }: Period, comparison: ComparisonWith, zone: string): Period {
  const days = COMPARISONS[comparison];
  const before = (time: number) => DateTime.fromMillis(time, { zone }).minus({ days }).toMillis();
  return { from: before(from), to: before(to) };
}

/**
 * `intervals` hold both periods, of any width up to a day. A day counts as known when 90 % of its amount is; four in
 * five pairs must be. The figure's completeness is that of `period`.
 */
export function comparePeriods(
  intervals: readonly Interval[],
  period: Period,
  comparison: ComparisonWith,
  zone: string,
): PeriodComparison {
  const earlier = earlierPeriod(period, comparison, zone);
  const completeness = completenessOf(intervals, period);
  const completenessEarlier = completenessOf(intervals, earlier);
  const days = periodsIn(period, 'day', zone);
  let [amount, earlierAmount, daysCompared] = [0, 0, 0];
  for (const day of days) {
    const sum = knownSum(intervals, day);
    const earlierSum = knownSum(intervals, earlierPeriod(day, comparison, zone));
    if (sum === null || earlierSum === null) continue;
    amount += sum;
    earlierAmount += earlierSum;
    daysCompared++;
  }
  const figure = (): Figure<Comparison> => {
    if (completeness.known === 0 || completenessEarlier.known === 0) return refused('nothing-known', completeness);
    if (daysCompared === 0 || daysCompared < MINIMUM.pairs * days.length) return refused('too-few-days', completeness);
    const change = amount - earlierAmount;
    const changePercent = earlierAmount > 0 ? (100 * change) / earlierAmount : null;
    return given({ amount, earlierAmount, change, changePercent, daysCompared, daysAsked: days.length }, completeness);
  };
  return { figure: figure(), earlier, completenessEarlier };
}

/** Sum of a day, or null when less than 90 % of its time is known. */
function knownSum(intervals: readonly Interval[], day: Period): number | null {
  if (completenessOf(intervals, day).known < MINIMUM.day) return null;
  return intervalsIn(intervals, day).reduce((sum, { value }) => sum + (value ?? 0), 0);
}
