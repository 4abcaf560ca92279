/**
 * One answer for all who ask at about the same time. It is made again when it is older than `keepMs`, or than ten times
 * what making it takes (twenty seconds at most); while it is made again the old one is given, unless that is older than STALE_MS.
 */
import type { Clock } from '../../../runtime/clock.ts';

const SHARE_OF_TIME = 10;
const MOST_KEPT_MS = 20_000;
const STALE_MS = 30_000;

export class SharedAnswer<T> {
  readonly #clock: Clock;
  readonly #make: () => Promise<T>;
  readonly #keepMs: number;
  #answer: { readonly value: T; readonly at: number; readonly costMs: number } | undefined;
  #making: Promise<T> | undefined;

  constructor(deps: { clock: Clock; make: () => Promise<T>; keepMs: number }) {
    this.#clock = deps.clock;
    this.#make = deps.make;
    this.#keepMs = deps.keepMs;
  }

  /** Throws what `make` throws, when there is no answer young enough. */
  async get(): Promise<T> {
    const answer = this.#answer;
    const age = answer === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() - answer.at;
    if (answer !== undefined && age <= this.#keptMs(answer)) return answer.value;
    const making = this.#again();
    if (answer === undefined || age > Math.max(STALE_MS, 2 * SHARE_OF_TIME * answer.costMs)) return await making;
    // Whoever asks when the old one is too old is told why there is none.
    making.catch(() => undefined);
    return answer.value;
  }

  /** The last answer, however old, and undefined before the first; never waits. It is renewed behind it. */
  last(): { readonly value: T; readonly at: number } | undefined {
    const answer = this.#answer;
    const age = answer === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() - answer.at;
    // A failure leaves the old answer; the next call tries again, and `at` says how old it is.
    if (answer === undefined || age > this.#keptMs(answer)) {
      this.#again().catch(() => undefined);
    }
    return answer;
  }

  #keptMs({ costMs }: { readonly costMs: number }): number {
    return Math.max(this.#keepMs, Math.min(SHARE_OF_TIME * costMs, MOST_KEPT_MS));
  }

  #again(): Promise<T> {
    this.#making ??= this.#time().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #time(): Promise<T> {
    const start = this.#clock.monotonicMs();
    const value = await this.#make();
    const at = this.#clock.monotonicMs();
    this.#answer = { value, at, costMs: at - start };
    return value;
  }
}
