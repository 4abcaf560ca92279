/**
 * Readings of a source that cannot be asked again, on their way to the disk: bounded, tried again while the disk
 * refuses, and counted as lost when there is no room left.
 */
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { fullJitterMs } from '../../runtime/retry.ts';
import type { ReadingSink, SourceReading } from './source.ts';

/** Readings kept in memory, about 4 MB, before they are lost. */
const MOST_WAITING = 20_000;
const MOST_AT_ONCE = 1_000;
const BACK_OFF = { firstMs: 500, mostMs: 30_000 };

export class ReadingQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #most: number;
  #sink: ReadingSink | undefined;
  #waiting: SourceReading[] = [];
  #writing: Promise<void> | undefined;
  #isStopping = false;
  #timer: Timer | undefined;
  #wakeUp: (() => void) | undefined;
  #delivered = 0;
  #lost = 0;
  #fault = '';

  constructor(deps: { clock: Clock; random: Random; most?: number }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#most = deps.most ?? MOST_WAITING;
  }

  start(sink: ReadingSink): void {
    this.#sink = sink;
    this.#isStopping = false;
  }

  /** Tries what still waits once more; what the disk does not take then is lost, and counted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#wakeUp?.();
    await this.#writing;
    this.#lost += this.#waiting.length;
    this.#waiting = [];
  }

  get delivered(): number {
    return this.#delivered;
  }

  get lost(): number {
    return this.#lost;
  }

  /** Why the disk refuses, in words; empty when it does not. */
  get fault(): string {
    return this.#fault;
  }

  add(readings: readonly SourceReading[]): void {
    const takenMonotonicMs = this.#clock.monotonicMs();
    for (const reading of readings) {
      if (this.#waiting.length >= this.#most || this.#isStopping) this.#lost++;
      else this.#waiting.push(reading.time === undefined ? { takenMonotonicMs, ...reading } : reading);
    }
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  /** To be called while something waits. Says that it is over in the moment in which nothing waits any more. */
  async #write(): Promise<void> {
    for (let attempt = 0; this.#waiting.length > 0; ) {
      const some = this.#waiting.slice(0, MOST_AT_ONCE);
      try {
        await this.#sink?.append(some);
        this.#waiting = this.#waiting.slice(some.length);
        this.#delivered += some.length;
        this.#fault = '';
        attempt = 0;
      } catch (error) {
        this.#fault = `the disk refuses readings: ${(error as Error).message}`;
        if (this.#isStopping) break;
        await this.#wait(BACK_OFF.firstMs + fullJitterMs(BACK_OFF, attempt++, this.#random));
      }
    }
    this.#writing = undefined;
  }

  async #wait(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      this.#timer = this.#clock.after(delayMs, resolve);
    });
    this.#wakeUp = undefined;
  }
}
