/**
 * The newest values since the last look, gathered from commits at a bounded price.
 * About `MOST_VALUES` values are taken between two looks; readings beyond are counted as skipped and can be read with
 * /api/latest. The commit path pays one comparison then, so a city that catches up does not slow ingest down.
 */
import type { Committed } from '../../ingest/ingest-view.ts';

const MOST_VALUES = 2_000;
/** Series whose last value sent is remembered, so that an unchanged one is not sent again. */
const MOST_REMEMBERED = 100_000;

export interface LiveValue {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: number;
}

export class LiveValues {
  readonly #newest = new Map<string, LiveValue>();
  readonly #sent = new Map<string, { time: number; value: number }>();
  #taken = 0;
  #skipped = 0;

  add(news: Committed): void {
    for (const [index, reading] of news.readings.entries()) {
      if (this.#taken >= MOST_VALUES) {
        this.#skipped += news.readings.length - index;
        return;
      }
      for (const [metric, value] of Object.entries(reading.values)) {
        this.#taken++;
        const key = `${news.gateway}/${reading.device}/${metric}`;
        const known = this.#newest.get(key) ?? this.#sent.get(key);
        // A backlog brings old readings; they belong to the past of the chart, not to "now".
        if (known !== undefined && reading.time < known.time) continue;
        this.#newest.set(key, { gateway: news.gateway, device: reading.device, metric, time: reading.time, value });
      }
    }
  }

  /** What is new since the last call. */
  take(): { values: LiveValue[]; skipped: number } {
    const values: LiveValue[] = [];
    for (const [key, value] of this.#newest) {
      const sent = this.#sent.get(key);
      if (sent !== undefined && sent.time === value.time && sent.value === value.value) continue;
      if (sent !== undefined || this.#sent.size < MOST_REMEMBERED) {
        this.#sent.set(key, { time: value.time, value: value.value });
      }
      values.push(value);
    }
    const skipped = this.#skipped;
    this.#newest.clear();
    this.#taken = 0;
    this.#skipped = 0;
    return { values, skipped };
  }

  clear(): void {
    this.#newest.clear();
    this.#sent.clear();
    this.#taken = 0;
    this.#skipped = 0;
  }
}
