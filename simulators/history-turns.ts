/**
 * Who tells a step of the past next. A few gateways at a time, those with the newest holes first, and each only when
 * what it told before is stored: so the whole city has its newest day first, and what happens now never waits behind a
 * fortnight of history, neither in a gateway's outbox nor in ingest's queue.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Service } from '../runtime/service.ts';
import type { SimulatedFeed } from './simulated-feed.ts';

export interface Teller {
  readonly feed: SimulatedFeed;
  /** The feed's cursor on its disk. */
  cursor(): string | undefined;
  /** Readings in its outbox. */
  buffered(): number;
}

export interface HistoryProgress {
  readonly state: 'loading' | 'done';
  /** Readings that are stored, of those that were to be told since this start. */
  readonly doneReadings: number;
  readonly totalReadings: number;
  /** Epoch milliseconds from which on everything is told. */
  readonly oldestDay: number | undefined;
}

/** Gateways that tell at once. */
const MOST_AT_ONCE = 10;
/** With more than this in its outbox a gateway does not add history to it. */
const ROOM = 250;
/** A gateway whose readings are not taken (it may be cut off) keeps nobody waiting for longer. */
const PATIENCE_MS = 3_000;
const TICK_MS = 10;
const IDLE_MS = 500;

export class HistoryTurns implements Service {
  readonly name = 'history of the simulated city';
  readonly #clock: Clock;
  readonly #tellers: readonly Teller[];
  readonly #begins: number;
  readonly #grantedAt = new Map<Teller, number>();
  #timer: Timer | undefined;
  #done = 0;

  /** `begins`: epoch milliseconds at which the city's past begins. */
  constructor(deps: { clock: Clock; tellers: readonly Teller[]; begins: number }) {
    this.#clock = deps.clock;
    this.#tellers = deps.tellers;
    this.#begins = deps.begins;
  }

  async start(): Promise<void> {
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  progress(): HistoryProgress {
    let [total, stored, pending] = [0, 0, 0];
    let oldest = this.#begins;
    let isKnown = true;
    for (const teller of this.#tellers) {
      const standing = teller.feed.standing(teller.cursor());
      isKnown &&= standing !== undefined;
      if (standing === undefined) continue;
      const { pendingReadings, toldReadings } = standing;
      pending += pendingReadings;
      total += toldReadings + pendingReadings;
      stored += Math.max(0, toldReadings - teller.buffered());
      if (pendingReadings > 0) oldest = Math.max(oldest, newestHole(teller.feed) ?? oldest);
    }
    const isTold = isKnown && pending === 0 && this.#tellers.every((teller) => teller.buffered() <= ROOM);
    // What a gateway holds may be new readings: a past that was stored stays so.
    this.#done = isTold ? total : Math.max(this.#done, stored);
    const isDone = isKnown && pending === 0 && this.#done >= total;
    const oldestDay = isKnown ? oldest : undefined;
    return { state: isDone ? 'done' : 'loading', doneReadings: this.#done, totalReadings: total, oldestDay };
  }

  #tick(): void {
    const now = this.#clock.monotonicMs();
    const waiting: Teller[] = [];
    let busy = 0;
    let isIdle = true;
    for (const teller of this.#tellers) {
      const hasMore = teller.feed.place === undefined || teller.feed.pendingReadings > 0;
      if (hasMore) isIdle = false;
      const isBusy = teller.feed.isGranted || teller.buffered() > ROOM;
      if (!isBusy && hasMore && teller.feed.place !== undefined) waiting.push(teller);
      if (isBusy && now - (this.#grantedAt.get(teller) ?? Number.NEGATIVE_INFINITY) < PATIENCE_MS) busy++;
    }
    waiting.sort((one, other) => (newestHole(other.feed) ?? 0) - (newestHole(one.feed) ?? 0));
    for (const teller of waiting.slice(0, Math.max(0, MOST_AT_ONCE - busy))) {
      this.#grantedAt.set(teller, now);
      teller.feed.grant();
    }
    this.#timer = this.#clock.after(isIdle ? IDLE_MS : TICK_MS, () => this.#tick());
  }
}

/** End of the newest hole. */
function newestHole(feed: SimulatedFeed): number | undefined {
  return feed.place?.holes.at(-1)?.to;
}
