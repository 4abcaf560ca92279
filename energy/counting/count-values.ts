/**
 * Start reading here. What a counter counted, quarter hour by quarter hour, from its stored values.
 *
 * Everything is whole counts (energy/counter-rules.ts), multiplier included. A walk through the values in order of time
 * remembers three numbers (CounterPosition): the height counting has reached, the instant of the value that reached it,
 * and until when values are passed over. Each next value is *accepted*, and its difference from the height is spread
 * linearly over the time between the two; or *passed over*, and nothing changes; or a *new baseline*, and nothing is
 * booked. Which of them: `pair-kinds.ts`, and in words docs/energy.md.
 *
 * INVARIANT: what follows depends on position, later values and rules alone, and a decision looks no further than
 * `rules.glitchMs` beyond its value. So counting may stop at the end of any quarter hour and go on from there.
 *
 * Around it: `meter-rules.ts` (what must be known of a device), `look-ahead.ts`, `slot-amounts.ts` (spreading),
 * `slot-values.ts` (raw values summed up), `gauge-slots.ts` (gauges and states), `figures.ts` (the results as roll-up
 * rows, and hours and days of them). All pure; energy/rollup/ brings values from a store and rows back to it.
 */
import type { CounterPosition, MeterEvent } from '../../contract/roll-up.ts';
import { LONGEST_PAIR_MS, QUARTER_MS } from '../counter-rules.ts';
import { LookAhead } from './look-ahead.ts';
import { type MeterRules, registerAt } from './meter-rules.ts';
import { type Judgement, judge } from './pair-kinds.ts';
import { SlotAmounts } from './slot-amounts.ts';
import { SlotValueSums, type SlotValues } from './slot-values.ts';
import { type SlotWindow, slotOf, startOfSlot } from './slots.ts';

export interface CounterInput {
  /**
   * Stamps as stored, epoch milliseconds, in strictly rising order: by effective time (`effectiveTime`), every stored
   * value from `position.time` (without one: from the window's beginning) to the window's end, and beyond it up to the
   * first value there and all of `rules.glitchMs` after that one. No value need be looked for further than
   * LONGEST_PAIR_MS behind the last one before the window's end. `openEnd` says whether it was enough.
   * Values that the position has behind it may be among them, or not.
   */
  readonly times: Float64Array;
  /** As the device reported them. */
  readonly values: Float64Array;
  /** Where counting stood at the end of any quarter hour before the window; undefined: nothing is known from before. */
  readonly position: CounterPosition | undefined;
  readonly rules: MeterRules;
  readonly window: SlotWindow;
  /** Up to this effective time no stored value is missing among them; absent: up to the last of them. For `openEnd` only. */
  readonly completeTo?: number | undefined;
}

/** An event of a meter without the key of its series. */
export type CounterEvent = Omit<MeterEvent, 'gateway' | 'device' | 'metric'>;

/** Arrays have one entry per quarter hour of the window; all times are effective ones. */
export interface CounterSlots extends SlotWindow {
  /** In whole counts; NaN where nothing is known. */
  readonly amounts: Float64Array;
  /** The parts that are known differences spread over gaps, and those that a person estimated, in whole counts. */
  readonly interpolated: Float64Array;
  readonly estimated: Float64Array;
  /** How much of it lies between neighbours that are no gap apart and whose difference is known, milliseconds. */
  readonly measuredMs: Float64Array;
  /** Of every value in the quarter hour, those that were passed over too. */
  readonly values: SlotValues;
  /** At the end of the quarter hour, with all values before that instant behind it. */
  readonly positions: readonly (CounterPosition | undefined)[];
  /** Those whose later value lies in the window, in rising order of `at`. */
  readonly events: readonly CounterEvent[];
  /** The quarter hour from which on values behind `completeTo` may still change something; beyond the window: none. */
  readonly openEnd: number;
}

/** Counts values from a position on. Never throws. */
export function countValues(input: CounterInput): CounterSlots {
  const walk = new Walk(input);
  walk.walk();
  return walk.result();
}

/** How many quarter hours before a value a decision may lie that looks ahead to it. */
export function slotsLookedAhead({ glitchMs }: Pick<MeterRules, 'glitchMs'>): number {
  return Math.ceil(glitchMs / QUARTER_MS);
}

/**
 * The first quarter hour whose figures may change when values in quarter hour `slot` (by effective time) do, of which
 * counting stood at `position` at the end of quarter hour `slot - 1 - lookedAhead` (`slotsLookedAhead`). Count again from
 * a position before the result.
 */
export function firstTouchedSlot(
  slot: number,
  lookedAhead: number,
  position: Pick<CounterPosition, 'time'> | undefined,
): number {
  const decided = slot - lookedAhead;
  return position === undefined ? decided : Math.min(decided, slotOf(position.time));
}

class Walk {
  readonly #input: CounterInput;
  readonly #completeTo: number;
  readonly #ahead: LookAhead;
  readonly #amounts: SlotAmounts;
  readonly #values: SlotValueSums;
  readonly #positions: (CounterPosition | undefined)[] = [];
  readonly #events: CounterEvent[] = [];
  /** In counts; NaN before the first value. */
  #height: number;
  #time: number;
  #until: number;
  /** No value before this instant is more than a difference: no swap and no decision. */
  #special = Number.NEGATIVE_INFINITY;
  /** First quarter hour that depends on values which were not handed over. */
  #openEnd = Number.POSITIVE_INFINITY;

