/**
 * What was committed since the last look, for readers in another process, at a bounded price: readings themselves while
 * there are few, and beyond that only which days of which gateways got late ones. A city that catches up commits more
 * than anybody can look at.
 */
import type { Committed } from '../../ingest/ingest-view.ts';

const MOST_READINGS = 2_000;
const DAY_MS = 86_400_000;
/** Younger readings are read again anyway; far below what the console takes for late. */
const LATE_AFTER_MS = 600_000;

export class CommittedNews {
  #committed: Committed[] = [];
  #readings = 0;
  #lateDays = new Map<string, Set<number>>();

  add(news: Committed, now: number): void {
    if (this.#readings < MOST_READINGS) {
      this.#committed.push(news);
      this.#readings += news.readings.length;
      return;
    }
    const late = now - LATE_AFTER_MS;
    let known = Number.NaN;
    for (const { time } of news.readings) {
      const day = Math.floor(time / DAY_MS);
      if (day === known || time >= late) continue;
      known = day;
      let days = this.#lateDays.get(news.gateway);
      if (days === undefined) {
        days = new Set();
        this.#lateDays.set(news.gateway, days);
      }
      days.add(day);
    }
  }

  /** `late`: beginnings of UTC days, epoch milliseconds, of which readings came that are not in `committed`. */
  take(): { committed: readonly Committed[]; late: readonly (readonly [gateway: string, day: number])[] } {
    const late = [...this.#lateDays].flatMap(([gateway, days]) =>
      [...days].map((day) => [gateway, day * DAY_MS] as const),
    );
    const committed = this.#committed;
    this.#committed = [];
    this.#readings = 0;
    this.#lateDays = new Map();
    return { committed, late };
  }
}
