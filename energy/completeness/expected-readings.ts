/**
 * How many readings a device owes over a stretch. An interval counts in the stretch that it ends in: the fraction before
 * the first end and after the last one expects nothing, and the expectations of neighbouring stretches add up to that of
 * both, whatever the interval.
 */
import type { Period } from '../calendar.ts';

/** Since when, until when and how often a device is expected to speak. */
export interface Expectation {
  /** Milliseconds between readings; undefined when the register does not say. */
  readonly intervalMs: number | undefined;
  /** When it was placed, epoch milliseconds: intervals are counted from here. Absent: always, counted from 1970. */
  readonly from?: number | undefined;
  /** When it was retired or moved away, or the present. Absent: for ever. */
  readonly to?: number | undefined;
}

/** Whole intervals that end in (from, to]; undefined when the interval is not known. */
export function expectedReadings(stretch: Period, expectation: Expectation): number | undefined {
  const { intervalMs, from: origin = 0 } = expectation;
  if (intervalMs === undefined) return undefined;
  const from = Math.max(stretch.from, expectation.from ?? stretch.from);
  const to = Math.min(stretch.to, expectation.to ?? stretch.to);
  return from < to ? Math.floor((to - origin) / intervalMs) - Math.floor((from - origin) / intervalMs) : 0;
}
