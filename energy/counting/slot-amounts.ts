/** What was counted in each quarter hour of a window: every difference spread over the time it was counted in. */
import { QUARTER_MS } from '../counter-rules.ts';
import { type SlotWindow, slotOf, startOfSlot } from './slots.ts';

/** How an amount is known: by its two values; by those at the ends of a gap; by a person's estimate. */
export type Source = 'measured' | 'interpolated' | 'estimated';

export class SlotAmounts {
  /** Whole counts; NaN where nothing is known. */
  readonly amounts: Float64Array;
  /** The parts of them, in whole counts. */
  readonly interpolated: Float64Array;
  readonly estimated: Float64Array;
  readonly measuredMs: Float64Array;
  readonly #firstSlot: number;

  constructor({ firstSlot, slots }: SlotWindow) {
    this.#firstSlot = firstSlot;
    this.amounts = new Float64Array(slots).fill(Number.NaN);
    this.interpolated = new Float64Array(slots);
    this.estimated = new Float64Array(slots);
    this.measuredMs = new Float64Array(slots);
  }

  /**
   * Linear in time over [from, to], epoch milliseconds. The parts are differences of one line rounded to whole counts,
   * so that they add up to the amount, and are the same whichever of them lie in the window.
   */
  book(from: number, to: number, amount: number, source: Source): void {
    // What was counted at the stroke of a quarter hour was counted before it.
    const last = slotOf(to > from ? to - 1 : from - 1) - this.#firstSlot;
    const first = Math.min(last, slotOf(from) - this.#firstSlot);
    if (first === last) {
      if (first >= 0 && first < this.amounts.length) this.#add(first, amount, to - from, source);
      return;
    }
    const spanMs = to - from;
    const end = Math.min(last, this.amounts.length - 1);
    for (let place = Math.max(0, first); place <= end; place++) {
      const start = startOfSlot(this.#firstSlot + place);
      const leftMs = Math.max(0, start - from);
      const rightMs = Math.min(spanMs, start + QUARTER_MS - from);
      const part = Math.round((amount * rightMs) / spanMs) - Math.round((amount * leftMs) / spanMs);
      this.#add(place, part, rightMs - leftMs, source);
    }
  }

  #add(place: number, amount: number, ms: number, source: Source): void {
    const known = this.amounts[place] as number;
    this.amounts[place] = Number.isNaN(known) ? amount : known + amount;
    if (source === 'measured') this.measuredMs[place] = (this.measuredMs[place] as number) + ms;
    else this[source][place] = (this[source][place] as number) + amount;
  }
}
