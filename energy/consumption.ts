/**
 * Consumption from a counter: the sum of differences between neighbours, each classified.
 *
 * | neighbours                                     | kind    | what is booked                                            |
 * |------------------------------------------------|---------|-----------------------------------------------------------|
 * | the later is not below the highest so far      | normal  | the difference                                            |
 * | below it by a rounding (`dipOf`)               | dip     | nothing, and nothing twice: the highest so far stays      |
 * | below, and back at its height in a quarter hour| glitch  | nothing of it; counting goes on from before the fall      |
 * | below, and staying there                       | reset   | nothing: the value is a new baseline                      |
 * | a whole quarter hour empty between them        | gap     | the difference, linearly over that time, which is flagged |
 *
 * A difference is booked in the quarter hour of its later value. Of a slow device (`isSlow`) every difference is spread
 * linearly over the time between its values. Neighbours no further apart than three intervals are no gap.
 *
 * `QuarterHours` is what comes out. Two readers produce it from the same classification: from every stored value, and
 * from the quarter-hour buckets of a store, which need the values only where something is suspicious. They agree to the
 * last digit (test/energy/consumption.test.ts); the reasons are at `telescopes`.
 */
import {
  type CounterRules,
  countsOf,
  dipOf,
  expectedCount,
  GLITCH_MS,
  gapMs,
  isSlow,
  QUARTER_MS,
} from './counter-rules.ts';

export interface CounterValue {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: number;
}

/** The values of one quarter hour, summed up; `values` where the single ones are known. */
export interface QuarterBucket {
  /** Quarter hours since 1970-01-01 UTC. */
  readonly slot: number;
  readonly min: number;
  readonly max: number;
  /** The latest value. */
  readonly last: number;
  readonly count: number;
  readonly values?: readonly CounterValue[] | undefined;
}

/** What was seen besides normal counting. More kinds may come (roll-over, swap): an event says what it did to the sum. */
export interface CounterEvent {
  readonly kind: 'reset' | 'gap';
  /** Epoch milliseconds: of the first value after a reset, of the last value before a gap. */
  readonly at: number;
  /** Epoch milliseconds of the first value after it. */
  readonly until: number;
  /** Counter before and after, in its unit. */
  readonly before: number;
  readonly after: number;
}

/** What a counter counted, quarter hour by quarter hour. */
export interface QuarterHours {
  /** The quarter hour of index 0, counted since 1970-01-01 UTC. */
  readonly firstSlot: number;
  /** In counts (see CounterRules.scale); NaN where nothing is known. */
  readonly amounts: Float64Array;
  /** How much of the quarter hour was measured, 0 to 1. */
  readonly measured: Float64Array;
  readonly events: readonly CounterEvent[];
}

export interface Counted extends QuarterHours {
  /** Slots whose single values are needed for an exact answer. Empty: the answer is exact. */
  readonly wanted: ReadonlySet<number>;
}

/** Where the result begins and ends, in slots; `slots` long. */
export interface SlotWindow {
  readonly firstSlot: number;
  readonly slots: number;
}

export function slotOf(time: number): number {
  return Math.floor(time / QUARTER_MS);
}

/** Every value in a bucket of its own quarter hour. Values come in rising order of time. */
export function bucketsOf(values: readonly CounterValue[]): QuarterBucket[] {
  const buckets: QuarterBucket[] = [];
  let start = 0;
  for (let end = 1; end <= values.length; end++) {
    const slot = slotOf(values[start]?.time ?? 0);
    if (end < values.length && slotOf(values[end]?.time ?? 0) === slot) continue;
    buckets.push(bucketOf(slot, values.slice(start, end)));
    start = end;
  }
  return buckets;
}

function bucketOf(slot: number, values: readonly CounterValue[]): QuarterBucket {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { value } of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { slot, min, max, last: values.at(-1)?.value ?? Number.NaN, count: values.length, values };
}

/**
 * Counts through buckets in rising order of slot. Those before and after the window give it its context: the baseline,
 * and the other end of a gap.
 */
export function countQuarters(buckets: readonly QuarterBucket[], rules: CounterRules, window: SlotWindow): Counted {
  const counting = new Counting(buckets, rules, window);
  for (let index = 0; index < buckets.length; index++) counting.take(index);
  return counting.result;
}

