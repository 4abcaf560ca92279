/** The raw values of each quarter hour summed up: how many, lowest, mean, highest, last. */
import type { SlotWindow } from './slots.ts';

/** One entry per quarter hour of a window; but for `counts` they mean nothing where there is no value. */
export interface SlotValues {
  readonly counts: Float64Array;
  readonly mins: Float64Array;
  /** Each value counts once. */
  readonly means: Float64Array;
  readonly maxs: Float64Array;
  readonly lasts: Float64Array;
}

export class SlotValueSums {
  readonly #counts: Float64Array;
  readonly #mins: Float64Array;
  readonly #maxs: Float64Array;
  readonly #lasts: Float64Array;
  /** Sums, and what rounding took from them. */
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  constructor({ slots }: SlotWindow) {
    this.#counts = new Float64Array(slots);
    this.#mins = new Float64Array(slots).fill(Number.POSITIVE_INFINITY);
    this.#maxs = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY);
    this.#lasts = new Float64Array(slots);
    this.#sums = new Float64Array(slots);
    this.#lost = new Float64Array(slots);
  }

  /** Takes the next value of the quarter hour at `place` of the window; those outside of it are passed over. */
  add(place: number, value: number): void {
    if (place < 0 || place >= this.#counts.length) return;
    this.#counts[place] = (this.#counts[place] as number) + 1;
    if (value < (this.#mins[place] as number)) this.#mins[place] = value;
    if (value > (this.#maxs[place] as number)) this.#maxs[place] = value;
    this.#lasts[place] = value;
    // Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).
    const sum = this.#sums[place] as number;
    const next = sum + value;
    const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    this.#lost[place] = (this.#lost[place] as number) + lost;
    this.#sums[place] = next;
  }

  result(): SlotValues {
    const means = this.#sums.map((sum, place) => {
      const mean = (sum + (this.#lost[place] as number)) / (this.#counts[place] as number);
      // A last digit of rounding may not put the mean of equal values beside them.
      return Math.min(this.#maxs[place] as number, Math.max(this.#mins[place] as number, mean));
    });
    return { counts: this.#counts, mins: this.#mins, means, maxs: this.#maxs, lasts: this.#lasts };
  }
}
