/** Gathers what is to be answered and publishes one acknowledgement per gateway and epoch each time it is flushed. */
import type { Acknowledgement } from '../contract/acknowledgement.ts';
import type { Topics } from '../contract/topics.ts';
import { WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { MessageLink } from '../runtime/message-link.ts';

interface Answer {
  readonly gateway: string;
  readonly epoch: string | undefined;
  readonly stored: [first: number, last: number][];
  readonly rejected: [seq: number, index: number, reason: string][];
  readonly later: [seq: number, reason: string][];
}

/** How often answers are published that no commit carries: to probes, duplicates and batches to come later. */
const SOON_MS = 5;

export class Acknowledger {
  readonly session: string;
  readonly #link: MessageLink;
  readonly #topics: Topics;
  readonly #clock: Clock;
  readonly #isAccepting: () => boolean;
  readonly #answers = new Map<string, Answer>();
  /** Told to hold; to be told when intake opens again. */
  readonly #held = new Set<string>();
  #soon: Timer | undefined;

  constructor(deps: { session: string; link: MessageLink; topics: Topics; clock: Clock; isAccepting: () => boolean }) {
    this.session = deps.session;
    this.#link = deps.link;
    this.#topics = deps.topics;
    this.#clock = deps.clock;
    this.#isAccepting = deps.isAccepting;
  }

  /** The batch is settled: stored but for its rejections, or rejected whole. */
  settled(
    gateway: string,
    epoch: string,
    seq: number,
    rejections: Iterable<readonly [index: number, reason: string]>,
  ): void {
    const answer = this.#answer(gateway, epoch);
    let whole = false;
    for (const [index, reason] of rejections) {
      answer.rejected.push([seq, index, reason]);
      if (index === WHOLE_BATCH) whole = true;
    }
    if (whole) return;
    const newest = answer.stored.at(-1);
    if (newest !== undefined && newest[1] === seq - 1) newest[1] = seq;
    else answer.stored.push([seq, seq]);
  }

  later(gateway: string, epoch: string, seq: number, reason: string): void {
    this.#answer(gateway, epoch).later.push([seq, reason]);
  }

  /** Answers with nothing but session, `accepting` and the time. */
  greet(gateway: string, epoch?: string): void {
    this.#answer(gateway, epoch);
  }

  /** Greets a gateway while intake is closed, and remembers to greet it when it opens. */
  hold(gateway: string, epoch: string): void {
    this.#held.add(gateway);
    this.greet(gateway, epoch);
  }

  /** Greets those that hold, if intake is open again. */
  releaseHeld(): void {
    if (this.#held.size === 0 || !this.#isAccepting()) return;
    for (const gateway of this.#held) this.greet(gateway);
    this.#held.clear();
  }

  /** Flushes within a moment, with whatever else has gathered by then. */
  flushSoon(): void {
    this.#soon ??= this.#clock.after(SOON_MS, () => {
      this.#soon = undefined;
      this.flush();
    });
  }

  /** Flushes what has gathered, and no more by itself. */
  stop(): void {
    this.#soon?.cancel();
    this.flush();
  }

  flush(): void {
    for (const { gateway, epoch, stored, rejected, later } of this.#answers.values()) {
      const body: Acknowledgement = {
        session: this.session,
        accepting: this.#isAccepting(),
        ...(epoch === undefined ? {} : { epoch }),
        stored,
        rejected,
        later,
        at: this.#clock.now(),
      };
      this.#link.publish({
        topic: this.#topics.of(gateway, 'ack'),
        payload: JSON.stringify(body),
        qos: 0,
        retain: false,
      });
    }
    this.#answers.clear();
  }

  #answer(gateway: string, epoch: string | undefined): Answer {
    const key = `${gateway}/${epoch ?? ''}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = { gateway, epoch, stored: [], rejected: [], later: [] };
      this.#answers.set(key, answer);
    }
    return answer;
  }
}
