/**
 * Buckets of a UTC day of one series, as the store gave them: 96 quarter hours of five numbers, in one typed array,
 * since a city has tens of thousands of such days. Single values are kept where someone needed them.
 */
import type { CounterValue, QuarterBucket } from '../../../energy/consumption.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import type { SeriesPoint } from '../../../store/telemetry-store.ts';

export const DAY_MS = 86_400_000;
export const SLOTS_A_DAY = DAY_MS / QUARTER_MS;
const WIDTH = 6;

export interface MeanBucket extends QuarterBucket {
  readonly mean: number;
}

export class BucketDay {
  /** When it was asked for, milliseconds of the monotonic clock and of the wall. */
  readonly readAt: number;
  readonly readAtWall: number;
  /** The count of late readings that it includes. */
  readonly generation: number;
  readonly #numbers: Float64Array;
  readonly #valuesBySlot = new Map<number, readonly CounterValue[]>();

  constructor(
    points: readonly SeriesPoint[],
    made: { readonly readAt: number; readonly readAtWall: number; readonly generation: number },
  ) {
    this.readAt = made.readAt;
    this.readAtWall = made.readAtWall;
    this.generation = made.generation;
    this.#numbers = new Float64Array(points.length * WIDTH);
    for (const [row, point] of points.entries()) {
      const { value, min = value, max = value, last = value, count = 1 } = point;
      this.#numbers.set([Math.floor(point.time / QUARTER_MS), min, max, last, count, value], row * WIDTH);
    }
  }

  /** In rising order of slot. */
  *buckets(): Generator<MeanBucket> {
    const numbers = this.#numbers;
    for (let row = 0; row < numbers.length; row += WIDTH) {
      const slot = numbers[row] as number;
      yield {
        slot,
        min: numbers[row + 1] as number,
        max: numbers[row + 2] as number,
        last: numbers[row + 3] as number,
        count: numbers[row + 4] as number,
        mean: numbers[row + 5] as number,
        values: this.#valuesBySlot.get(slot),
      };
    }
  }

  /** The same day with everything from `time` on replaced. */
  withTail(
    time: number,
    points: readonly SeriesPoint[],
    made: { readonly readAt: number; readonly readAtWall: number; readonly generation: number },
  ): BucketDay {
    const before: SeriesPoint[] = [];
    const firstSlot = Math.floor(time / QUARTER_MS);
    for (const { slot, min, max, last, count, mean } of this.buckets()) {
      if (slot < firstSlot) before.push({ time: slot * QUARTER_MS, value: mean, min, max, last, count });
    }
    const day = new BucketDay([...before, ...points], made);
    for (const [slot, values] of this.#valuesBySlot) if (slot < firstSlot) day.keepValues(slot, values);
    return day;
  }

  keepValues(slot: number, values: readonly CounterValue[]): void {
    this.#valuesBySlot.set(slot, values);
  }

  get firstSlot(): number | undefined {
    return this.#numbers[0];
  }

  get lastSlot(): number | undefined {
    return this.#numbers[this.#numbers.length - WIDTH];
  }

  holds(slot: number): boolean {
    for (let row = 0; row < this.#numbers.length; row += WIDTH) if (this.#numbers[row] === slot) return true;
    return false;
  }
}

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}
