/**
 * What the display of a meter shows when its register does not simply go on (reset, rolled over, meter swapped), and when
 * it is wrong for a while.
 */
import type { DisplayFault, RegisterFault } from './city-faults.ts';

/** Of all functions here: what has passed through the meter, ever rising. */
type Counted = (time: number) => number;

/** An instant at which a register falls although nothing was fed back. */
export interface RegisterBreak {
  readonly kind: RegisterFault['kind'];
  /** Epoch milliseconds: the first instant at which it shows less. */
  readonly time: number;
}

/** An exchange of the meter as a technician writes it down. */
export interface Exchange {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Last reading of the old meter; nobody writes down one that the new register could not show. */
  readonly last?: number;
  /** First reading of the new one. */
  readonly first: number;
}

interface Stretch {
  readonly fault: RegisterFault;
  readonly shownAt: Counted;
  readonly startShown: () => number;
}

const MINUTE_MS = 60_000;
const SPIKE_BY = 1_000_000;
/** The last digit of a register. */
const DIGIT = 0.1;

/** The register over time; without faults: what has passed through it. Faults in any order, at different times. */
export function registerOf(totalAt: Counted, faults: readonly RegisterFault[]): Counted {
  if (faults.length === 0) return totalAt;
  const stretches = stretchesOf(totalAt, faults);
  return (time) => (stretches.findLast(({ fault }) => fault.from <= time)?.shownAt ?? totalAt)(time);
}

function stretchesOf(totalAt: Counted, faults: readonly RegisterFault[]): Stretch[] {
  return inOrder(faults).map((fault) => {
    // Worked out when it is first asked for: sums since the city's first day are not free.
    let start: { readonly total: number; readonly shown: number } | undefined;
    const begin = () => (start ??= startOf(totalAt, fault));
    const { limit } = fault;
    const shownAt = (time: number) => {
      const { total, shown } = begin();
      const now = shown + totalAt(time) - total;
      return limit === undefined ? now : now % limit;
    };
    return { fault, shownAt, startShown: () => begin().shown };
  });
}

function startOf(totalAt: Counted, { from, limit, restart, at }: RegisterFault) {
  const total = totalAt(from);
  if (limit === undefined || at === undefined) return { total, shown: restart ?? 0 };
  // So that it reaches its limit just then; a busy meter may have gone round before.
  const left = (totalAt(at) - total) % limit;
  return { total, shown: limit - left };
}

function inOrder(faults: readonly RegisterFault[]): RegisterFault[] {
  return [...faults].sort((one, other) => one.from - other.from);
}

/** Where the register falls, in order of time, up to an instant. */
export function breaksOf(totalAt: Counted, faults: readonly RegisterFault[], until: number): RegisterBreak[] {
  const breaks: RegisterBreak[] = [];
  let shownBefore = totalAt;
  const stretches = stretchesOf(totalAt, faults);
  for (const [index, { fault, shownAt, startShown }] of stretches.entries()) {
    const { kind, from, limit } = fault;
    if (until < from) break;
    if (shownAt(from) < shownBefore(from)) breaks.push({ kind: kind === 'rollover' ? 'swap' : kind, time: from });
    shownBefore = shownAt;
    if (limit === undefined) continue;
    const end = Math.min(until, (stretches[index + 1]?.fault.from ?? Number.POSITIVE_INFINITY) - 1);
    const total = totalAt(from);
    const roundsAt = (time: number) => Math.floor((startShown() + totalAt(time) - total) / limit);
    for (let round = 1; round <= roundsAt(end); round++) {
      let [low, high] = [from, end];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (roundsAt(middle) >= round) high = middle;
        else low = middle;
      }
      breaks.push({ kind, time: high });
    }
  }
  return breaks;
}

/** Its exchanges, in order of time: swaps, and the meter of few digits that a roll-over begins with. */
export function exchangesOf(totalAt: Counted, faults: readonly RegisterFault[]): Exchange[] {
  let shownBefore = totalAt;
  const limit = limitOf(faults);
  return stretchesOf(totalAt, faults).flatMap(({ fault: { kind, from }, shownAt, startShown }) => {
    const last = asWritten(shownBefore(from));
    shownBefore = shownAt;
    if (kind === 'reset') return [];
    return [{ at: from, ...(last < limit ? { last } : {}), first: asWritten(startShown()) }];
  });
}

/** At which the registers of a meter begin again at 0; infinity: nowhere. The register of devices knows one. */
export function limitOf(faults: readonly RegisterFault[]): number {
  return faults.find(({ limit }) => limit !== undefined)?.limit ?? Number.POSITIVE_INFINITY;
}

function asWritten(shown: number): number {
  return Math.round(shown / DIGIT) / Math.round(1 / DIGIT);
}

/** What it says, which is not always what it shows. */
export function displayOf(shownAt: Counted, faults: readonly DisplayFault[]): Counted {
  if (faults.length === 0) return shownAt;
  return (time) => {
    const fault = faults.find(({ from, to }) => from <= time && time < to);
    switch (fault?.kind) {
      case undefined:
        return shownAt(time);
      case 'glitch-zero':
        return 0;
      case 'dip':
        return Math.max(0, shownAt(fault.from - MINUTE_MS) - DIGIT);
      case 'spike':
        return shownAt(time) + (fault.by ?? SPIKE_BY);
    }
  };
}
