/**
 * The uplink takes batches from the outbox to ingest and lets go of one only when ingest has settled it.
 *
 * It is a state machine with one step, `#pump`, run after everything that happens: a connection, a new batch, an
 * acknowledgement, a timer. A batch in flight is one that was sent on this connection and is not settled.
 *
 * - At most `window` batches are in flight; the window is 1 after a connect and grows by one with each acknowledgement.
 * - What is not settled after `answerMs` goes again, later each time, with full jitter.
 * - A new `session` in an acknowledgement is an ingest that knows nothing of what is in flight: all of it goes again.
 * - `accepting: false` holds everything; an empty batch asks now and then whether that is over.
 * - New readings go before the backlog, which is paced, so that live data stay current while a day's backlog drains.
 * - `later` is not an answer to wait for: the batch leaves the window and is tried again in a slow sweep.
 * - A batch that never settles while others do, or that every connection dies of, is set aside: kept, not sent.
 */
import { type Acknowledgement, acknowledgementSchema } from '../contract/acknowledgement.ts';
import { BATCH_VERSION, PROBE_SEQ } from '../contract/batch.ts';
import type { Topics } from '../contract/topics.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { MessageLink } from '../runtime/message-link.ts';
import type { Random } from '../runtime/random.ts';
import { type BackOff, fullJitterMs } from '../runtime/retry.ts';
import { type Answered, type Flight, InFlight } from './in-flight.ts';
import { type Lane, Lanes } from './lanes.ts';
import { LaterTally } from './later-tally.ts';
import type { Outbox, StoredBatch } from './outbox/outbox.ts';
import { Pace } from './pace.ts';

/** The gateway's connection to the city's broker. */
export interface GatewayLink extends MessageLink {
  onDisconnect(listener: (reason: string) => void): void;
}

export interface UplinkOptions {
  /** Batches in flight at most. */
  readonly window: number;
  /** Not settled after this: sent again. */
  readonly answerMs: number;
  /** Added to `answerMs` from the second time on. */
  readonly backOff: BackOff;
  readonly backlogReadingsPerS: number;
  /** How often batches that ingest wants later are tried again. */
  readonly laterRetryMs: number;
  /** While ingest does not accept: how often it is asked, give or take a third. */
  readonly holdProbeMs: number;
  /** A batch sent so often without an answer, while others settled, is set aside. */
  readonly sendsBeforeSetAside: number;
  /** A batch that was the oldest in flight at so many disconnects in a row is set aside. */
  readonly disconnectsBeforeSetAside: number;
  /** What was set aside is tried again so often: a network that failed at a bad moment looks like a bad batch. */
  readonly setAsideRetryMs: number;
}

export const UPLINK_DEFAULTS: UplinkOptions = {
  window: 32,
  answerMs: 10_000,
  backOff: { firstMs: 1_000, mostMs: 60_000 },
  backlogReadingsPerS: 5_000,
  laterRetryMs: 60_000,
  holdProbeMs: 1_500,
  sendsBeforeSetAside: 10,
  disconnectsBeforeSetAside: 3,
  setAsideRetryMs: 6 * 3_600_000,
};

/** The sweep over what ingest wants later goes at this share of the backlog's pace: it is likely to be refused again. */
const SWEEP_SHARE = 0.1;
/** How many batches that were sent in vain are remembered over a reconnect. */
const MOST_IN_VAIN = 1_000;

export interface UplinkState {
  readonly connected: boolean;
  readonly accepting: boolean;
  readonly window: number;
  readonly inFlight: number;
  /** Batches that ingest wants later, by reason. */
  readonly later: Readonly<Record<string, number>>;
  /** Acknowledgements that could not be understood, since the start. */
  readonly invalidAcknowledgements: number;
  /** Batches sent again, since the start. */
  readonly resent: number;
}

export interface UplinkDeps {
  readonly gateway: string;
  readonly topics: Topics;
  readonly outbox: Outbox;
  readonly link: GatewayLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options?: Partial<UplinkOptions>;
  /** Ingest's clock, and the monotonic instant at which the question that it answers was sent. */
  readonly onTime?: (at: number, askedAt: number) => void;
}

