/** A token bucket that may go into debt, so that what has been read is never cut in two. */
import type { Clock } from '../runtime/clock.ts';

export interface TokenRate {
  readonly perSecond: number;
  /** Tokens in a full bucket. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: TokenRate;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(rate: TokenRate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#filledAt = clock.monotonicMs();
  }

  take(amount: number): void {
    this.#tokens -= amount;
  }

  /**
   * Milliseconds until something may be taken again; 0 when it may now.
   * The clock is asked only when the bucket is empty: while there are tokens it costs one comparison. The price is
   * that a connection that was idle may spend two bursts instead of one.
   */
  waitMs(): number {
    if (this.#tokens >= 1) return 0;
    const now = this.#clock.monotonicMs();
    const gained = ((now - this.#filledAt) * this.#rate.perSecond) / 1_000;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens >= 1) return 0;
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1_000) / this.#rate.perSecond));
  }

  /** Takes one token if there is one. */
  tryTake(): boolean {
    if (this.waitMs() > 0) return false;
    this.take(1);
    return true;
  }
}