class Counting {
  readonly #buckets: readonly QuarterBucket[];
  readonly #rules: CounterRules;
  readonly #window: SlotWindow;
  readonly #slow: boolean;
  readonly #gapMs: number;
  readonly #expected: number;
  readonly #amounts: Float64Array;
  readonly #measured: Float64Array;
  readonly #events: CounterEvent[] = [];
  readonly #wanted = new Set<number>();
  /** The highest count so far; NaN before the first value. */
  #high = Number.NaN;
  /** The bucket of the last value that was taken, and its time when it is known. */
  #beforeIndex = -1;
  #beforeTime = Number.NaN;
  /** Values before this belong to a glitch that is over. */
  #skipUntil = Number.NEGATIVE_INFINITY;

  constructor(buckets: readonly QuarterBucket[], rules: CounterRules, window: SlotWindow) {
    this.#buckets = buckets;
    this.#rules = rules;
    this.#window = window;
    this.#slow = isSlow(rules);
    this.#gapMs = gapMs(rules);
    this.#expected = expectedCount(rules);
    this.#amounts = new Float64Array(window.slots).fill(Number.NaN);
    this.#measured = new Float64Array(window.slots);
  }

  get result(): Counted {
    const { firstSlot } = this.#window;
    return {
      firstSlot,
      amounts: this.#amounts,
      measured: this.#measured,
      events: this.#events,
      wanted: this.#wanted,
    };
  }

  take(index: number): void {
    const bucket = this.#buckets[index] as QuarterBucket;
    this.#measure(bucket);
    if (bucket.values !== undefined) {
      for (const [place, value] of bucket.values.entries()) this.#takeValue(index, place, value);
    } else this.#takeBucket(index, bucket);
  }

