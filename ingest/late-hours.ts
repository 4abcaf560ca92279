/**
 * How many stored readings came late, by gateway and hour (UTC) of their time. Bounded in all: the days that were
 * touched longest ago are forgotten first.
 */
import type { CountedEvidence } from '../contract/gateway-evidence.ts';

export const MOST_LATE_DAYS = 20_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One count for each hour of a UTC day. */
export type LateDay = readonly number[];

interface Day {
  readonly gateway: string;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  readonly hours: number[];
}

export class LateHours {
  readonly #days = new Map<string, Day>();
  readonly #changed = new Set<string>();
  /** Forgotten since the last take. */
  readonly #forgotten = new Set<string>();
  #current: Day | undefined;

  load(gateway: string, day: number, hours: LateDay): void {
    this.#days.set(`${gateway}/${day}`, { gateway, day, hours: [...hours] });
  }

  count(gateway: string, time: number): void {
    const number = Math.floor(time / DAY_MS);
    let day = this.#current;
    if (day?.day !== number || day.gateway !== gateway) {
      day = this.#touch(gateway, number);
      this.#current = day;
    }
    const hour = Math.floor((time - number * DAY_MS) / HOUR_MS);
    day.hours[hour] = (day.hours[hour] ?? 0) + 1;
  }

  /** Of readings in [from, to); hours that the ends cut count whole when they begin inside. */
  of(gateway: string, from: number, to: number): CountedEvidence[] {
    const found: CountedEvidence[] = [];
    for (let number = Math.floor(from / DAY_MS); number * DAY_MS < to; number++) {
      const day = this.#days.get(`${gateway}/${number}`);
      if (day === undefined) continue;
      for (const [hour, count] of day.hours.entries()) {
        const start = number * DAY_MS + hour * HOUR_MS;
        if (count > 0 && start >= from && start < to) found.push({ from: start, to: start + HOUR_MS, count });
      }
    }
    return found;
  }

  /** What must be written; without hours: forgotten. */
  takeChanged(): { gateway: string; day: number; hours: LateDay | undefined }[] {
    const changed = [...this.#changed].flatMap((key) => {
      const day = this.#days.get(key);
      return day === undefined ? [] : [{ ...day, hours: [...day.hours] as LateDay | undefined }];
    });
    for (const key of this.#forgotten) {
      const slash = key.lastIndexOf('/');
      changed.push({ gateway: key.slice(0, slash), day: Number(key.slice(slash + 1)), hours: undefined });
    }
    this.#changed.clear();
    this.#forgotten.clear();
    // The next reading marks its day as changed again.
    this.#current = undefined;
    return changed;
  }

  /** Makes it the day that was touched last. */
  #touch(gateway: string, number: number): Day {
    const key = `${gateway}/${number}`;
    const day = this.#days.get(key) ?? { gateway, day: number, hours: Array.from({ length: 24 }, () => 0) };
    this.#days.delete(key);
    this.#days.set(key, day);
    this.#changed.add(key);
    this.#forgotten.delete(key);
    for (const oldest of this.#days.keys()) {
      if (this.#days.size <= MOST_LATE_DAYS) break;
      this.#days.delete(oldest);
      this.#changed.delete(oldest);
      this.#forgotten.add(oldest);
    }
    return day;
  }
}
