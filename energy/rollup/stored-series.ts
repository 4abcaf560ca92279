/** The stored 15-minute rows of one series in a stretch, and what is known of the time before. */
import type { CounterPosition, RollUp } from '../../contract/roll-up.ts';
import { slotOf } from '../counting/slots.ts';

/** Rows that begin before an instant (epoch milliseconds), and since the entry before, were counted with this multiplier. */
export interface CountedWith {
  readonly before: number;
  readonly multiplier: number;
}

export class StoredSeries {
  readonly #firstSlot: number;
  readonly #rowAt = new Map<number, RollUp>();
  /** Quarter hours that have a row, rising; made when a position is first asked for. */
  #slots: Float64Array | undefined;
  /** Of quarter hours that have rows of two sites, as after a move that is not rolled up yet. */
  readonly #others: RollUp[] = [];
  #earlier: { readonly position: CounterPosition | undefined } | undefined;
  #counted: readonly CountedWith[] = [];
  #multiplier = 1;
  #laterFrom = Number.POSITIVE_INFINITY;

  /** Rows from quarter hour `firstSlot` on are all that are stored, as far as the stretch was read. */
  constructor(firstSlot: number) {
    this.#firstSlot = firstSlot;
  }

  add(row: RollUp): void {
    const slot = slotOf(row.start);
    if (this.#rowAt.has(slot)) this.#others.push(row);
    else this.#rowAt.set(slot, row);
    this.#slots = undefined;
  }

  /** The newest row before the stretch; undefined: there is none. */
  addEarlier(row: RollUp | undefined): void {
    this.#earlier = { position: row && this.#positionOf(row) };
  }

  /**
   * To be called before positions are asked for, and before `addEarlier`. `multiplier` is the first meter's; heights of
   * one that a swap brought with another (since `laterFrom`) do not depend on it.
   */
  countWith(multiplier: number, before: readonly CountedWith[], laterFrom = Number.POSITIVE_INFINITY): void {
    this.#multiplier = multiplier;
    this.#counted = before;
    this.#laterFrom = laterFrom;
  }

  /** Behind the last quarter hour that has a row; −Infinity where none has. */
  get endSlot(): number {
    return (this.#sortedSlots().at(-1) ?? Number.NEGATIVE_INFINITY) + 1;
  }

  has(slot: number): boolean {
    return this.#rowAt.has(slot);
  }

  rowsIn(firstSlot: number, endSlot: number): RollUp[] {
    const rows: RollUp[] = [];
    for (let slot = firstSlot; slot < endSlot; slot++) {
      const row = this.#rowAt.get(slot);
      if (row !== undefined) rows.push(row);
    }
    for (const row of this.#others) {
      const slot = slotOf(row.start);
      if (slot >= firstSlot && slot < endSlot) rows.push(row);
    }
    return rows;
  }

  /** Where counting stood at the end of a quarter hour by these rows; `unknown`: the newest row before must be asked for. */
  positionAt(slot: number): CounterPosition | undefined | 'unknown' {
    const row = this.#newestUpTo(slot);
    if (row !== undefined) return this.#positionOf(row);
    return this.#earlier === undefined || slot < this.#firstSlot - 1 ? 'unknown' : this.#earlier.position;
  }

  #sortedSlots(): Float64Array {
    this.#slots ??= Float64Array.from(this.#rowAt.keys()).sort();
    return this.#slots;
  }

  /** By halving: a year of silence has 35,000 quarter hours without a row, and each of them is asked for. */
  #newestUpTo(slot: number): RollUp | undefined {
    const slots = this.#sortedSlots();
    let [low, high] = [0, slots.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((slots[middle] as number) <= slot) low = middle + 1;
      else high = middle;
    }
    const newest = slots[low - 1];
    return newest === undefined || newest < this.#firstSlot ? undefined : this.#rowAt.get(newest);
  }

  /** Heights of sealed rows are in counts of the multiplier that held when they were sealed. */
  #positionOf({ start, position }: RollUp): CounterPosition | undefined {
    if (position === null) return undefined;
    if (position.time >= this.#laterFrom) return position;
    const counted = this.#counted.find(({ before }) => start < before);
    if (counted === undefined) return position;
    return { ...position, height: Math.round((position.height * this.#multiplier) / counted.multiplier) };
  }
}