  /**
   * A bucket whose lowest value is not below the highest count so far, and whose last value is its highest, both but for
   * a rounding: whatever happened inside was a dip, or a fall taken back within the quarter hour, which is a glitch. So
   * the single values would book exactly the difference of the heights.
   */
  #telescopes(bucket: QuarterBucket): boolean {
    const [min, max, last] = [bucket.min, bucket.max, bucket.last].map((value) => countsOf(value, this.#rules)) as [
      number,
      number,
      number,
    ];
    if (Number.isNaN(this.#high)) {
      // The baseline is the first value, which a bucket does not tell; before the window only the height matters.
      const isTold = min === max || bucket.slot < this.#window.firstSlot;
      return isTold && last >= max - dipOf(max, this.#rules);
    }
    const dip = dipOf(this.#high, this.#rules);
    return min >= this.#high - dip && last >= max - dip;
  }

  #takeBucket(index: number, bucket: QuarterBucket): void {
    const max = countsOf(bucket.max, this.#rules);
    const before = this.#buckets[this.#beforeIndex];
    const isApart = before !== undefined && bucket.slot - before.slot >= 2;
    if (this.#slow || isApart || !this.#telescopes(bucket)) {
      this.#want(index);
      if (isApart) this.#want(this.#beforeIndex);
      // What comes of a fall shows in the quarter hour after it.
      else if (!this.#slow && this.#buckets[index + 1]?.slot === bucket.slot + 1) this.#want(index + 1);
      this.#high = countsOf(bucket.last, this.#rules);
    } else if (Number.isNaN(this.#high)) {
      this.#book(bucket.slot, max - countsOf(bucket.min, this.#rules));
      this.#high = max;
    } else {
      this.#book(bucket.slot, Math.max(0, max - this.#high));
      this.#high = Math.max(this.#high, max);
    }
    this.#beforeIndex = index;
    this.#beforeTime = Number.NaN;
  }

  #takeValue(index: number, place: number, { time, value }: CounterValue): void {
    const bucket = this.#buckets[index] as QuarterBucket;
    if (time < this.#skipUntil) return;
    const counts = countsOf(value, this.#rules);
    if (Number.isNaN(this.#high)) {
      this.#book(bucket.slot, 0);
      this.#high = counts;
    } else if (counts >= this.#high - dipOf(this.#high, this.#rules)) {
      this.#bookBetween(index, time, Math.max(0, counts - this.#high));
      this.#high = Math.max(this.#high, counts);
    } else {
      const back = this.#comesBack(index, place, time);
      if (back !== undefined) {
        // Nothing is booked of what lies between, but the quarter hour was looked at.
        this.#book(bucket.slot, 0);
        this.#skipUntil = back;
        return;
      }
      this.#tell('reset', time, time, this.#high, counts);
      this.#noteGap(index, time, counts);
      this.#book(bucket.slot, 0);
      this.#high = counts;
    }
    this.#beforeIndex = index;
    this.#beforeTime = time;
  }

  /** When the counter is back at its height after a fall at `time`; undefined when it is not, within GLITCH_MS. */
  #comesBack(index: number, place: number, time: number): number | undefined {
    const height = this.#high - dipOf(this.#high, this.#rules);
    for (let at = index; at < this.#buckets.length; at++) {
      const bucket = this.#buckets[at] as QuarterBucket;
      if (bucket.slot * QUARTER_MS > time + GLITCH_MS) return undefined;
      if (bucket.values === undefined) {
        this.#want(at);
        return undefined;
      }
      for (let next = at === index ? place + 1 : 0; next < bucket.values.length; next++) {
        const later = bucket.values[next] as CounterValue;
        if (later.time > time + GLITCH_MS) return undefined;
        if (countsOf(later.value, this.#rules) >= height) return later.time;
      }
    }
    return undefined;
  }

  /** Books a difference between the value before and the one at `time`, in the bucket `index`. */
  #bookBetween(index: number, time: number, amount: number): void {
    const bucket = this.#buckets[index] as QuarterBucket;
    const before = this.#buckets[this.#beforeIndex] as QuarterBucket;
    if (!this.#slow && bucket.slot - before.slot < 2) {
      this.#book(bucket.slot, amount);
      return;
    }
    if (!Number.isNaN(this.#beforeTime)) this.#spread(this.#beforeTime, time, amount);
    this.#noteGap(index, time, this.#high + amount);
  }

  /** Linear in time. The parts are differences of one rounded line, so that they add up to the whole. */
  #spread(from: number, to: number, amount: number): void {
    // What was counted at the stroke of a quarter hour was counted before it.
    const lastSlot = slotOf(Math.max(from, to - 1));
    let done = 0;
    for (let slot = slotOf(from); slot <= lastSlot; slot++) {
      const end = Math.min(to, (slot + 1) * QUARTER_MS);
      const upTo = slot === lastSlot ? amount : Math.round((amount * (end - from)) / (to - from));
      this.#book(slot, upTo - done);
      done = upTo;
    }
  }

  /** Whether the time between the value before and the one at `time` was measured, or is a gap. */
  #noteGap(index: number, time: number, after: number): void {
    const slot = (this.#buckets[index] as QuarterBucket).slot;
    const before = this.#buckets[this.#beforeIndex];
    if (before === undefined || (!this.#slow && slot - before.slot < 2)) return;
    if (Number.isNaN(this.#beforeTime)) this.#want(this.#beforeIndex);
    else if (time - this.#beforeTime > this.#gapMs) this.#tell('gap', this.#beforeTime, time, this.#high, after);
    else if (this.#slow) this.#measureSpan(this.#beforeTime, time);
    else this.#measureSpan((before.slot + 1) * QUARTER_MS, slot * QUARTER_MS);
  }

  /** By their number, which is how holes shorter than a quarter hour show. */
  #measure({ slot, count }: QuarterBucket): void {
    const place = slot - this.#window.firstSlot;
    if (this.#slow || place < 0 || place >= this.#window.slots) return;
    this.#measured[place] = Math.min(1, count / this.#expected);
  }

  #measureSpan(from: number, to: number): void {
    const { firstSlot, slots } = this.#window;
    for (
      let slot = Math.max(firstSlot, slotOf(from));
      slot <= Math.min(slotOf(to - 1), firstSlot + slots - 1);
      slot++
    ) {
      const overlap = Math.min(to, (slot + 1) * QUARTER_MS) - Math.max(from, slot * QUARTER_MS);
      const place = slot - firstSlot;
      this.#measured[place] = Math.min(1, (this.#measured[place] as number) + overlap / QUARTER_MS);
    }
  }

  #book(slot: number, amount: number): void {
    const place = slot - this.#window.firstSlot;
    if (place < 0 || place >= this.#window.slots) return;
    const known = this.#amounts[place] as number;
    this.#amounts[place] = (Number.isNaN(known) ? 0 : known) + amount;
  }

  #tell(kind: CounterEvent['kind'], at: number, until: number, before: number, after: number): void {
    const { firstSlot, slots } = this.#window;
    if (slotOf(until) < firstSlot || slotOf(at) >= firstSlot + slots) return;
    const { scale } = this.#rules;
    this.#events.push({ kind, at, until, before: before / scale, after: after / scale });
  }

  #want(index: number): void {
    const bucket = this.#buckets[index];
    if (bucket !== undefined && bucket.values === undefined) this.#wanted.add(bucket.slot);
  }
}
