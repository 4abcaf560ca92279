/** A steady rate with a little credit: what may be spent now, and when it may be again. */
import type { Clock } from '../runtime/clock.ts';

export class Pace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #credit: number;
  #at: number;

  /** `burst` is the credit that an idle second saves up at most; it may go into debt by one `spend`. */
  constructor(clock: Clock, perSecond: number, burst: number = perSecond) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#credit = burst;
    this.#at = clock.monotonicMs();
  }

  /** Milliseconds until something may be spent; 0 when it may be now. */
  waitMs(): number {
    const now = this.#clock.monotonicMs();
    this.#credit = Math.min(this.#burst, this.#credit + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    return this.#credit > 0 ? 0 : Math.ceil(((1 - this.#credit) * 1_000) / this.#perSecond);
  }

  spend(amount: number): void {
    this.#credit -= amount;
  }
}
