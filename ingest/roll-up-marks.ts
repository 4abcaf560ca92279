/**
 * The marks of what must be rolled up (contract/roll-up-marks.ts), kept on the way in.
 *
 * Guarantee: no quarter hour whose readings changed after its last completed roll-up is ever unmarked, whatever is killed
 * when. In order, for each group that is committed:
 * 1. `beforeCommit`: the hours that the group touches are in the file, flushed;
 * 2. the store's commit;
 * 3. `settled` (or `abandoned`, when nobody knows what the store has): its quarter hours are claimable.
 * `done` takes an hour out of the file only when none of its quarter hours was touched, is being committed or waits.
 * Of more than is needed nothing comes but needless work, so the file is coarser than memory: whole hours, and for days
 * that are over the whole day. Where all of it is in the file already, a reading costs two comparisons.
 */
import {
  MARK_MS,
  MARKED_DAY_MS,
  MARKS_PER_DAY,
  type MarkedDay,
  type MarkedDayKey,
  type MarkedStretch,
  type MarksClaim,
  type MarksStatus,
  type RolledUpDay,
  type RollUpMarks,
} from '../contract/roll-up-marks.ts';
import { WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock } from '../runtime/clock.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import { type FreeBytes, LmdbFile } from '../runtime/lmdb-file.ts';
import type { Service } from '../runtime/service.ts';
import type { AdmittedBatch } from '../store/telemetry-store.ts';
import { DeviceMarks, keyOf, MarkedDays } from './marked-days.ts';
import {
  ALL_HOURS,
  addAll,
  addHours,
  addRange,
  bitOf,
  type DayMarks,
  hourBits,
  hourList,
  isEmpty,
  NO_QUARTERS,
  type Quarters,
  quarterList,
  quartersBefore,
  takeBefore,
  wordOf,
} from './roll-up-marks-day.ts';

/** What the committer calls. */
export interface CommitMarks {
  /** Undefined when nothing must be written first. Throws WriteRefused; called again with the group when it is retried. */
  beforeCommit(group: readonly AdmittedBatch[]): Promise<void> | undefined;
  settled(): void;
  abandoned(): void;
  /**
   * Days of the devices of a gateway with quarter hours that end at or before `before` and are not rolled up. Epoch
   * milliseconds; days that overlap [from, to).
   */
  unfinishedDays?(gateway: string, stretch: { from: number; to: number; before: number }): readonly MarkedDayKey[];
}

/**
 * A day that is over waits until nothing came for it for so long, milliseconds: a past that is being told comes in
 * many commits, and the same day should not be rolled up after each …
 */
export const QUIET_MS = 3_000;
/** … but no longer than this. */
export const MOST_QUIET_MS = 20_000;

/** Days that `mark` writes at once: the event loop is free between. */
const DAYS_PER_WRITE = 1_000;

type Key = [gateway: string, device: string, day: number];

interface MarkedQuarters {
  readonly gateway: string;
  readonly device: string;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  readonly quarters: Quarters;
}

export interface FileRollUpMarksDeps {
  /** Folder of the LMDB environment: `<data>/roll-up-marks`. */
  readonly folder: string;
  readonly clock: Clock;
  readonly freeBytes?: FreeBytes;
}

export class FileRollUpMarks implements RollUpMarks, CommitMarks, Service {
  readonly name = 'marks of roll-ups';
  readonly #clock: Clock;
  readonly #file: LmdbFile<number, Key>;
  readonly #marked = new MarkedDays();
  /** Touched by the group being committed. */
  readonly #flight: DayMarks[] = [];
  /** Days with hours that must be in the file before the group may be committed. */
  readonly #unwritten: DayMarks[] = [];
  #session = '';
  /** Settles when marks may be cleared again. */
  #held: Promise<void> | undefined;

  constructor({ folder, clock, freeBytes }: FileRollUpMarksDeps) {
    this.#clock = clock;
    this.#file = new LmdbFile(folder, freeBytes);
  }

  /** Everything in the file is to be rolled up. */
  async start(): Promise<void> {
    this.#file.open();
    const now = this.#clock.monotonicMs();
    for (const { key, value: hours } of this.#file.db.getRange({})) {
      const [gateway, device, day] = key;
      const marks = this.#marked.dayOf(gateway, device, day);
      marks.durableHours = hours;
      addHours(marks.dirty, hours);
      marks.dirtySinceMs = marks.touchedMs = now - QUIET_MS;
    }
  }

  async stop(): Promise<void> {
    await this.#file.close();
    this.#marked.clear();
    this.#flight.length = 0;
    this.#unwritten.length = 0;
  }

