/**
 * A source whose readings are computed instead of measured: a feed tells what a device would have said since a cursor.
 *
 * The cursor is written in the transaction of its readings, so that after a restart or an outage the feed goes on
 * exactly there: nothing twice, nothing left out. A hole is filled in paced steps.
 */
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { fullJitterMs } from '../../runtime/retry.ts';
import { Pace } from '../pace.ts';
import type { ReadingSink, Source, SourceReading, SourceState } from './source.ts';

export interface FeedStep {
  readonly readings: readonly SourceReading[];
  /** Where the feed stands after these readings. */
  readonly cursor: string;
}

export interface Feed {
  /**
   * The steps from a cursor (undefined: from the feed's own beginning) up to `now`, epoch milliseconds. Deterministic:
   * the same cursor gives the same readings. Small steps, made one by one: a hole may be a year long.
   */
  readingsUpTo(cursor: string | undefined, now: number): Iterable<FeedStep>;
  /** Takes who is to be told that there is more at once, before the feed is asked again by itself. */
  onMore?(listener: () => void): void;
}

export interface SimulatedSourceOptions {
  readonly name: string;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often the feed is asked, also while it has more to tell: what is new may come before what is old. */
  readonly everyMs?: number;
  /** A hole is filled no faster than this. */
  readonly readingsPerS?: number;
}

const EVERY_MS = 1_000;
const READINGS_PER_S = 5_000;
const BACK_OFF = { firstMs: 500, mostMs: 30_000 };

export class SimulatedSource implements Source {
  readonly name: string;
  readonly #options: SimulatedSourceOptions;
  readonly #pace: Pace;
  #running: Promise<void> | undefined;
  #isStopping = false;
  #isMore = false;
  #wakeUp: (() => void) | undefined;
  #timer: Timer | undefined;
  #state: SourceState['state'] = 'stopped';
  #detail = '';
  #readings = 0;

  constructor(options: SimulatedSourceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#pace = new Pace(options.clock, options.readingsPerS ?? READINGS_PER_S);
  }

  async start(sink: ReadingSink): Promise<void> {
    this.#isStopping = false;
    this.#state = 'starting';
    this.#options.feed.onMore?.(() => {
      this.#isMore = true;
      this.#wakeUp?.();
    });
    this.#running = this.#run(sink);
  }

  /** Resolves when the append under way is done. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#wakeUp?.();
    await this.#running;
    this.#state = 'stopped';
  }

  state(): SourceState {
    const { name } = this;
    return { name, kind: 'simulated', state: this.#state, detail: this.#detail, readings: this.#readings, refused: 0 };
  }

  async #run(sink: ReadingSink): Promise<void> {
    const { feed, clock, log, everyMs = EVERY_MS } = this.#options;
    while (!this.#isStopping) {
      const askedAt = clock.monotonicMs();
      this.#isMore = false;
      try {
        for (const step of feed.readingsUpTo(sink.cursor(), clock.now())) {
          await this.#deliver(step, sink);
          if (this.#isStopping) return;
          await this.#wait(this.#pace.waitMs());
          if (this.#isStopping) return;
          if (clock.monotonicMs() - askedAt >= everyMs) {
            this.#isMore = true;
            break;
          }
        }
        this.#well();
      } catch (error) {
        // The feed itself is broken: nothing of it is lost, it is asked again from the durable cursor.
        this.#fail(`the feed failed: ${(error as Error).message}`);
        log.error({ source: this.name, error: (error as Error).message }, 'a simulated feed failed');
      }
      if (!this.#isMore) await this.#wait(everyMs);
    }
  }

  /** Tries the same step until the disk takes it. */
  async #deliver(step: FeedStep, sink: ReadingSink): Promise<void> {
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        await sink.append(step.readings, step.cursor);
        this.#readings += step.readings.length;
        this.#pace.spend(step.readings.length);
        this.#well();
        return;
      } catch (error) {
        const words = `the disk refuses readings: ${(error as Error).message}`;
        if (this.#detail !== words) this.#options.log.error({ source: this.name }, words);
        this.#fail(words);
        await this.#wait(BACK_OFF.firstMs + fullJitterMs(BACK_OFF, attempt, this.#options.random));
      }
    }
  }

  #well(): void {
    this.#state = 'running';
    this.#detail = '';
  }

  #fail(words: string): void {
    this.#state = 'failing';
    this.#detail = words.slice(0, 500);
  }

  /** Waits, or until `stop`. */
  async #wait(delayMs: number): Promise<void> {
    if (delayMs <= 0 || this.#isStopping) return;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      this.#timer = this.#options.clock.after(delayMs, resolve);
    });
    this.#wakeUp = undefined;
  }
}
