/**
 * A flow and the counter it turns: power and energy, gas flow and volume.
 *
 * A model gives the rate at every half hour; between two of them the rate goes in a straight line, and its minutes differ
 * from that line by chance, on several time scales, and keep the mean. The counter is the exact integral of the rate, so
 * that counter and rate agree at every instant. Each flow has half hours of its own, so that no two of them turn at the
 * same moment. Sums per day are kept, so that any instant is quick, whatever was asked before.
 */
import { chance, wander } from './chance.ts';
import type { CivilDay, CivilDays } from './civil-days.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const BLOCK_MS = 30 * MINUTE_MS;
const SLOTS = BLOCK_MS / MINUTE_MS;
const BLOCKS = 48;
const CHUNK_MS = BLOCKS * BLOCK_MS;
const CHUNKS_KEPT = 4;

/** Units per hour, never negative. */
export type RateModel = (time: number, day: CivilDay) => number;

export interface FlowOptions {
  readonly days: CivilDays;
  /** Local day on which the counter begins. */
  readonly firstDay: number;
  readonly rate: RateModel;
  /** The counter at the beginning of that day. */
  readonly base: number;
  readonly stream: number;
  /** By how much a minute may differ from its half hour: 0.2 is ±20 %. Below 1. */
  readonly jitter: number;
}

interface Chunk {
  /** Rates at the edges of the half hours. */
  readonly knots: Float64Array;
  /** Counter at these edges. */
  readonly edges: Float64Array;
}

export class Flow {
  readonly #options: FlowOptions;
  readonly #beginsAt: number;
  /** Start of the first chunk, up to half an hour before. */
  readonly #origin: number;
  /** Counter at the start of each chunk. */
  readonly #starts: number[];
  readonly #chunks = new Map<number, Chunk>();
  /** Shares of its half hour that have passed at each minute, of the half hour asked for last. */
  readonly #shares = new Float64Array(SLOTS + 1);
  #sharesOf = Number.NaN;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#beginsAt = options.days.day(options.firstDay).start;
    this.#origin = this.#beginsAt - (1 + (options.stream % (SLOTS - 1))) * MINUTE_MS;
    this.#starts = [options.base];
  }

  /** Units per hour. @throws RangeError before the counter begins. */
  rateAt(time: number): number {
    const { edges, block, slot } = this.#locate(time);
    const amount = at(edges, block + 1) - at(edges, block);
    return (amount * (at(this.#shares, slot + 1) - at(this.#shares, slot)) * HOUR_MS) / MINUTE_MS;
  }

  /** Units counted up to an instant; never falls. @throws RangeError before the counter begins. */
  totalAt(time: number): number {
    const { edges, block, slot, part } = this.#locate(time);
    const [low, high] = [at(edges, block), at(edges, block + 1)];
    const from = at(this.#shares, slot);
    const share = Math.min(1, from + (at(this.#shares, slot + 1) - from) * part);
    return Math.min(high, low + (high - low) * share);
  }

  #locate(time: number) {
    if (time < this.#beginsAt) {
      const day = new Date(this.#options.firstDay * 24 * HOUR_MS).toISOString().slice(0, 10);
      throw new RangeError(`the simulated city begins on ${day}; ask for a later time`);
    }
    const passed = time - this.#origin;
    const index = Math.floor(passed / CHUNK_MS);
    const { knots, edges } = this.#chunk(index);
    const block = Math.floor((passed - index * CHUNK_MS) / BLOCK_MS);
    const blockStart = this.#origin + index * CHUNK_MS + block * BLOCK_MS;
    const slot = Math.floor((time - blockStart) / MINUTE_MS);
    if (blockStart !== this.#sharesOf) this.#fillShares(blockStart, at(knots, block), at(knots, block + 1));
    return { edges, block, slot, part: (time - blockStart - slot * MINUTE_MS) / MINUTE_MS };
  }

  #chunk(index: number): Chunk {
    let chunk = this.#chunks.get(index);
    if (chunk !== undefined) return chunk;
    while (this.#starts.length <= index) {
      const { edges } = this.#integrate(this.#starts.length - 1);
      this.#starts.push(at(edges, BLOCKS));
    }
    chunk = this.#integrate(index);
    const oldest = this.#chunks.keys().next();
    if (this.#chunks.size >= CHUNKS_KEPT && !oldest.done) this.#chunks.delete(oldest.value);
    this.#chunks.set(index, chunk);
    return chunk;
  }

  #integrate(index: number): Chunk {
    const { days, rate } = this.#options;
    const start = this.#origin + index * CHUNK_MS;
    const knots = new Float64Array(BLOCKS + 1);
    const edges = new Float64Array(BLOCKS + 1);
    for (let knot = 0; knot <= BLOCKS; knot++) {
      const time = Math.max(this.#beginsAt, start + knot * BLOCK_MS);
      knots[knot] = Math.max(0, rate(time, days.at(time)));
    }
    let total = this.#starts[index] ?? this.#options.base;
    edges[0] = total;
    for (let block = 0; block < BLOCKS; block++) {
      total += (((at(knots, block) + at(knots, block + 1)) / 2) * BLOCK_MS) / HOUR_MS;
      edges[block + 1] = total;
    }
    return { knots, edges };
  }

  #fillShares(blockStart: number, from: number, to: number): void {
    this.#sharesOf = blockStart;
    const { stream, jitter } = this.#options;
    const shares = this.#shares;
    for (let slot = 0; slot < SLOTS; slot++) {
      const line = from + ((to - from) * (slot + 0.5)) / SLOTS;
      const time = blockStart + slot * MINUTE_MS;
      shares[slot + 1] = at(shares, slot) + line * (1 + jitter * noise(stream, time));
    }
    const sum = at(shares, SLOTS);
    // A half hour without any flow has no shape.
    for (let slot = 1; slot < SLOTS; slot++) shares[slot] = sum > 0 ? at(shares, slot) / sum : slot / SLOTS;
    shares[SLOTS] = 1;
  }
}

/** In [-1, 1]: machines that run for a quarter of an hour, doors and lifts, and the rest. */
function noise(stream: number, time: number): number {
  const quick = chance(stream + 1, time / MINUTE_MS) * 2 - 1;
  return 0.5 * wander(stream, time, 13 * MINUTE_MS) + 0.25 * wander(stream + 2, time, 4 * MINUTE_MS) + 0.25 * quick;
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] ?? Number.NaN;
}
