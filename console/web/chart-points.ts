/** The points of the live chart: backfilled from the API, then grown by the stream, never longer than the window. */
import type { SeriesReply } from '../api/replies.ts';
import { getJson } from './api-client.ts';
import { type ChartSource, isPartOf, isTotal } from './chart-source.ts';
import type { City, CityValue } from './city.ts';

export const WINDOW_MS = 15 * 60_000;
/** Without a point for this long the line is broken: missing is not the same as unchanged. */
const GAP_MS = 120_000;
/** A meter is added up as long as its newest value is not older; the server holds it as long. */
const HOLD_MS = 120_000;
const BUCKET = '5s';

export class ChartPoints {
  readonly source: ChartSource;
  readonly #city: City;
  #times: number[] = [];
  #values: number[] = [];

  constructor(city: City, source: ChartSource) {
    this.#city = city;
    this.source = source;
  }

  get last(): { time: number; value: number } | undefined {
    const time = this.#times.at(-1);
    const value = this.#values.at(-1);
    return time === undefined || value === undefined ? undefined : { time, value };
  }

  get length(): number {
    return this.#times.length;
  }

  /** Replaces what the API knows better; keeps what came since. */
  async backfill(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ metric: this.source.metric, device: this.source.device, from: '-15m' });
    if (isTotal(this.source)) {
      query.set('every', BUCKET);
      query.set('total', 'true');
    }
    const reply = await getJson<SeriesReply>(`/api/series?${query}`, signal);
    const points = reply.total ?? reply.series[0]?.points ?? [];
    // The newest bucket is not over yet, so its sum would jump.
    const known = reply.total === undefined ? points : points.slice(0, -1);
    const until = known.at(-1)?.time_ms ?? Number.NEGATIVE_INFINITY;
    const later = this.#times.findIndex((time) => time > until);
    const keep = later < 0 ? this.#times.length : later;
    this.#times = [...known.map((point) => point.time_ms), ...this.#times.slice(keep)];
    this.#values = [...known.map((point) => point.value), ...this.#values.slice(keep)];
  }

  /** New values of the stream. A sum gets one point per second, from `tick`. */
  take(news: readonly CityValue[]): boolean {
    if (isTotal(this.source)) return false;
    let grew = false;
    for (const value of news) {
      if (!isPartOf(this.source, value) || value.time <= (this.#times.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
      this.#times.push(value.time);
      this.#values.push(value.value);
      grew = true;
    }
    return grew;
  }

  /** Adds the sum as it is now. */
  tick(): void {
    const now = this.#city.now();
    if (isTotal(this.source) && this.#city.connection === 'live') {
      let sum = 0;
      let devices = 0;
      for (const value of this.#city.valueByKey.values()) {
        if (!isPartOf(this.source, value) || now - value.time > HOLD_MS) continue;
        sum += value.value;
        devices++;
      }
      if (devices > 0 && now > (this.#times.at(-1) ?? 0)) {
        this.#times.push(now);
        this.#values.push(sum);
      }
    }
    let gone = 0;
    while ((this.#times[gone] ?? Number.POSITIVE_INFINITY) < now - WINDOW_MS) gone++;
    if (gone > 0) {
      this.#times.splice(0, gone);
      this.#values.splice(0, gone);
    }
  }

  /** As uPlot takes it: seconds, and null where the line is broken. */
  columns(): [number[], (number | null)[]] {
    const times: number[] = [];
    const values: (number | null)[] = [];
    for (const [index, time] of this.#times.entries()) {
      const before = this.#times[index - 1];
      if (before !== undefined && time - before > GAP_MS) {
        times.push((before + time) / 2_000);
        values.push(null);
      }
      times.push(time / 1_000);
      values.push(this.#values[index] ?? null);
    }
    return [times, values];
  }
}
