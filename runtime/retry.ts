/** Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). */
import type { Random } from './random.ts';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Delay before attempt `attempt` (0 for the first retry), milliseconds, anywhere in [0, min(most, first·2^attempt)). */
export function fullJitterMs(backOff: BackOff, attempt: number, random: Random): number {
  return random() * Math.min(backOff.mostMs, backOff.firstMs * 2 ** Math.min(attempt, 30));
}
