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
  let last = times.findLast((time) => time < range.from);
  for (const next of [...inside, times.find((each) => each >= range.to)]) {
    const readings = missingBetween(last, next, range, intervalMs);
    const from = last === undefined ? (next ?? range.to) - readings * intervalMs : last + intervalMs;
    const begin = Math.max(range.from, Math.round(from));
    const to = Math.max(Math.min(next ?? range.to, range.to), begin + 1);
    if (readings > 0) found.push({ from: begin, to, readings, isExact: true });
    last = next;
  }
  const readings = found.reduce((sum, each) => sum + each.readings, 0);
  if (readings === range.readings) return found;
  return [{ ...range, isExact: Math.abs(range.to - range.from - range.readings * intervalMs) < intervalMs }];
}

/** Readings that were due between two that are there, or from the beginning of the range, or up to its end. */
function missingBetween(
  last: number | undefined,
  next: number | undefined,
  { from, to }: MissingRange,
  intervalMs: number,
): number {
  if (last !== undefined && next !== undefined) return Math.round((next - last) / intervalMs) - 1;
  if (last !== undefined) return Math.ceil((to - last) / intervalMs) - 1;
  if (next !== undefined) return Math.floor((next - from) / intervalMs);
  return Math.round((to - from) / intervalMs);
}
