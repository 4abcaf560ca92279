/** How a counter is read: its resolution, and from where on a fall or a silence means something. */
import { metricById } from '../contract/metrics.ts';

/** The quarter hour of metering: everything is booked in quarter hours of UTC, which are those of every civil zone too. */
export const QUARTER_MS = 900_000;

/** A stretch without readings is a gap from this many intervals on: one lost reading is no gap, nor are two. */
export const GAP_INTERVALS = 3;

/** Interval of a device of which nothing is known: with it a gap is a quarter hour without a word. */
export const ASSUMED_INTERVAL_MS = 300_000;

/** Neighbours further apart than this (60 days) have nothing to do with each other: the later one is a new baseline. */
export const LONGEST_PAIR_MS = 60 * 86_400_000;

/**
 * How long a counter may take to take back a fall that was a glitch (a zero after a restart, a garbled telegram): a quarter
 * hour, or as long as a silence is no gap. A slow meter's next value comes later than a quarter hour, and its zero would
 * be a reset that counts its whole register again.
 */
export function glitchMsOf(intervalMs: number | undefined): number {
  return Math.min(LONGEST_PAIR_MS, Math.max(QUARTER_MS, GAP_INTERVALS * (intervalMs ?? 0)));
}

/** A counter may dip by so many of its last digits: two roundings of one value (johanmeijer/grott#99). */
const DIP_DIGITS = 3;
/** Or by four units in the last place of a 32-bit float, in which many meters keep their registers (24-bit mantissa). */
const DIP_SHARE = 2 ** -22;

/** Counts of the last digit that a metric shows, by `scaleOf`. */
export const DIGIT = 100;

/**
 * Counts in one unit of a metric. Values are turned into whole counts, so that sums of differences are exact; two digits
 * more than the metric shows: kilowatt hours in watt hours. Counters beyond 9e15 counts lose digits.
 */
export function scaleOf(metricId: string): number {
  return 10 ** ((metricById.get(metricId)?.decimals ?? 3) + 2);
}

/** The largest fall from a counter at `high` that is a rounding and no reset, in counts. */
export function dipOf(high: number, { digit }: { readonly digit: number }): number {
  return Math.max(DIP_DIGITS * digit, Math.floor(Math.abs(high) * DIP_SHARE));
}
