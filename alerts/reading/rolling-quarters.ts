/** The last days of a quarter-hour series in one array: what is older is forgotten, what is put in again replaces itself. */
import type { Period } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { QuarterSeries } from '../../energy/findings/finding.ts';

/** A new array is made once a day. */
const GROWS_BY = 96;

export class RollingQuarters {
  #firstSlot = 0;
  #values = new Float64Array();

  /** All of `period`, which is unknown but for `part`. `since`: what begins before is forgotten, epoch milliseconds. */
  put({ from, to }: Period, part: ArrayLike<number>, since: number): void {
    const keptFrom = Math.floor(since / QUARTER_MS);
    const [first, end] = [from / QUARTER_MS, to / QUARTER_MS];
    if (first < keptFrom) return;
    this.#reach(first, end, keptFrom);
    this.#values.fill(Number.NaN, first - this.#firstSlot, end - this.#firstSlot);
    this.#values.set(part, first - this.#firstSlot);
  }

  get series(): QuarterSeries {
    return { firstSlot: this.#firstSlot, values: this.#values };
  }

  #reach(first: number, end: number, keptFrom: number): void {
    const before = this.#values;
    const isEmpty = before.length === 0;
    const [oldFirst, oldEnd] = [this.#firstSlot, this.#firstSlot + before.length];
    if (!isEmpty && first >= oldFirst && end <= oldEnd) return;
    const newFirst = isEmpty ? first : Math.max(keptFrom, Math.min(first, oldFirst));
    const length = Math.ceil((Math.max(end, isEmpty ? end : oldEnd) - newFirst) / GROWS_BY) * GROWS_BY;
    this.#values = new Float64Array(length).fill(Number.NaN);
    this.#firstSlot = newFirst;
    const left = before.subarray(Math.max(0, newFirst - oldFirst));
    this.#values.set(left, Math.max(0, oldFirst - newFirst));
  }
}
