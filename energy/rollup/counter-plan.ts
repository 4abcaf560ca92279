/**
 * How far a change reaches in a counter, and what it counts there. Pure: the caller reads what is asked for.
 *
 * Backward, a change in a quarter hour may touch everything from the value before those that decisions may look ahead
 * from (`firstTouchedSlot`). Forward, it touches everything until counting stands where it stood: from a position on, what
 * follows depends on later values alone. It may also stop before a quarter hour that has values and no row, since that
 * one is marked and will be counted from here.
 */
import type { CounterPosition } from '../../contract/roll-up.ts';
import { LONGEST_PAIR_MS } from '../counter-rules.ts';
import { type CounterSlots, countValues, firstTouchedSlot, slotsLookedAhead } from '../counting/count-values.ts';
import type { MeterRules } from '../counting/meter-rules.ts';
import { startOfSlot } from '../counting/slots.ts';
import type { StoredSeries } from './stored-series.ts';

export interface CounterChange {
  readonly rules: MeterRules;
  /** Quarter hours, by effective time, whose values changed: [firstSlot, endSlot). */
  readonly firstSlot: number;
  readonly endSlot: number;
  /** Stamps and values of [readFrom, readTo) by effective time, in slots. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly readFrom: number;
  readonly readTo: number;
  /** There are no values behind `readTo`. */
  readonly isReadToEnd: boolean;
  /** Rows from `readFrom` on. */
  readonly stored: StoredSeries;
  /** Rows before this one are sealed. */
  readonly sealedSlot: number;
  /** The first quarter hour that is not over: no rows are made of it, unless it changed itself. */
  readonly runningSlot: number;
}

export type CounterPlan =
  /** Rows and events of [counted.firstSlot, endSlot) are these. */
  | { readonly kind: 'counted'; readonly counted: CounterSlots; readonly endSlot: number }
  /** The newest row before `readFrom` is needed. */
  | { readonly kind: 'earlier' }
  /** Values and rows are needed from an earlier quarter hour, or up to a later one. */
  | { readonly kind: 'wider'; readonly readFrom: number; readonly readTo: number };

/** Look-ahead and the first value beyond a window lie within so many quarter hours behind it, mostly. */
const BEHIND_SLOTS = 2;
const DAY_SLOTS = 96;

export function planCounter(change: CounterChange): CounterPlan {
  const { rules, firstSlot, endSlot, times, values, readFrom, readTo, isReadToEnd, stored, sealedSlot } = change;
  const lookedAhead = slotsLookedAhead(rules);
  const decided = firstSlot - lookedAhead;
  if (decided < readFrom) return { kind: 'wider', readFrom: decided, readTo };
  const before = stored.positionAt(decided - 1);
  if (before === 'unknown') return { kind: 'earlier' };
  const isFarBehind = before !== undefined && startOfSlot(decided) - before.time > LONGEST_PAIR_MS;
  const touched = isFarBehind ? decided : firstTouchedSlot(firstSlot, lookedAhead, before);
  const begin = Math.min(firstSlot, Math.max(touched, sealedSlot));
  if (begin < readFrom) return { kind: 'wider', readFrom: begin, readTo };
  const position = stored.positionAt(begin - 1);
  if (position === 'unknown') return { kind: 'earlier' };

  // Stamps of a beginning are told ahead of their effective time: rows may lie behind the running quarter hour.
  const end = isReadToEnd ? Math.max(change.runningSlot, endSlot, stored.endSlot) : readTo - BEHIND_SLOTS;
  if (end > endSlot || isReadToEnd) {
    const window = { firstSlot: begin, slots: end - begin };
    const completeTo = isReadToEnd ? undefined : startOfSlot(readTo);
    const counted = countValues({ times, values, position, rules, window, completeTo });
    for (let slot = endSlot; slot < end; slot++) {
      const hasValues = (counted.values.counts[slot - begin] as number) > 0;
      if (hasValues && !stored.has(slot)) return { kind: 'counted', counted, endSlot: slot };
      const stood = stored.positionAt(slot);
      const isSettled = isReadToEnd || slot < counted.openEnd;
      if (isSettled && stood !== 'unknown' && isSamePosition(counted.positions[slot - begin], stood)) {
        return { kind: 'counted', counted, endSlot: slot + 1 };
      }
    }
    if (isReadToEnd) return { kind: 'counted', counted, endSlot: end };
  }
  // A day, a week, two months, and then all there is.
  const length = readTo - endSlot;
  const further = length < DAY_SLOTS ? DAY_SLOTS : length < 8 * DAY_SLOTS ? 8 * DAY_SLOTS : 64 * DAY_SLOTS;
  const all = length >= 64 * DAY_SLOTS ? Number.POSITIVE_INFINITY : endSlot + further;
  return { kind: 'wider', readFrom, readTo: all };
}

function isSamePosition(one: CounterPosition | undefined, other: CounterPosition | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.height === other.height && one.time === other.time && one.until === other.until;
}
