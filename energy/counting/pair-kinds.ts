/**
 * What two neighbours of a counter are: the table of docs/energy.md, "Consumption comes from counters", in its order.
 * Asked only where the later value is not simply a plausible rise, close by, of which nobody decided anything.
 */
import type { MeterEventKind } from '../../contract/roll-up.ts';
import { dipOf, LONGEST_PAIR_MS } from '../counter-rules.ts';
import type { LookAhead } from './look-ahead.ts';
import {
  type CountedSwap,
  type MeterRules,
  type PersonsDecision,
  type RegisterRules,
  registerAt,
} from './meter-rules.ts';
import type { Source } from './slot-amounts.ts';

/** The height that counting has reached and the value after it, in whole counts and epoch milliseconds. */
export interface Pair {
  readonly height: number;
  readonly from: number;
  readonly counts: number;
  readonly at: number;
  /** Place of the later value among those that were handed over. */
  readonly index: number;
}

export interface Booking {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly source: Source;
}

export interface Judgement {
  /** undefined: nothing to tell. */
  readonly kind: MeterEventKind | undefined;
  readonly decidedBy: 'rule' | 'person';
  readonly bookings: readonly Booking[];
  /** Where counting stands after the value; undefined: it is passed over. */
  readonly height: number | undefined;
  /** Values before this instant are passed over as well; 0: none. */
  readonly until: number;
}

/** A roll-over without `max_per_hour` is believed from the last tenth of the register into its first. */
const ROLLOVER_SHARE = 0.1;

export function judge(pair: Pair, rules: MeterRules, ahead: LookAhead): Judgement {
  const decision = ahead.decisionAt(pair.at);
  if (decision?.decision === 'glitch-zero') return { ...passedOver('glitch-zero', 0), decidedBy: 'person' };
  if (pair.at - pair.from > LONGEST_PAIR_MS) return newBaseline('gap', pair);
  if (decision !== undefined) return judgeByPerson(pair, decision, rules);
  const swaps = rules.swaps.filter(({ at }) => at > pair.from && at <= pair.at);
  return swaps.length > 0 ? judgeSwap(pair, swaps, rules, ahead) : judgeByRules(pair, rules, ahead);
}

function judgeByRules(pair: Pair, rules: MeterRules, ahead: LookAhead): Judgement {
  const { height, from, counts, at, index } = pair;
  const isBack = (later: number, time: number) => continues(height, from, later, time, rules);
  const register = registerAt(rules, at);
  if (counts < height - dipOf(height, register)) {
    const back = ahead.backAfter(index, isBack);
    if (back !== undefined) return passedOver('glitch-zero', back);
    const rolledOver = rollOver(pair, rules);
    return rolledOver === undefined ? newBaseline('reset', pair) : accepted('rollover', pair, rolledOver, rules);
  }
  if (!isBack(counts, at)) {
    const below = counts - dipOf(counts, register);
    const back = ahead.backAfter(index, (later, time) => later < below && isBack(later, time));
    return back === undefined ? newBaseline('implausible-rate', pair) : passedOver('implausible-rate', back);
  }
  return accepted(counts < height ? 'dip' : undefined, pair, counts - height, rules);
}

/** Whether a counter at `height` may plausibly stand at `counts` some time later. */
function continues(height: number, from: number, counts: number, at: number, rules: MeterRules): boolean {
  const register = registerAt(rules, at);
  return counts >= height - dipOf(height, register) && counts - height <= rules.maxPerMs * (at - from) + register.step;
}

/** What was counted over the register's limit; undefined when that is no roll-over. */
function rollOver({ height, from, counts, at }: Pair, rules: MeterRules): number | undefined {
  const { limit, step } = registerAt(rules, at);
  if (limit === undefined || height > limit || counts < 0) return undefined;
  const amount = limit - height + counts;
  const isPlausible = rules.maxIsStated
    ? amount <= rules.maxPerMs * (at - from) + step
    : height >= (1 - ROLLOVER_SHARE) * limit && counts <= ROLLOVER_SHARE * limit;
  return isPlausible ? amount : undefined;
}

/**
 * Across announced swaps: from the height to the old meter's last reading at the instant of the swap, and from the new
 * one's first reading there to the value. A value that does not go on from the first reading is passed over when one
 * does soon, as if there were no swap.
 */
