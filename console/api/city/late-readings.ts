/**
 * Which days of which gateways got readings after the fact: history being loaded, a backlog after an outage. What was
 * read of such a day before is out of date. A commit pays a comparison a reading.
 */
import type { Committed } from '../../../ingest/ingest-view.ts';
import { DAY_MS } from './bucket-days.ts';

/** Younger readings belong to the tail, which is read again anyway. */
export const TAIL_MS = 1_800_000;
const MOST_REMEMBERED = 50_000;

export class LateReadings {
  readonly #generationByDay = new Map<string, number>();
  /** Of everything that is not remembered. */
  #oldest = 0;
  #generation = 0;

  take({ gateway, readings }: Committed, now: number): void {
    const late = now - TAIL_MS;
    let known = Number.NaN;
    for (const { time } of readings) {
      if (time >= late) continue;
      const day = Math.floor(time / DAY_MS);
      if (day === known) continue;
      known = day;
      this.#mark(`${gateway} ${day}`);
    }
  }

  /** Rises whenever the day of that gateway got late readings. */
  of(gateway: string, day: number): number {
    return this.#generationByDay.get(`${gateway} ${day}`) ?? this.#oldest;
  }

  /** Readings may have come that nobody told of: any day may have got some. */
  forgetAll(): void {
    this.#generationByDay.clear();
    this.#oldest = ++this.#generation;
  }

  #mark(key: string): void {
    if (this.#generationByDay.size >= MOST_REMEMBERED) this.forgetAll();
    this.#generationByDay.set(key, ++this.#generation);
  }
}
