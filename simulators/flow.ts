/**
 * A flow and the counter it turns: power and energy, gas flow and volume.
 *
 * The rate is piecewise constant over minutes. A model gives the mean rate of each half hour; within it the minutes
 * differ by chance and keep that mean. The counter is the exact integral of the rate, so that counter and rate agree
 * at every instant. Sums per day are kept, so that any instant since 2025 is quick, whatever was asked before.
 */
import { chance } from './chance.ts';
import { type CivilDay, type CivilDays, FIRST_DAY } from './civil-days.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const BLOCK_MS = 30 * MINUTE_MS;
const SLOTS = BLOCK_MS / MINUTE_MS;
const DAYS_KEPT = 4;

/** Units per hour, never negative, in the middle of a half hour. */
export type RateModel = (time: number, day: CivilDay) => number;

export interface FlowOptions {
  readonly days: CivilDays;
  readonly rate: RateModel;
  /** The counter on 2025-01-01. */
  readonly base: number;
  readonly stream: number;
  /** By how much a minute may differ from its half hour: 0.2 is ±20 %. */
  readonly jitter: number;
}

export class Flow {
  readonly #options: FlowOptions;
  /** Counter at the start of each day since the first. */
  readonly #dayStarts: number[];
  /** Counter at the edges of the half hours of days asked for lately. */
  readonly #edges = new Map<number, Float64Array>();
  /** Shares of its half hour that have passed at each minute, of the half hour asked for last. */
  readonly #shares = new Float64Array(SLOTS + 1);
  #sharesOf = Number.NaN;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#dayStarts = [options.base];
  }

  /** Units per hour. */
  rateAt(time: number): number {
    const { edges, block, slot } = this.#locate(time);
    const amount = at(edges, block + 1) - at(edges, block);
    return (amount * (at(this.#shares, slot + 1) - at(this.#shares, slot)) * HOUR_MS) / MINUTE_MS;
  }

  /** Units counted up to an instant; never falls. */
  totalAt(time: number): number {
    const { edges, block, slot, part } = this.#locate(time);
    const [low, high] = [at(edges, block), at(edges, block + 1)];
    const from = at(this.#shares, slot);
    const share = Math.min(1, from + (at(this.#shares, slot + 1) - from) * part);
    return Math.min(high, low + (high - low) * share);
  }

  #locate(time: number) {
    const day = this.#options.days.at(time);
    const edges = this.#edgesOf(day);
    const passed = time - day.start;
    const block = Math.floor(passed / BLOCK_MS);
    const inBlock = passed - block * BLOCK_MS;
    const slot = Math.floor(inBlock / MINUTE_MS);
    this.#fillShares(day.start + block * BLOCK_MS);
    return { edges, block, slot, part: (inBlock - slot * MINUTE_MS) / MINUTE_MS };
  }

  #edgesOf(day: CivilDay): Float64Array {
    let edges = this.#edges.get(day.index);
    if (edges !== undefined) return edges;
    while (this.#dayStarts.length <= day.index - FIRST_DAY) {
      const before = this.#integrate(this.#options.days.day(FIRST_DAY + this.#dayStarts.length - 1));
      this.#dayStarts.push(at(before, before.length - 1));
    }
    edges = this.#integrate(day);
    const oldest = this.#edges.keys().next();
    if (this.#edges.size >= DAYS_KEPT && !oldest.done) this.#edges.delete(oldest.value);
    this.#edges.set(day.index, edges);
    return edges;
  }

  #integrate(day: CivilDay): Float64Array {
    const blocks = Math.round((day.end - day.start) / BLOCK_MS);
    const edges = new Float64Array(blocks + 1);
    let total = this.#dayStarts[day.index - FIRST_DAY] ?? this.#options.base;
    edges[0] = total;
    for (let block = 0; block < blocks; block++) {
      const middle = day.start + (block + 0.5) * BLOCK_MS;
      total += (Math.max(0, this.#options.rate(middle, day)) * BLOCK_MS) / HOUR_MS;
      edges[block + 1] = total;
    }
    return edges;
  }

  #fillShares(blockStart: number): void {
    if (blockStart === this.#sharesOf) return;
    this.#sharesOf = blockStart;
    const { stream, jitter } = this.#options;
    const shares = this.#shares;
    for (let slot = 0; slot < SLOTS; slot++) {
      shares[slot + 1] = at(shares, slot) + 1 + jitter * (chance(stream, blockStart / MINUTE_MS + slot) * 2 - 1);
    }
    const sum = at(shares, SLOTS);
    for (let slot = 1; slot < SLOTS; slot++) shares[slot] = at(shares, slot) / sum;
    shares[SLOTS] = 1;
  }
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] ?? Number.NaN;
}
