/** How far back a chart looks, and how finely: as stored for hours, in buckets for days. */
import { daysEarlier } from '../zoned-time.ts';

export interface ChartRange {
  readonly id: string;
  readonly label: string;
  readonly words: string;
  readonly ms: number;
  /** Undefined: every stored value. */
  readonly everyMs: number | undefined;
  /** Buckets when several devices are added up, which needs a common grid. */
  readonly sumEveryMs: number;
  readonly refreshMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const range = (
  id: string,
  words: string,
  ms: number,
  everyMs: number | undefined,
  sumEveryMs: number,
  refreshMs: number,
): ChartRange => ({ id, label: id.replace(/(\d+)/, '$1 '), words, ms, everyMs, sumEveryMs, refreshMs });

export const RANGES: readonly ChartRange[] = [
  range('1h', 'last hour', HOUR, undefined, MINUTE, 10_000),
  range('6h', 'last 6 hours', 6 * HOUR, undefined, 5 * MINUTE, 30_000),
  range('24h', 'last 24 hours', DAY, 5 * MINUTE, 5 * MINUTE, MINUTE),
  range('7d', 'last 7 days', 7 * DAY, 30 * MINUTE, 30 * MINUTE, 5 * MINUTE),
  range('14d', 'last 14 days', 14 * DAY, HOUR, HOUR, 5 * MINUTE),
  range('30d', 'last 30 days', 30 * DAY, HOUR, HOUR, 5 * MINUTE),
];

export function rangeOf(id: string | null, otherwise: string): ChartRange {
  return (RANGES.find((one) => one.id === id) ?? RANGES.find((one) => one.id === otherwise) ?? RANGES[0]) as ChartRange;
}

/** Distance to the same wall clock a week before, milliseconds: 167, 168 or 169 hours. */
export function weekBefore(epochMs: number, zone: string): number {
  return epochMs - daysEarlier(epochMs, 7, zone);
}
