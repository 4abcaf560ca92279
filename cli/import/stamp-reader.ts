/**
 * Time cells → instants. A time without an offset is civil time in the given zone: one that is skipped when clocks go
 * forward is refused; of the two when they go back, the one that keeps the order of the file is taken, for each device.
 */
import { LamplighterError } from '../../contract/error-codes.ts';
import { instantsOf } from '../../runtime/zone.ts';
import type { TimeFormat } from './time-format.ts';

export type Ambiguous = 'file-order' | 'earlier' | 'later';

export interface StampOptions {
  readonly format: TimeFormat;
  /** How the format is called, for the words of faults. */
  readonly formatName: string;
  readonly zone: string | undefined;
  readonly ambiguous: Ambiguous;
}

interface Order {
  last: number;
  isFalling: boolean;
}

/** No zone has changed its clocks within a quarter of an hour since 1972. */
const QUARTER_MS = 900_000;
const MOST_QUARTERS = 200_000;

export class StampReader {
  readonly #options: StampOptions;
  /** Offsets that a wall clock may have, by its quarter of an hour: one, none in a skipped hour, two in a repeated one. */
  readonly #offsets = new Map<number, readonly number[]>();
  readonly #orders = new Map<string, Order>();
  /** Times that the zone has twice, so far. */
  ambiguous = 0;

  constructor(options: StampOptions) {
    this.#options = options;
  }

  /**
   * Epoch milliseconds, or words that say what is wrong.
   * @throws LamplighterError for a civil time when no zone was named.
   */
  read(text: string, device: string): number | string {
    const read = this.#options.format(text);
    if (read === undefined) {
      return text === ''
        ? 'is missing.'
        : `is no time in the format ${this.#options.formatName}, or no date that exists. See --time-format.`;
    }
    if (read.isInstant) return this.#note(device, read.ms);
    const { zone } = this.#options;
    if (zone === undefined) {
      // It is so in every row: told once.
      throw new LamplighterError(
        'bad-request',
        `--zone: the time ${JSON.stringify(text)} has no offset from UTC. Say where its clock is, such as --zone America/New_York.`,
      );
    }
    const [first, second] = this.#offsetsOf(read.ms, zone);
    if (first === undefined) return `does not exist in ${zone}: the clocks were put forward. Correct it, or --zone.`;
    if (second === undefined) return this.#note(device, read.ms - first);
    this.ambiguous++;
    return this.#note(device, this.#chosen(device, read.ms - first, read.ms - second));
  }

  #chosen(device: string, earlier: number, later: number): number {
    const { ambiguous } = this.#options;
    if (ambiguous !== 'file-order') return ambiguous === 'earlier' ? earlier : later;
    const order = this.#orders.get(device);
    if (order === undefined) return earlier;
    if (order.isFalling) return later < order.last ? later : earlier;
    return earlier > order.last ? earlier : later;
  }

  #note(device: string, instant: number): number {
    const order = this.#orders.get(device);
    if (order === undefined) this.#orders.set(device, { last: instant, isFalling: false });
    else {
      if (instant !== order.last) order.isFalling = instant < order.last;
      order.last = instant;
    }
    return instant;
  }

  /** The larger offset, which is the earlier instant, first. */
  #offsetsOf(local: number, zone: string): readonly number[] {
    const quarter = Math.floor(local / QUARTER_MS);
    let offsets = this.#offsets.get(quarter);
    if (offsets === undefined) {
      const wall = quarter * QUARTER_MS;
      offsets = instantsOf(wall, zone).instants.map((instant) => wall - instant);
      if (this.#offsets.size >= MOST_QUARTERS) this.#offsets.clear();
      this.#offsets.set(quarter, offsets);
    }
    return offsets;
  }
}
