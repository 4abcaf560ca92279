/** The marks of one device and UTC day: sets of quarter hours as bits. */
import { MARK_MS, MARKED_DAY_MS, MARKS_PER_DAY } from '../contract/roll-up-marks.ts';

/** A set of the 96 quarter hours: four numbers of 24 bits, six hours each, which V8 keeps without boxes. */
export type Quarters = [number, number, number, number];

/** For all days whose set is empty, which is nearly always so for two of the three that a day has. */
export const NO_QUARTERS: Readonly<Quarters> = Object.freeze<Quarters>([0, 0, 0, 0]);

const BITS = 24;
const QUARTERS_PER_HOUR = 4;
const HOURS_PER_WORD = BITS / QUARTERS_PER_HOUR;
export const ALL_HOURS = 2 ** 24 - 1;

export class DayMarks {
  readonly gateway: string;
  readonly device: string;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  /** Touched by the group that is being committed: to be marked when it is settled. */
  flight: Readonly<Quarters> = NO_QUARTERS;
  /** Changed since they were last claimed. */
  readonly dirty: Quarters = [0, 0, 0, 0];
  /** Being rolled up. */
  claimed: Readonly<Quarters> = NO_QUARTERS;
  /** Hours (bits 0 to 23) whose quarter hours are rolled up and which are not yet themselves. */
  owedHours = 0;
  claimedHours = 0;
  /** Hours that the file holds: at start, all their quarter hours are dirty. */
  durableHours = 0;
  /** Hours that must become durable before the group may be committed. */
  unwrittenHours = 0;
  /** Clock.monotonicMs() of the last change. */
  touchedMs = 0;
  /** Clock.monotonicMs() since when something is dirty, and since when what is claimed was. */
  dirtySinceMs = 0;
  claimedSinceMs = 0;

  constructor(gateway: string, device: string, day: number) {
    this.gateway = gateway;
    this.device = device;
    this.day = day;
  }

  /** Hours that a mark of any kind lies in: what must be in the file. */
  get hours(): number {
    let hours = this.owedHours | this.claimedHours;
    for (let word = 0; word < 4; word++) {
      const bits = (this.flight[word] as number) | (this.dirty[word] as number) | (this.claimed[word] as number);
      if (bits !== 0) hours |= hoursOfWord(bits) << (word * HOURS_PER_WORD);
    }
    return hours;
  }

  get isDirty(): boolean {
    return !isEmpty(this.dirty) || this.owedHours !== 0;
  }

  get isInFlight(): boolean {
    return this.flight !== NO_QUARTERS;
  }

  /** Takes these out of what can be claimed; what stays dirty waits since now. */
  claim(quarters: Readonly<Quarters>, hours: number, nowMs: number): void {
    const hadNone = isEmpty(this.claimed) && this.claimedHours === 0;
    this.claimedSinceMs = hadNone ? this.dirtySinceMs : Math.min(this.claimedSinceMs, this.dirtySinceMs);
    this.dirtySinceMs = nowMs;
    this.claimed = both(this.claimed, quarters);
    this.claimedHours |= hours;
    this.owedHours &= ~hours;
  }

  /** Makes what was claimed claimable again. */
  release(): void {
    if (!isEmpty(this.claimed)) this.dirtySinceMs = Math.min(this.dirtySinceMs, this.claimedSinceMs);
    addAll(this.dirty, this.claimed);
    this.claimed = NO_QUARTERS;
    this.owedHours |= this.claimedHours;
    this.claimedHours = 0;
  }
}

export function wordOf(quarter: number): 0 | 1 | 2 | 3 {
  return Math.floor(quarter / BITS) as 0 | 1 | 2 | 3;
}

export function bitOf(quarter: number): number {
  return 1 << (quarter % BITS);
}

export function isEmpty(set: Readonly<Quarters>): boolean {
  return (set[0] | set[1] | set[2] | set[3]) === 0;
}

export function addAll(set: Quarters, other: Readonly<Quarters>): void {
  for (let word = 0; word < 4; word++) set[word] = (set[word] as number) | (other[word] as number);
}

export function both(set: Readonly<Quarters>, other: Readonly<Quarters>): Quarters {
  return [set[0] | other[0], set[1] | other[1], set[2] | other[2], set[3] | other[3]];
}

/** Adds the quarter hours [first, end). */
export function addRange(set: Quarters, first: number, end: number): void {
  for (let quarter = first; quarter < end; quarter++) set[wordOf(quarter)] |= bitOf(quarter);
}

export function addHours(set: Quarters, hours: number): void {
  for (const hour of hourList(hours)) addRange(set, hour * QUARTERS_PER_HOUR, (hour + 1) * QUARTERS_PER_HOUR);
}

/** Those before `end`, taken out of the set. */
export function takeBefore(set: Quarters, end: number): Quarters {
  const taken: Quarters = [0, 0, 0, 0];
  for (let word = 0; word < 4; word++) {
    const count = Math.min(BITS, Math.max(0, end - word * BITS));
    const bits = (set[word] as number) & (2 ** count - 1);
    taken[word] = bits;
    set[word] = (set[word] as number) & ~bits;
  }
  return taken;
}

export function quarterList(set: Readonly<Quarters>): number[] {
  const list: number[] = [];
  for (let quarter = 0; quarter < MARKS_PER_DAY; quarter++) {
    if ((set[wordOf(quarter)] & bitOf(quarter)) !== 0) list.push(quarter);
  }
  return list;
}

export function countOf(set: Readonly<Quarters>): number {
  let count = 0;
  for (const word of set) for (let bits = word; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** The earliest of a set that is not empty. */
export function firstOf(set: Readonly<Quarters>): number {
  const word = set.findIndex((bits) => bits !== 0);
  const bits = set[word] ?? 1;
  return word * BITS + (31 - Math.clz32(bits & -bits));
}

export function hourList(hours: number): number[] {
  const list: number[] = [];
  for (let hour = 0; hour < BITS; hour++) if ((hours & (1 << hour)) !== 0) list.push(hour);
  return list;
}

export function hourBits(hours: readonly number[]): number {
  return hours.reduce((bits, hour) => bits | (1 << hour), 0);
}

/** Quarter hours of a day that end at or before an instant: those below this number. */
export function quartersBefore(day: number, instant: number): number {
  return Math.min(MARKS_PER_DAY, Math.max(0, Math.floor((instant - day * MARKED_DAY_MS) / MARK_MS)));
}

function hoursOfWord(bits: number): number {
  let hours = 0;
  for (let hour = 0; hour < HOURS_PER_WORD; hour++) {
    if ((bits & (0b1111 << (hour * QUARTERS_PER_HOUR))) !== 0) hours |= 1 << hour;
  }
  return hours;
}