function judgeSwap(pair: Pair, swaps: readonly CountedSwap[], rules: MeterRules, ahead: LookAhead): Judgement {
  const bookings: Booking[] = [];
  let height: number | undefined = pair.height;
  let from = pair.from;
  for (const { at, last, first } of swaps) {
    // What people read at a meter is believed, but for a reading below what the meter itself had told.
    if (height !== undefined && last !== undefined && last >= height - dipOf(height, registerAt(rules, from))) {
      bookings.push(spanning(from, at, last - height, rules));
    }
    [height, from] = [first, at];
  }
  if (height === undefined) return { ...newBaseline('swap', pair), bookings };
  const begin = height;
  const isBack = (later: number, time: number) => continues(begin, from, later, time, rules);
  if (!isBack(pair.counts, pair.at)) {
    const isFall = pair.counts < begin;
    const back = ahead.backAfter(pair.index, isBack);
    if (back !== undefined) return passedOver(isFall ? 'glitch-zero' : 'implausible-rate', back);
    return { ...newBaseline('swap', pair), bookings };
  }
  bookings.push(spanning(from, pair.at, pair.counts - begin, rules));
  return { kind: 'swap', decidedBy: 'rule', bookings, height: Math.max(begin, pair.counts), until: 0 };
}

function judgeByPerson(pair: Pair, decision: PersonsDecision, rules: MeterRules): Judgement {
  const judged = { ...judgeDecided(pair, decision, rules), decidedBy: 'person' as const };
  if (decision.estimate === undefined) return judged;
  const amount = Math.round(decision.estimate * rules.scale);
  return { ...judged, bookings: [{ from: pair.from, to: pair.at, amount, source: 'estimated' }] };
}

function judgeDecided(pair: Pair, { decision, last, first }: PersonsDecision, rules: MeterRules): Judgement {
  const { height, from, counts, at } = pair;
  if (decision === 'normal') {
    const kind = counts < height ? 'dip' : continues(height, from, counts, at, rules) ? undefined : 'implausible-rate';
    return accepted(kind, pair, counts - height, rules);
  }
  if (decision === 'rollover') {
    const register = registerAt(rules, from);
    return accepted('rollover', pair, (register.limit ?? nextDigits(height, register)) - height + counts, rules);
  }
  if (decision === 'swap') {
    const before =
      last === undefined ? undefined : Math.max(0, Math.round(last * registerAt(rules, from).factor) - height);
    const after =
      first === undefined ? undefined : Math.max(0, counts - Math.round(first * registerAt(rules, at).factor));
    if (before === undefined && after === undefined) return newBaseline('swap', pair);
    return accepted('swap', pair, (before ?? 0) + (after ?? 0), rules);
  }
  return newBaseline('reset', pair);
}

/** Where a register of so many digits before the point begins again, if nobody says: 100,000 after 98,765.4. In counts. */
function nextDigits(height: number, { factor }: RegisterRules): number {
  return Math.round(10 ** String(Math.floor(height / factor)).length * factor);
}

/** The difference is booked, whether or not there is a gap; one that has no other name is told as a gap. */
function accepted(kind: MeterEventKind | undefined, pair: Pair, amount: number, rules: MeterRules): Judgement {
  const booking = spanning(pair.from, pair.at, amount, rules);
  const isUnnamed = kind === undefined || kind === 'dip';
  return {
    kind: isUnnamed && booking.source === 'interpolated' ? 'gap' : kind,
    decidedBy: 'rule',
    bookings: [booking],
    height: kind === 'rollover' || kind === 'swap' ? pair.counts : Math.max(pair.height, pair.counts),
    until: 0,
  };
}

function newBaseline(kind: MeterEventKind, { counts }: Pair): Judgement {
  return { kind, decidedBy: 'rule', bookings: [], height: counts, until: 0 };
}

function passedOver(kind: MeterEventKind, until: number): Judgement {
  return { kind, decidedBy: 'rule', bookings: [], height: undefined, until };
}

/** A rounding counts as nothing. */
function spanning(from: number, to: number, amount: number, { gapMs }: MeterRules): Booking {
  return { from, to, amount: Math.max(0, amount), source: to - from > gapMs ? 'interpolated' : 'measured' };
}
