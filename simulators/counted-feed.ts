/**
 * Exactly so many readings, numbered: for fault tests and benches, where every single one is accounted for.
 * Reading `i` is of device `i mod devices`, at `t0 + i · stepMs`; its values are functions of (seed, i).
 */
import type { Reading } from '../contract/reading.ts';
import type { Feed, FeedStep } from '../edge/sources/simulated.ts';
import { chance, streamOf } from './chance.ts';
import type { MetricSum } from './ground-truth.ts';
import { MAX_STEP_READINGS } from './simulated-feed.ts';

export interface CountedFeedOptions {
  readonly seed: number;
  /** Readings in all. */
  readonly count: number;
  /** Time of the first reading, epoch milliseconds. */
  readonly t0: number;
  /** Between one reading and the next, milliseconds. */
  readonly stepMs: number;
  /** The readings go round these many devices. */
  readonly devices?: number;
  /** At most so many readings a second since `paceFrom`; without it, as fast as the outbox takes them. */
  readonly perSecond?: number;
  /** Epoch milliseconds by the gateway's clock from which the pace is counted; by default so that it goes on from where it stands. */
  readonly paceFrom?: number;
}

export class CountedFeed implements Feed {
  readonly #options: CountedFeedOptions;
  readonly #stream: number;
  #paceFrom: number | undefined;

  constructor(options: CountedFeedOptions) {
    this.#options = options;
    this.#stream = streamOf(options.seed, 'counted');
    this.#paceFrom = options.paceFrom;
  }

  get deviceIds(): string[] {
    return Array.from({ length: this.#options.devices ?? 1 }, (_, device) => countedDevice(device));
  }

  /** The cursor is the number of the next reading. */
  *readingsUpTo(cursor: string | undefined, now: number): Generator<FeedStep> {
    const end = Math.min(this.#options.count, this.#allowed(Number(cursor ?? 0), now));
    for (let from = Number(cursor ?? 0); from < end; from += MAX_STEP_READINGS) {
      const to = Math.min(from + MAX_STEP_READINGS, end);
      const readings = Array.from({ length: to - from }, (_, offset) => this.reading(from + offset));
      yield { readings, cursor: String(to) };
    }
  }

  reading(index: number): Reading {
    const { t0, stepMs, devices = 1 } = this.#options;
    return {
      device: countedDevice(index % devices),
      time: t0 + index * stepMs,
      values: {
        active_power_kw: Math.round(chance(this.#stream, index) * 10_000) / 100,
        active_energy_kwh: Math.round(index) / 10,
      },
    };
  }

  /** What a store must hold in the end: by device, then by metric. */
  expectedSums(): ReadonlyMap<string, ReadonlyMap<string, MetricSum>> {
    const sums = new Map<string, Map<string, MetricSum>>(this.deviceIds.map((device) => [device, new Map()]));
    for (let index = 0; index < this.#options.count; index++) {
      const { device, time, values } = this.reading(index);
      const ofDevice = sums.get(device);
      for (const [metric, value] of Object.entries(values)) {
        const { count, sum, firstTime } = ofDevice?.get(metric) ?? { count: 0, sum: 0, firstTime: time };
        ofDevice?.set(metric, { count: count + 1, sum: sum + value, firstTime, lastTime: time });
      }
    }
    return sums;
  }

  #allowed(done: number, now: number): number {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return Number.POSITIVE_INFINITY;
    // After a restart the pace goes on from what is done.
    this.#paceFrom ??= now - (done / perSecond) * 1_000;
    return Math.floor(((now - this.#paceFrom) / 1_000) * perSecond);
  }
}

function countedDevice(number: number): string {
  return `counted-${number}`;
}
