/** The time of which nothing is known, in words: hours and when, never an amount. */
import type { Interval } from '../energy/analytics/interval.ts';
import { localDate, localIso, type Period } from '../energy/calendar.ts';
import { clipped } from '../energy/completeness/stretches.ts';

const HOUR_MS = 3_600_000;
/** More are counted, and shown in the days. */
const MOST_NAMED = 8;

export interface MissingTime {
  readonly hours: number;
  /** In order; whole days where only days are kept. */
  readonly ranges: readonly Period[];
  /** Empty when nothing is missing. */
  readonly words: string;
}

/** `due`: when something was to be known; absent: all of the period. */
export function missingTime(
  intervals: readonly Interval[],
  period: Period,
  zone: string,
  due: readonly Period[] = [period],
): MissingTime {
  const ranges: Period[] = [];
  let missingMs = 0;
  for (const { start, end, value, knownShare = 1 } of intervals) {
    const to = Math.min(end, period.to);
    const dueMs = clipped(due, { from: start, to }).reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
    const ms = value === null ? dueMs : dueMs - knownShare * (to - start);
    if (!(ms > 0)) continue;
    missingMs += ms;
    // Of a day that is known in part nobody knows where in it something is missing.
    const last = ranges.at(-1);
    if (last?.to === start) ranges[ranges.length - 1] = { from: last.from, to };
    else ranges.push({ from: start, to });
  }
  const hours = Math.round((100 * missingMs) / HOUR_MS) / 100;
  return { hours, ranges, words: ranges.length === 0 ? '' : wordsOf(hours, ranges, zone) };
}

/** `missing: 5.25 hours: 2026-10-03T10:00-04:00 to 2026-10-03T13:15-04:00, …`. */
function wordsOf(hours: number, ranges: readonly Period[], zone: string): string {
  const named = ranges.slice(0, MOST_NAMED).map((range) => rangeWords(range, zone));
  const more = ranges.length - named.length;
  const rest = more === 0 ? '' : ` and ${more} more ${more === 1 ? 'stretch' : 'stretches'}`;
  return `missing: ${hours} ${hours === 1 ? 'hour' : 'hours'} on ${named.join(', ')}${rest}`;
}

function rangeWords({ from, to }: Period, zone: string): string {
  const [first, last] = [localDate(from, zone), localDate(to - 1, zone)];
  const isWholeDays = localDate(from - 1, zone) !== first && localDate(to, zone) !== last;
  if (isWholeDays) return first === last ? first : `${first} to ${last}`;
  return `${localIso(from, zone)} to ${localIso(to, zone)}`;
}
