/** What a source could not use: counted, the latest kept as examples, and logged without flooding the log. */
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

export interface Refusal {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly topic: string;
  /** What is wrong, naming the field. */
  readonly words: string;
  /** The beginning of the message, as text. */
  readonly excerpt: string;
}

const MOST_EXAMPLES = 20;
const EXCERPT_BYTES = 200;
const LOG_EVERY_MS = 60_000;

export class Refusals {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #unlogged = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #examples: Refusal[] = [];

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** The latest, oldest first. */
  get examples(): readonly Refusal[] {
    return this.#examples;
  }

  add(topic: string, payload: Uint8Array, words: string): void {
    this.#count++;
    this.#unlogged++;
    const excerpt = Buffer.from(payload.subarray(0, EXCERPT_BYTES)).toString('utf8');
    this.#examples = [...this.#examples.slice(1 - MOST_EXAMPLES), { at: this.#clock.now(), topic, words, excerpt }];
    const now = this.#clock.monotonicMs();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    this.#log.warn({ topic, words, refused: this.#unlogged }, 'messages of devices were refused');
    this.#unlogged = 0;
  }
}