  constructor(input: CounterInput) {
    this.#input = input;
    const last = (input.times.at(-1) ?? Number.NEGATIVE_INFINITY) + input.rules.shiftMs;
    this.#completeTo = Math.max(last, input.completeTo ?? last);
    this.#ahead = new LookAhead({ ...input, completeTo: this.#completeTo });
    this.#amounts = new SlotAmounts(input.window);
    this.#values = new SlotValueSums(input.window);
    this.#height = input.position?.height ?? Number.NaN;
    this.#time = input.position?.time ?? Number.NEGATIVE_INFINITY;
    this.#until = input.position?.until ?? 0;
  }

  walk(): void {
    const { times, values, rules, window } = this.#input;
    const { gapMs, maxPerMs, shiftMs, laterRegisters } = rules;
    let { factor, step } = rules.register;
    /** Where the next meter with another multiplier begins. */
    let registerEnd = laterRegisters[0]?.from ?? Number.POSITIVE_INFINITY;
    const windowEnd = startOfSlot(window.firstSlot + window.slots);
    let slot = Number.NEGATIVE_INFINITY;
    let slotEnd = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < times.length; index++) {
      const at = (times[index] as number) + shiftMs;
      const value = values[index] as number;
      if (at >= slotEnd) {
        slot = slotOf(at);
        slotEnd = startOfSlot(slot + 1);
        this.#closeBefore(slot);
      }
      this.#values.add(slot - window.firstSlot, value);
      if (at <= this.#time || at < this.#until) continue;
      if (at >= registerEnd) {
        ({ factor, step } = registerAt(rules, at));
        registerEnd = laterRegisters.find(({ from }) => from > at)?.from ?? Number.POSITIVE_INFINITY;
      }
      // Without a negative zero, which stores do not keep.
      const counts = Math.round(value * factor) + 0;
      const rise = counts - this.#height;
      const elapsed = at - this.#time;
      if (rise >= 0 && elapsed <= gapMs && rise <= maxPerMs * elapsed + step && at < this.#special) {
        this.#amounts.book(this.#time, at, rise, 'measured');
        this.#height = counts;
        this.#time = at;
      } else this.#take(index, at, counts);
      if (this.#time >= windowEnd) return;
    }
  }

  result(): CounterSlots {
    const { firstSlot, slots } = this.#input.window;
    this.#closeBefore(firstSlot + slots);
    // Whatever comes later than LONGEST_PAIR_MS after a value changes nothing before it.
    const isOver = Number.isNaN(this.#height) || this.#completeTo > this.#time + LONGEST_PAIR_MS;
    const open = Math.min(this.#openEnd, slotOf(isOver ? this.#completeTo : this.#time));
    const { amounts, interpolated, estimated, measuredMs } = this.#amounts;
    return {
      firstSlot,
      slots,
      amounts,
      interpolated,
      estimated,
      measuredMs,
      values: this.#values.result(),
      positions: this.#positions,
      events: this.#events,
      openEnd: Math.max(firstSlot, Math.min(firstSlot + slots, open)),
    };
  }

  /** A value that is more than a plausible difference. */
  #take(index: number, at: number, counts: number): void {
    const { rules } = this.#input;
    if (!Number.isNaN(this.#height)) {
      this.#ahead.ranOut = false;
      const pair = { height: this.#height, from: this.#time, counts, at, index };
      const judgement = judge(pair, rules, this.#ahead);
      if (this.#ahead.ranOut) this.#openEnd = Math.min(this.#openEnd, slotOf(this.#time));
      this.#apply(index, at, judgement);
    } else if (this.#ahead.decisionAt(at)?.decision !== 'glitch-zero') {
      this.#height = counts;
      this.#time = at;
    }
    const time = this.#time;
    const swap = rules.swaps.find((announced) => announced.at > time)?.at ?? Number.POSITIVE_INFINITY;
    const decision = rules.decisions.find((decided) => decided.at > at)?.at ?? Number.POSITIVE_INFINITY;
    this.#special = Math.min(swap, decision);
  }

  #apply(index: number, at: number, { kind, decidedBy, bookings, height, until }: Judgement): void {
    const { rules, values, window } = this.#input;
    let booked = 0;
    for (const { from, to, amount, source } of bookings) {
      this.#amounts.book(from, to, amount, source);
      booked += amount;
    }
    const place = slotOf(at) - window.firstSlot;
    if (kind !== undefined && place >= 0 && place < window.slots) {
      // The height in the register's unit, without the tail of digits that dividing leaves.
      const before = Number((this.#height / registerAt(rules, this.#time).factor).toPrecision(15));
      const after = values[index] as number;
      this.#events.push({ kind, from: this.#time, at, before, after, booked: booked / rules.scale, decidedBy });
    }
    this.#until = until;
    if (height === undefined) return;
    this.#height = height;
    this.#time = at;
  }

  /** The position at the end of every quarter hour before this one. */
  #closeBefore(slot: number): void {
    const { firstSlot, slots } = this.#input.window;
    const end = Math.min(slot - firstSlot, slots);
    if (this.#positions.length >= end) return;
    const until = this.#until > this.#time ? this.#until : 0;
    const position = Number.isNaN(this.#height) ? undefined : { height: this.#height, time: this.#time, until };
    while (this.#positions.length < end) this.#positions.push(position);
  }
}
