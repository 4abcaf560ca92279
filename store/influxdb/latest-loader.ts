/** Fills the latest values from the server once it can be reached, trying again with back-off; the server may be down at start. */
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { type BackOff, fullJitterMs } from '../../runtime/retry.ts';

const BACK_OFF: BackOff = { firstMs: 1_000, mostMs: 60_000 };

export class LatestLoader {
  readonly #load: () => Promise<void>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  #isLoaded = false;
  #isStopped = false;
  #attempt: Promise<void> | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #lastWords = '';

  /** `load` rejects when the server cannot answer, and may be run again then. */
  constructor(deps: { load: () => Promise<void>; clock: Clock; random: Random; log: Log }) {
    this.#load = deps.load;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#log = deps.log;
  }

  start(): void {
    this.#try().catch(() => {});
  }

  /** Resolves when nothing is going on any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#attempt?.catch(() => {});
  }

  /** Resolves when everything is loaded; tries at once, and throws what hindered that. */
  async ready(): Promise<void> {
    if (this.#isLoaded) return;
    const running = this.#attempt;
    if (running !== undefined) {
      // It may have begun before what hinders it was mended.
      await running.catch(() => {});
      if (this.#isLoaded) return;
    }
    await this.#try();
  }

  #try(): Promise<void> {
    this.#timer?.cancel();
    this.#attempt ??= this.#load()
      .then(
        () => {
          this.#isLoaded = true;
          if (this.#lastWords !== '') this.#log.info('the latest values are loaded from the store');
        },
        (error: unknown) => {
          this.#failed(error);
          throw error;
        },
      )
      .finally(() => {
        this.#attempt = undefined;
      });
    return this.#attempt;
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    const words = error instanceof Error ? error.message : String(error);
    if (words !== this.#lastWords)
      this.#log.warn({ error: words }, 'the latest values cannot be loaded from the store yet');
    this.#lastWords = words;
    this.#timer = this.#clock.after(fullJitterMs(BACK_OFF, this.#failures++, this.#random), () => this.start());
  }
}
