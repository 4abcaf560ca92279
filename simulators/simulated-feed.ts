/**
 * The readings of simulated devices as a feed: deterministic, and resumed exactly from its cursor, so that the hole that
 * a restart leaves is filled. The cursor is an instant: everything before it has been handed over.
 */
import type { Reading } from '../contract/reading.ts';
import type { Feed, FeedStep } from '../edge/sources/simulated.ts';
import { readingsIn } from './ground-truth.ts';
import type { SimulatedDevice } from './simulated-devices.ts';

export const MAX_STEP_READINGS = 500;
export const DEFAULT_HISTORY_MS = 3_600_000;

export interface SimulatedFeedOptions {
  /** Of one gateway. */
  readonly devices: readonly SimulatedDevice[];
  /** Where the feed begins when there is no cursor, epoch milliseconds; by default `historyMs` before it is first asked. */
  readonly startAt?: number | undefined;
  readonly historyMs?: number | undefined;
}

export class SimulatedFeed implements Feed {
  readonly #options: SimulatedFeedOptions;
  /** Time in which the devices together say at most MAX_STEP_READINGS. */
  readonly #windowMs: number;

  constructor(options: SimulatedFeedOptions) {
    this.#options = options;
    const { devices } = options;
    if (devices.length >= MAX_STEP_READINGS) {
      throw new RangeError(`${devices.length} devices are too many for one feed. Give each gateway fewer than 500.`);
    }
    // In a window of W each device speaks at most W / interval + 1 times.
    const perMs = devices.reduce((sum, device) => sum + 1 / device.intervalMs, 0);
    this.#windowMs = Math.max(1, Math.floor((MAX_STEP_READINGS - devices.length) / Math.max(perMs, 1e-6)));
  }

  *readingsUpTo(cursor: string | undefined, now: number): Generator<FeedStep> {
    const end = Math.floor(now) + 1;
    let from = cursor === undefined ? this.#start(now) : instantOf(cursor);
    while (from < end) {
      const to = Math.min(from + this.#windowMs, end);
      const readings = this.#readings(from, to);
      if (readings.length > 0) yield { readings, cursor: String(to) };
      from = to;
    }
  }

  #start(now: number): number {
    const { startAt, historyMs = DEFAULT_HISTORY_MS } = this.#options;
    return startAt ?? Math.floor(now) - historyMs;
  }

  /** In order of time; devices that speak at the same instant in their own order. */
  #readings(from: number, to: number): Reading[] {
    const readings = this.#options.devices.flatMap((device) => [...readingsIn(device, from, to)]);
    return readings.sort((one, other) => one.time - other.time);
  }
}

function instantOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new Error(`the cursor '${cursor}' is not one of this feed. Was the source's name used for another source?`);
}
