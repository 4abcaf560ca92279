/** How a counter is read: its resolution, how often it speaks, and from where on a fall or a silence means something. */
import { metricById } from '../contract/metrics.ts';

/** The quarter hour of metering: everything is booked in quarter hours of UTC, which are those of every civil zone too. */
export const QUARTER_MS = 900_000;

/** A stretch without readings is a gap from this many intervals on: one lost reading is no gap, nor are two. */
export const GAP_INTERVALS = 3;

/** Interval of a device of which nothing is known: with it a gap is a quarter hour without a word. */
export const ASSUMED_INTERVAL_MS = 300_000;

/**
 * The differences of devices slower than this are spread over time, reading by reading. With faster ones a difference
 * lies within so short a time that it is booked where its later reading is.
 */
export const SLOW_ABOVE_MS = 600_000;

/** Neighbours further apart than this (60 days) have nothing to do with each other: the later one is a new baseline. */
export const LONGEST_PAIR_MS = 60 * 86_400_000;

/** A fall that the counter takes back within this time was a glitch (a zero after a restart, a garbled telegram). */
export const GLITCH_MS = QUARTER_MS;

/** A counter may dip by so many of its last digits: two roundings of one value (johanmeijer/grott#99). */
const DIP_DIGITS = 3;
/** Or by four units in the last place of a 32-bit float, in which many meters keep their registers (24-bit mantissa). */
const DIP_SHARE = 2 ** -22;

/** Counts of the last digit that a metric shows, by `scaleOf`. */
export const DIGIT = 100;

export interface CounterRules {
  /** Milliseconds between readings, as the register states it; undefined when it does not. */
  readonly intervalMs: number | undefined;
  /** Counts in one unit. Values are turned into whole counts, so that sums of differences are exact. */
  readonly scale: number;
  /** Counts of the last digit that the metric shows. */
  readonly digit: number;
}

/** Two digits more than the metric shows: kilowatt hours in watt hours. Counters beyond 9e15 counts lose digits. */
export function rulesOf(metricId: string, intervalMs: number | undefined): CounterRules {
  return { intervalMs, scale: scaleOf(metricId), digit: DIGIT };
}

/** Counts in one unit of a metric. */
export function scaleOf(metricId: string): number {
  return 10 ** ((metricById.get(metricId)?.decimals ?? 3) + 2);
}

/** Whole counts of a value. */
export function countsOf(value: number, { scale }: CounterRules): number {
  return Math.round(value * scale);
}

/** The largest fall from a counter at `high` that is a rounding and no reset, in counts. */
export function dipOf(high: number, { digit }: Pick<CounterRules, 'digit'>): number {
  return Math.max(DIP_DIGITS * digit, Math.floor(Math.abs(high) * DIP_SHARE));
}

/** Readings further apart than this have a gap between them. */
export function gapMs({ intervalMs }: CounterRules): number {
  return GAP_INTERVALS * (intervalMs ?? ASSUMED_INTERVAL_MS);
}

export function isSlow({ intervalMs }: CounterRules): boolean {
  return intervalMs !== undefined && intervalMs > SLOW_ABOVE_MS;
}

/** Readings that a quarter hour must have to be wholly measured. */
export function expectedCount({ intervalMs }: CounterRules): number {
  return intervalMs === undefined ? 1 : Math.floor(QUARTER_MS / intervalMs);
}