  beforeCommit(group: readonly AdmittedBatch[]): Promise<void> | undefined {
    for (const { gateway, readings, rejected } of group) {
      if (rejected[0]?.index === WHOLE_BATCH || readings.length === 0) continue;
      const devices = this.#marked.devicesOf(gateway);
      let name = '';
      let device: DeviceMarks | undefined;
      for (let index = 0; index < readings.length; index++) {
        const reading = readings[index] as AdmittedBatch['readings'][number];
        if (rejected.length > 0 && rejected.some((one) => one.index === index)) continue;
        if (device === undefined || reading.device !== name) {
          name = reading.device;
          device = getOrCreate(devices, name, () => new DeviceMarks());
        }
        const quarter = Math.floor(reading.time / MARK_MS);
        if (quarter !== device.quarter || device.current === undefined) this.#turn(gateway, name, device, quarter);
        const day = device.current as DayMarks;
        if ((day.flight[device.word] & device.bit) === 0) this.#touch(day, quarter);
      }
    }
    return this.#unwritten.length === 0 ? undefined : this.#writeTouched();
  }

  settled(): void {
    const now = this.#clock.monotonicMs();
    for (const day of this.#flight) {
      if (!day.isDirty) day.dirtySinceMs = now;
      day.touchedMs = now;
      this.#reopenBefore(day, now);
      addAll(day.dirty, day.flight);
      day.flight = NO_QUARTERS;
    }
    this.#flight.length = 0;
  }

  /** The group will not be tried again, and the store may have it or not. */
  abandoned(): void {
    this.settled();
  }

