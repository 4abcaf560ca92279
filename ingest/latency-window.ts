/** Percentiles over the last one to two windows, from a logarithmic histogram: 5 % wide buckets from 0.1 ms to hours. */

const GROWTH = Math.log(1.05);
const FIRST_MS = 0.1;
const BUCKETS = 400;

export class LatencyWindow {
  readonly #windowMs: number;
  #current = new Float64Array(BUCKETS);
  #previous = new Float64Array(BUCKETS);
  #turnedMs = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  record(latencyMs: number, nowMs: number): void {
    this.#turn(nowMs);
    const bucket =
      latencyMs <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(latencyMs / FIRST_MS) / GROWTH));
    this.#current[bucket] = (this.#current[bucket] ?? 0) + 1;
  }

  /** Upper edge of the bucket in which the share lies, milliseconds; undefined when nothing was recorded lately. */
  percentile(share: number, nowMs: number): number | undefined {
    this.#turn(nowMs);
    let total = 0;
    for (let i = 0; i < BUCKETS; i++) total += this.#both(i);
    if (total === 0) return undefined;
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#both(i);
      if (seen >= total * share) return FIRST_MS * Math.exp(i * GROWTH);
    }
    return undefined;
  }

  #both(bucket: number): number {
    return (this.#current[bucket] ?? 0) + (this.#previous[bucket] ?? 0);
  }

  #turn(nowMs: number): void {
    const age = nowMs - this.#turnedMs;
    if (age < this.#windowMs) return;
    const spare = this.#previous;
    this.#previous = age < 2 * this.#windowMs ? this.#current : new Float64Array(BUCKETS);
    this.#current = spare.fill(0);
    this.#turnedMs = nowMs;
  }
}
