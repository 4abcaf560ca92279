/** Percentiles at a fixed price: a logarithmic histogram, buckets 5 % wide from 0.1 ms to hours. */

const GROWTH = Math.log(1.05);
const FIRST_MS = 0.1;
const BUCKETS = 400;

export class LatencyHistogram {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #mostMs = 0;

  get count(): number {
    return this.#count;
  }

  /** The longest that was recorded, milliseconds. */
  get mostMs(): number {
    return this.#mostMs;
  }

  record(latencyMs: number): void {
    const bucket =
      latencyMs <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(latencyMs / FIRST_MS) / GROWTH));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    this.#mostMs = Math.max(this.#mostMs, latencyMs);
  }

  /** Upper edge of the bucket in which the share lies, milliseconds; undefined when nothing was recorded. */
  percentile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#buckets[i] ?? 0;
      if (seen >= this.#count * share) return Math.min(this.#mostMs, FIRST_MS * Math.exp(i * GROWTH));
    }
    return this.#mostMs;
  }

  reset(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#mostMs = 0;
  }
}