export class Uplink {
  readonly #deps: UplinkDeps;
  readonly #options: UplinkOptions;
  readonly #lanes: Lanes;
  readonly #flight = new InFlight();
  readonly #later = new LaterTally();
  readonly #inVain = new Map<number, number>();
  readonly #backlogPace: Pace;
  readonly #sweepPace: Pace;
  #suspect: { id: number; disconnects: number } | undefined;
  #started = false;
  #connected = false;
  #accepting = true;
  #window = 1;
  #session: string | undefined;
  #settled = 0;
  #resent = 0;
  #invalid = 0;
  #probeAskedAt: number | undefined;
  #holdProbeAt = 0;
  #sweepAt: number | undefined;
  #wake: Timer | undefined;
  #setAsideTimer: Timer | undefined;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
    this.#options = { ...UPLINK_DEFAULTS, ...deps.options };
    this.#lanes = new Lanes(deps.outbox);
    this.#backlogPace = new Pace(deps.clock, this.#options.backlogReadingsPerS);
    this.#sweepPace = new Pace(deps.clock, this.#options.backlogReadingsPerS * SWEEP_SHARE);
  }

  /** The outbox must be started; the link may connect before or after. */
  async start(): Promise<void> {
    const { link, outbox, topics, gateway, clock } = this.#deps;
    this.#started = true;
    this.#setAsideTimer = clock.every(this.#options.setAsideRetryMs, () => void this.retrySetAside());
    outbox.onBatch(() => this.#pump());
    link.onDisconnect(() => this.#lost());
    await link.subscribe(topics.of(gateway, 'ack'), (_topic, payload) => this.#acknowledged(payload));
    link.onConnect(() => this.#regained());
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#connected = false;
    this.#wake?.cancel();
    this.#setAsideTimer?.cancel();
    this.#flight.clear();
  }

  state(): UplinkState {
    return {
      connected: this.#connected,
      accepting: this.#accepting,
      window: this.#window,
      inFlight: this.#flight.size,
      later: this.#later.counts(),
      invalidAcknowledgements: this.#invalid,
      resent: this.#resent,
    };
  }

  /** Asks ingest for its time and whether it accepts. Returns false when not connected. */
  probe(): boolean {
    if (!this.#connected) return false;
    const { outbox, clock } = this.#deps;
    const asked = this.#publish(
      JSON.stringify({ v: BATCH_VERSION, epoch: outbox.epoch, seq: PROBE_SEQ, readings: [] }),
    );
    const now = clock.monotonicMs();
    // An answer may be to any question still open: it is dated by the oldest, unless that one is lost.
    const isOpen = this.#probeAskedAt !== undefined && now - this.#probeAskedAt < this.#options.answerMs;
    if (asked && !isOpen) this.#probeAskedAt = now;
    return asked;
  }

  /** Puts everything that was set aside back in line. Returns how many batches. */
  async retrySetAside(): Promise<number> {
    const count = await this.#deps.outbox.retrySetAside();
    if (count === 0) return 0;
    this.#deps.log.info({ batches: count }, 'batches that were set aside are tried again');
    // They lie behind the cursors, where only a sweep comes by.
    this.#sweepAt = this.#deps.clock.monotonicMs();
    this.#pump();
    return count;
  }

  #regained(): void {
    if (!this.#started) return;
    this.#connected = true;
    this.#accepting = true;
    this.#window = 1;
    this.#probeAskedAt = undefined;
    this.#flight.clear();
    this.#later.clear();
    this.#sweepAt = undefined;
    this.#lanes.restart();
    this.#pump();
  }

  #lost(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#wake?.cancel();
    const oldest = this.#flight.oldest();
    this.#flight.clear();
    if (oldest === undefined) return;
    const disconnects = this.#suspect?.id === oldest ? this.#suspect.disconnects + 1 : 1;
    this.#suspect = { id: oldest, disconnects };
    if (disconnects >= this.#options.disconnectsBeforeSetAside) {
      this.#suspect = undefined;
      void this.#setAside(oldest, `${disconnects} connections in a row ended while it was the oldest batch in flight`);
    }
  }

  /** Everything that may be done now, in order of precedence; then the next wake-up. */
  #pump(): void {
    if (!this.#started || !this.#connected) return;
    if (!this.#accepting) {
      this.#askWhileHolding();
      return;
    }
    this.#resendOverdue();
    this.#beginSweepWhenDue();
    this.#sendLive();
    const half = Math.max(1, Math.floor(this.#window / 2));
    this.#sendPaced('again', half, this.#sweepPace);
    this.#sendPaced('backlog', half, this.#backlogPace);
    this.#endSweep();
    this.#schedule();
  }

  #askWhileHolding(): void {
    const now = this.#deps.clock.monotonicMs();
    if (now >= this.#holdProbeAt) {
      this.probe();
      this.#holdProbeAt = now + this.#holdProbeDelayMs();
    }
    this.#wakeIn(this.#holdProbeAt - now);
  }

  #resendOverdue(): void {
    const now = this.#deps.clock.monotonicMs();
    for (const flight of this.#flight.waiting()) {
      if (flight.dueAt > now) continue;
      if (this.#settled > flight.settledThen && this.#countInVain(flight.id) >= this.#options.sendsBeforeSetAside) {
        flight.isClosing = true;
        void this.#setAside(flight.id, `sent ${flight.sends} times without an answer while other batches settled`);
        continue;
      }
      const batch = this.#lanes.again(flight.id);
      if (batch === undefined) this.#forget(flight.id);
      else if (this.#publish(batch.payload)) this.#sent(flight);
      else return;
    }
  }

  #beginSweepWhenDue(): void {
    if (this.#sweepAt === undefined || this.#deps.clock.monotonicMs() < this.#sweepAt) return;
    this.#sweepAt = undefined;
    this.#lanes.beginSweep();
    this.#later.beginSweep();
  }

  #sendLive(): void {
    while (this.#hasRoom() && this.#sendNext('live'));
  }

  /** The two slow lanes share one half of the window. */
  #sendPaced(lane: Lane, half: number, pace: Pace): void {
    while (this.#hasRoom() && this.#flight.count('backlog') + this.#flight.count('again') < half) {
      if (pace.waitMs() > 0) return;
      const sent = this.#sendNext(lane);
      if (!sent) return;
      pace.spend(sent.count);
    }
  }

  #hasRoom(): boolean {
    return this.#flight.count() < this.#window && this.#flight.size < this.#options.window;
  }

  #sendNext(lane: Lane): StoredBatch | undefined {
    const batch = this.#lanes.next(lane, (id) => this.#flight.has(id));
    // A link that cannot send is about to say that the connection is lost; the cursors begin anew with the next one.
    if (batch === undefined || !this.#publish(batch.payload)) return undefined;
    this.#sent(this.#flight.add(batch, lane, this.#deps.clock.monotonicMs()));
    this.#deps.outbox.markSent(batch.id);
    return batch;
  }

  #sent(flight: Flight): void {
    if (flight.sends > 0) this.#resent++;
    flight.sends++;
    flight.settledThen = this.#settled;
    const extraMs = flight.sends < 2 ? 0 : fullJitterMs(this.#options.backOff, flight.sends - 2, this.#deps.random);
    flight.dueAt = this.#deps.clock.monotonicMs() + this.#options.answerMs + extraMs;
  }

  #endSweep(): void {
    if (this.#lanes.isSweeping || this.#flight.count('again') > 0) return;
    this.#later.endSweep();
    if (this.#sweepAt === undefined && this.#later.isEmpty === false) {
      this.#sweepAt = this.#deps.clock.monotonicMs() + this.#options.laterRetryMs;
    }
  }

  #schedule(): void {
    const now = this.#deps.clock.monotonicMs();
    let at = this.#sweepAt ?? Number.POSITIVE_INFINITY;
    for (const flight of this.#flight.waiting()) at = Math.min(at, flight.dueAt);
    const backlogWaitMs = this.#backlogPace.waitMs();
    if (backlogWaitMs > 0) at = Math.min(at, now + backlogWaitMs);
    const sweepWaitMs = this.#sweepPace.waitMs();
    if (sweepWaitMs > 0 && this.#lanes.isSweeping) at = Math.min(at, now + sweepWaitMs);
    this.#wakeIn(at - now);
  }

  #wakeIn(delayMs: number): void {
    this.#wake?.cancel();
    if (Number.isFinite(delayMs)) this.#wake = this.#deps.clock.after(Math.max(0, delayMs), () => this.#pump());
  }

  #acknowledged(payload: Uint8Array): void {
    if (!this.#started) return;
    const ack = parseAcknowledgement(payload);
    if (ack === undefined) {
      this.#invalid++;
      this.#deps.log.warn({ invalid: this.#invalid, bytes: payload.length }, 'an acknowledgement was not understood');
      return;
    }
    const answered = this.#flight.answered(ack);
    this.#tellTime(ack, answered);
    this.#hold(!ack.accepting);
    for (const [flight, reason] of answered.later) {
      this.#forget(flight.id);
      this.#later.add(reason, flight.lane === 'again');
    }
    if (answered.settled.length + answered.later.length > 0) {
      this.#window = Math.min(this.#options.window, this.#window + 1);
    }
    if (ack.stored.length + ack.rejected.length > 0) void this.#settle(ack, answered.settled);
    if (this.#session !== undefined && ack.session !== this.#session) this.#sendAllAgain();
    this.#session = ack.session;
    this.#pump();
  }

  #hold(hold: boolean): void {
    if (hold && this.#accepting) {
      this.#holdProbeAt = this.#deps.clock.monotonicMs() + this.#holdProbeDelayMs();
      // What an overloaded ingest did not answer says nothing against a batch.
      for (const flight of this.#flight.waiting()) flight.settledThen = Number.POSITIVE_INFINITY;
    }
    this.#accepting = !hold;
  }

  #holdProbeDelayMs(): number {
    return this.#options.holdProbeMs * (2 / 3 + (2 / 3) * this.#deps.random());
  }

  /** Every answer to something sent on this connection was stamped after that was sent, and before now. */
  #tellTime(ack: Acknowledgement, answered: Answered): void {
    const flights = [...answered.settled, ...answered.later.map(([flight]) => flight)];
    let askedAt = Math.max(...flights.map((flight) => flight.firstSentAt));
    const isBare = ack.stored.length + ack.rejected.length + ack.later.length === 0;
    // Without the epoch it is a greeting, which nobody asked for.
    if (isBare && ack.epoch === this.#deps.outbox.epoch && this.#probeAskedAt !== undefined) {
      askedAt = this.#probeAskedAt;
      this.#probeAskedAt = undefined;
    }
    if (Number.isFinite(askedAt)) this.#deps.onTime?.(ack.at, askedAt);
  }

  async #settle(ack: Acknowledgement, flights: readonly Flight[]): Promise<void> {
    for (const flight of flights) flight.isClosing = true;
    try {
      const ids = await this.#deps.outbox.settle(ack);
      for (const id of new Set([...ids, ...flights.map((flight) => flight.id)])) this.#forget(id);
      this.#settled += flights.length;
    } catch (error) {
      // Still held, so it goes again and is answered again: ingest knows a duplicate.
      for (const flight of flights) flight.isClosing = false;
      this.#deps.log.error(
        { error: (error as Error).message },
        'the disk refuses to settle batches; they are sent again',
      );
    }
    this.#pump();
  }

  #sendAllAgain(): void {
    for (const flight of this.#flight.waiting()) {
      flight.dueAt = Math.min(flight.dueAt, this.#deps.clock.monotonicMs());
      // The new ingest has not been asked yet: this sending counts for nothing against the batch.
      flight.settledThen = Number.POSITIVE_INFINITY;
    }
  }

  async #setAside(id: number, words: string): Promise<void> {
    try {
      await this.#deps.outbox.setAside(id);
      this.#deps.log.error({ batch: id, because: words }, 'a batch is set aside; it is kept and tried again later');
      this.#forget(id);
    } catch (error) {
      this.#flight.postpone(id, this.#deps.clock.monotonicMs() + this.#options.answerMs);
      this.#deps.log.error({ batch: id, error: (error as Error).message }, 'the disk refuses to set a batch aside');
    }
    this.#pump();
  }

  #forget(id: number): void {
    this.#flight.remove(id);
    this.#inVain.delete(id);
    if (this.#suspect?.id === id) this.#suspect = undefined;
  }

  #countInVain(id: number): number {
    const count = (this.#inVain.get(id) ?? 0) + 1;
    if (this.#inVain.size >= MOST_IN_VAIN && !this.#inVain.has(id)) this.#inVain.clear();
    this.#inVain.set(id, count);
    return count;
  }

  #publish(payload: string | Uint8Array): boolean {
    const { link, topics, gateway } = this.#deps;
    const body =
      typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    return link.publish({ topic: topics.of(gateway, 'readings'), payload: body, qos: 0, retain: false });
  }
}

function parseAcknowledgement(payload: Uint8Array): Acknowledgement | undefined {
  try {
    const result = acknowledgementSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
