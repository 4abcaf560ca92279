/** The days of devices that have marks, in memory: found by gateway and device, and by day. No file, no clock. */
import { MARK_MS, MARKED_DAY_MS, type MarkedDayKey, type MarksStatus } from '../contract/roll-up-marks.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import {
  addAll,
  both,
  countOf,
  DayMarks,
  firstOf,
  isEmpty,
  type Quarters,
  quartersBefore,
  takeBefore,
} from './roll-up-marks-day.ts';

/** The marks of a device, and where its last reading fell. */
export class DeviceMarks {
  /** Nearly always today's only, so that a map would be larger than what is in it; the newest last. */
  days: readonly DayMarks[] = [];
  /** Quarter hour since 1970 of the reading before; the next one mostly lies in it too. */
  quarter = -1;
  current: DayMarks | undefined;
  word: 0 | 1 | 2 | 3 = 0;
  bit = 0;

  day(number: number): DayMarks | undefined {
    return this.days.findLast(({ day }) => day === number);
  }
}

export class MarkedDays {
  readonly #gateways = new Map<string, Map<string, DeviceMarks>>();
  readonly #byDay = new Map<number, Set<DayMarks>>();

  clear(): void {
    this.#gateways.clear();
    this.#byDay.clear();
  }

  devicesOf(gateway: string): Map<string, DeviceMarks> {
    return getOrCreate(this.#gateways, gateway, () => new Map<string, DeviceMarks>());
  }

  find(gateway: string, device: string, number: number): DayMarks | undefined {
    return this.#gateways.get(gateway)?.get(device)?.day(number);
  }

  /** By day, as days since 1970-01-01 UTC. */
  newestFirst(): [number: number, days: ReadonlySet<DayMarks>][] {
    return [...this.#byDay].sort(([a], [b]) => b - a);
  }

  /** Whatever is claimed can be claimed again. */
  release(): void {
    for (const days of this.#byDay.values()) for (const day of days) day.release();
  }

  /** What of quarter hours that end at or before `before` waits; `now` in epoch, `monotonicMs` in monotonic milliseconds. */
  status(before: number, now: number, monotonicMs: number): MarksStatus {
    let [quarters, days, oldestMs] = [0, 0, 0];
    let earliestDay: number | undefined;
    for (const [number, ofDay] of this.#byDay) {
      const end = quartersBefore(number, before);
      if (end === 0) continue;
      for (const day of ofDay) {
        const dirty = takeBefore([...day.dirty], end);
        const over = takeBefore(both(dirty, day.claimed), end);
        if (isEmpty(over)) continue;
        quarters += countOf(over);
        days++;
        const since = Math.min(
          isEmpty(dirty) ? Number.POSITIVE_INFINITY : day.dirtySinceMs,
          isEmpty(day.claimed) ? Number.POSITIVE_INFINITY : day.claimedSinceMs,
        );
        const overSince = number * MARKED_DAY_MS + (firstOf(over) + 1) * MARK_MS;
        oldestMs = Math.max(oldestMs, Math.min(monotonicMs - since, now - overSince));
        if (earliestDay === undefined || number < earliestDay) earliestDay = number;
      }
    }
    return {
      quarters,
      days,
      oldestMs,
      earliestDay: earliestDay === undefined ? undefined : earliestDay * MARKED_DAY_MS,
    };
  }

  /** Days of the devices of a gateway that overlap [from, to) and have quarter hours that wait, ending at or before `before`. */
  unfinished(gateway: string, { from, to, before }: { from: number; to: number; before: number }): MarkedDayKey[] {
    const found: MarkedDayKey[] = [];
    for (const { days } of this.#gateways.get(gateway)?.values() ?? []) {
      for (const day of days) {
        const start = day.day * MARKED_DAY_MS;
        if (start >= to || start + MARKED_DAY_MS <= from) continue;
        const waiting: Quarters = [...day.dirty];
        addAll(waiting, day.claimed);
        addAll(waiting, day.flight);
        if (!isEmpty(takeBefore(waiting, quartersBefore(day.day, before)))) found.push(keyOf(day));
      }
    }
    return found;
  }

  /** Made when it is not there. `number`: days since 1970-01-01 UTC. */
  dayOf(gateway: string, name: string, number: number): DayMarks {
    const device = getOrCreate(this.devicesOf(gateway), name, () => new DeviceMarks());
    const known = device.day(number);
    if (known !== undefined) return known;
    const day = new DayMarks(gateway, name, number);
    device.days = device.days.concat(day);
    getOrCreate(this.#byDay, number, () => new Set<DayMarks>()).add(day);
    return day;
  }

  /** Takes a day out that has no marks, in memory or in the file. */
  forgetIfIdle(day: DayMarks): void {
    if (day.hours !== 0 || day.unwrittenHours !== 0 || day.durableHours !== 0) return;
    const device = this.#gateways.get(day.gateway)?.get(day.device);
    // Another object may stand in its place by now.
    if (device === undefined || !device.days.includes(day)) return;
    device.days = device.days.filter((one) => one !== day);
    if (device.current === day) device.current = undefined;
    const ofDay = this.#byDay.get(day.day);
    ofDay?.delete(day);
    if (ofDay?.size === 0) this.#byDay.delete(day.day);
  }
}

export function keyOf({ gateway, device, day }: DayMarks): MarkedDayKey {
  return { gateway, device, day: day * MARKED_DAY_MS };
}
