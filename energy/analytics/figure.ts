/** A figure is a value with its completeness, or a refusal with its reason. None is given on less than its minimum. */
import type { Period } from '../calendar.ts';
import { type Interval, intervalsIn, isMeasured } from './interval.ts';

export interface Completeness {
  /** Share of the time asked for of which the amount is known, 0 to 1. */
  readonly known: number;
  /** Share of the time asked for that was measured, 0 to 1: without what was spread over gaps or estimated. */
  readonly measured: number;
  /** Of the known amount, in its unit: spread over gaps, and estimated by a person. */
  readonly interpolated: number;
  readonly estimated: number;
}

/** Why a figure is not given, and what would help. */
export const REFUSALS = {
  'nothing-known': 'Nothing is known of the period. Choose another, or look at the meter and its gateway.',
  'too-incomplete': 'Too little of the period is known. Look at completeness for what is missing and why.',
  'too-few-days': 'Too few whole days are known. Choose a longer period, or wait until there are enough.',
  'nothing-used': 'Nothing was used in the period, so there is no share of it.',
  'no-schedule': 'The site has no schedule. Give its hours of use in the register.',
  'fit-too-poor': 'Weather explains the use too poorly to be taken out of it. Compare the plain figures instead.',
  'no-tariff': 'No tariff is valid in a part of the period. Add one, or extend valid_to of the one that is.',
  'needs-quarter-hours': 'The tariff tells hours apart or bills demand, so it needs roll-ups of 15m.',
} as const;
export type Refusal = keyof typeof REFUSALS;

export type Figure<T> =
  | { readonly value: T; readonly reason: null; readonly completeness: Completeness }
  | { readonly value: null; readonly reason: Refusal; readonly completeness: Completeness };

/** Least shares of the time asked for, 0 to 1. What each figure needs, and why, is in docs/analytics.md. */
export const MINIMUM = {
  /** Of a day's quarter hours measured, so that the day counts. */
  day: 0.9,
  /** Of the days of a period that count. */
  days: 0.5,
  peak: 0.9,
  loadFactor: 0.9,
  afterHours: 0.9,
  profile: 0.5,
  /** Of the pairs of days of a comparison that are known on both sides. */
  pairs: 0.8,
  cost: 0.95,
} as const;

export function given<T>(value: T, completeness: Completeness): Figure<T> {
  return { value, reason: null, completeness };
}

export function refused(reason: Refusal, completeness: Completeness): Figure<never> {
  return { value: null, reason, completeness };
}

/** Of the intervals that begin in `period`; what has no interval is not known. */
export function completenessOf(intervals: readonly Interval[], period: Period): Completeness {
  const wholeMs = period.to - period.from;
  let [knownMs, measuredMs, interpolated, estimated] = [0, 0, 0, 0];
  for (const interval of intervalsIn(intervals, period)) {
    if (interval.value === null) continue;
    // The last one may reach beyond the period: what lies beyond was not asked for.
    const lengthMs = Math.min(interval.end, period.to) - interval.start;
    knownMs += lengthMs * (interval.knownShare ?? 1);
    if (isMeasured(interval)) measuredMs += lengthMs;
    interpolated += interval.interpolated;
    estimated += interval.estimated;
  }
  if (wholeMs <= 0) return { known: 0, measured: 0, interpolated, estimated };
  return { known: knownMs / wholeMs, measured: measuredMs / wholeMs, interpolated, estimated };
}

/** The refusal of a figure that needs `minimum` of the period measured, or undefined when it can be given. */
export function tooIncomplete(completeness: Completeness, minimum: number): Refusal | undefined {
  if (completeness.measured === 0) return 'nothing-known';
  return completeness.measured < minimum ? 'too-incomplete' : undefined;
}
