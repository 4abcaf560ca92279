/**
 * Which readings exactly are missing: a range known to the quarter hour, split by the times of the readings that are
 * there. Only when these tell as many missing ones as the range does; otherwise (a device that drifts) it stays whole.
 */
import type { MissingRange } from './device-days.ts';

export interface ExactRange extends MissingRange {
  /** From the first missing reading on, up to the next one that is there. */
  readonly isExact: boolean;
}

/** `times`: of the device's readings, in order, from two intervals before the range to two after it, epoch milliseconds. */
export function exactRanges(range: MissingRange, times: readonly number[], intervalMs: number): ExactRange[] {
  const found: ExactRange[] = [];
  const inside = times.filter((time) => time >= range.from && time < range.to);
  const before = times.findLast((time) => time < range.from);
  let reached = before ?? range.from - intervalMs;
  for (const time of [...inside, times.find((each) => each >= range.to) ?? range.to]) {
    const readings = Math.round((time - reached) / intervalMs) - 1;
    const from = Math.max(range.from, reached + intervalMs);
    if (readings > 0) found.push({ from, to: Math.max(Math.min(time, range.to), from + 1), readings, isExact: true });
    reached = time;
  }
  const readings = found.reduce((sum, each) => sum + each.readings, 0);
  if (readings === range.readings) return found;
  return [{ ...range, isExact: Math.abs(range.to - range.from - range.readings * intervalMs) < intervalMs }];
}