  async claim({ session, before, most }: MarksClaim): Promise<readonly MarkedDay[]> {
    if (session !== this.#session) {
      this.#marked.release();
      this.#session = session;
    }
    const now = this.#clock.monotonicMs();
    const today = Math.floor(this.#clock.now() / MARKED_DAY_MS);
    const claimed: MarkedDay[] = [];
    for (const [number, days] of this.#marked.newestFirst()) {
      const end = quartersBefore(number, before);
      if (end === 0) continue;
      const hours = end === MARKS_PER_DAY ? ALL_HOURS : 2 ** Math.floor(end / 4) - 1;
      for (const day of days) {
        if (claimed.length === most) return claimed;
        if (!day.isDirty) continue;
        if (number < today && now - day.touchedMs < QUIET_MS && now - day.dirtySinceMs < MOST_QUIET_MS) continue;
        const quarters = takeBefore(day.dirty, end);
        const owed = day.owedHours & hours;
        if (isEmpty(quarters) && owed === 0) continue;
        day.claim(quarters, owed, now);
        claimed.push({ ...keyOf(day), quarters: quarterList(quarters), hours: hourList(owed) });
      }
    }
    return claimed;
  }

  /**
   * Until the returned function is called no mark is cleared: `done` waits. A copy of the file that is made meanwhile has
   * every mark whose rows became durable after the call, so it goes with any state of the store since.
   */
  hold(): () => void {
    const { promise, resolve } = heldPromise();
    this.#held = promise;
    return () => {
      if (this.#held === promise) this.#held = undefined;
      resolve();
    };
  }

  async done(session: string, days: readonly RolledUpDay[]): Promise<void> {
    while (this.#held !== undefined) await this.#held;
    if (session !== this.#session || days.length === 0) return;
    const settled: [day: DayMarks, quarters: Readonly<Quarters>, hours: number][] = [];
    const written: [day: DayMarks, hours: number][] = [];
    for (const { gateway, device, day: start, owedHours } of days) {
      const day = this.#marked.find(gateway, device, start / MARKED_DAY_MS);
      if (day === undefined) continue;
      settled.push([day, day.claimed, day.claimedHours]);
      day.claimed = NO_QUARTERS;
      day.claimedHours = 0;
      day.owedHours |= hourBits(owedHours);
    }
    try {
      await this.#file.write(({ put, remove }) => {
        for (const [day] of settled) {
          // Nothing may run between looking at what is needed and forgetting that the rest is in the file.
          const needed = day.hours;
          if ((day.durableHours & ~needed) === 0 && (day.owedHours & ~day.durableHours) === 0) continue;
          day.durableHours &= needed;
          written.push([day, needed]);
          if (needed === 0) remove(fileKeyOf(day));
          else put(fileKeyOf(day), needed);
        }
      });
    } catch (error) {
      for (const [day, quarters, hours] of settled) {
        addAll(day.dirty, quarters);
        day.owedHours |= hours;
        day.dirtySinceMs = Math.min(day.dirtySinceMs, day.claimedSinceMs);
      }
      throw error;
    }
    for (const [day, hours] of written) day.durableHours |= hours;
    for (const [day] of settled) this.#marked.forgetIfIdle(day);
  }

  async release(session: string): Promise<void> {
    if (session !== this.#session) return;
    this.#marked.release();
  }

  async mark(stretches: readonly MarkedStretch[]): Promise<void> {
    let days: MarkedQuarters[] = [];
    for (const { gateway, device, from, to } of stretches) {
      const end = Math.ceil(to / MARK_MS);
      for (let quarter = Math.floor(from / MARK_MS); quarter < end; ) {
        const day = Math.floor(quarter / MARKS_PER_DAY);
        const next = Math.min(end, (day + 1) * MARKS_PER_DAY);
        const quarters: Quarters = [0, 0, 0, 0];
        addRange(quarters, quarter - day * MARKS_PER_DAY, next - day * MARKS_PER_DAY);
        days.push({ gateway, device, day, quarters });
        quarter = next;
        if (days.length === DAYS_PER_WRITE) {
          await this.#writeMarked(days);
          days = [];
        }
      }
    }
    if (days.length > 0) await this.#writeMarked(days);
  }

  async status(before: number): Promise<MarksStatus> {
    return this.#marked.status(before, this.#clock.now(), this.#clock.monotonicMs());
  }

  unfinishedDays(gateway: string, stretch: { from: number; to: number; before: number }): MarkedDayKey[] {
    return this.#marked.unfinished(gateway, stretch);
  }

  /** Makes the quarter hour the one that the device's readings are expected in. */
  #turn(gateway: string, name: string, device: DeviceMarks, quarter: number): void {
    const number = Math.floor(quarter / MARKS_PER_DAY);
    const inDay = quarter - number * MARKS_PER_DAY;
    if (device.current?.day !== number) device.current = this.#marked.dayOf(gateway, name, number);
    device.quarter = quarter;
    device.word = wordOf(inDay);
    device.bit = bitOf(inDay);
  }

  #touch(day: DayMarks, quarter: number): void {
    const inDay = quarter - day.day * MARKS_PER_DAY;
    if (!day.isInFlight) {
      this.#flight.push(day);
      day.flight = [0, 0, 0, 0];
    }
    (day.flight as Quarters)[wordOf(inDay)] |= bitOf(inDay);
    const hour = 1 << Math.floor(inDay / 4);
    if ((day.durableHours & hour) !== 0) return;
    const isOver = (day.day + 1) * MARKED_DAY_MS <= this.#clock.now();
    if (day.unwrittenHours === 0) this.#unwritten.push(day);
    day.unwrittenHours |= isOver ? ALL_HOURS : hour;
  }

  async #writeTouched(): Promise<void> {
    const days = [...this.#unwritten];
    await this.#file.write(({ put }) => {
      for (const day of days) put(fileKeyOf(day), day.durableHours | day.unwrittenHours | day.hours);
    });
    for (const day of days) {
      day.durableHours |= day.unwrittenHours;
      day.unwrittenHours = 0;
    }
    this.#unwritten.length = 0;
  }

  async #writeMarked(days: readonly MarkedQuarters[]): Promise<void> {
    const written: [day: DayMarks, hours: number][] = [];
    await this.#file.write(({ put }) => {
      const now = this.#clock.monotonicMs();
      for (const { gateway, device, day: number, quarters } of days) {
        const day = this.#marked.dayOf(gateway, device, number);
        if (!day.isDirty) day.dirtySinceMs = now;
        addAll(day.dirty, quarters);
        const hours = day.durableHours | day.hours;
        put(fileKeyOf(day), hours);
        written.push([day, hours]);
      }
    });
    for (const [day, hours] of written) day.durableHours |= hours;
  }

  /**
   * The first reading after a quarter hour tells how much was counted in its last minutes. It is marked again in memory
   * only: after a kill, the mark of that reading opens it as well.
   */
  #reopenBefore(day: DayMarks, now: number): void {
    for (let word = 0; word < 4; word++) {
      const fresh = (day.flight[word] as number) & ~(day.dirty[word] as number);
      if (fresh === 0) continue;
      day.dirty[word] = (day.dirty[word] as number) | (fresh >> 1);
      if ((fresh & 1) === 0) continue;
      const last = 1 << 23;
      if (word > 0) day.dirty[word - 1] = (day.dirty[word - 1] as number) | last;
      else {
        const before = this.#marked.dayOf(day.gateway, day.device, day.day - 1);
        if (!before.isDirty) before.dirtySinceMs = now;
        before.touchedMs = now;
        before.dirty[3] |= last;
      }
    }
  }
}

function heldPromise(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function fileKeyOf({ gateway, device, day }: DayMarks): Key {
  return [gateway, device, day];
}
