/**
 * A gateway as light as can be: one small object and a socket. It keeps the wire contract as a real one does (own
 * credential, presence and will, numbered batches, a window that begins at one, sending again after 10 s or at once for
 * a new session, reconnecting after a random 0–5 s), but holds its batches in memory: a process that ends takes them along.
 */
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { BATCH_VERSION, PROBE_SEQ } from '../../contract/batch.ts';
import { HEALTH_INTERVAL_MS, type Health } from '../../contract/health.ts';
import type { Reading } from '../../contract/reading.ts';
import type { Topics } from '../../contract/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { type BackOff, fullJitterMs } from '../../runtime/retry.ts';
import type { FleetBooks } from './fleet-books.ts';
import { FleetConnection, type FleetCredential } from './fleet-connection.ts';
import { FleetOutbox, type HeldBatch } from './fleet-outbox.ts';
import { FleetFeed } from './fleet-readings.ts';
import type { FleetTransport } from './fleet-transport.ts';

export interface FleetGatewayOptions {
  /** Between two batches of one gateway, milliseconds. */
  readonly intervalMs: number;
  readonly devices: number;
  readonly values: number;
  /** Readings a second of one gateway; need not be whole in an interval. */
  readonly readingsPerS: number;
  readonly presenceQos: 0 | 1;
  /** Most milliseconds before a lost connection is made anew; the wait is random. */
  readonly reconnectMostMs: number;
  /** Characters of all batches of the fleet above which nothing more is produced. */
  readonly mostBufferedCharacters: number;
}

export interface FleetGatewayDeps {
  readonly credential: FleetCredential;
  readonly options: FleetGatewayOptions;
  readonly topics: Topics;
  readonly transport: FleetTransport;
  readonly books: FleetBooks;
  readonly clock: Clock;
  readonly random: Random;
  readonly epoch: string;
  readonly stream: number;
  readonly version: string;
  /** Told of every batch as it is numbered. */
  readonly onProduced?: ((gateway: string, readings: readonly Reading[]) => void) | undefined;
}

const WINDOW = 32;
/** Not settled after this: sent again; from the second time on a random wait is added. */
const ANSWER_MS = 10_000;
const RESEND_BACK_OFF: BackOff = { firstMs: 1_000, mostMs: 60_000 };
/** How often what ingest wants later is tried again. */
const LATER_MS = 60_000;
/** While ingest does not accept it is asked this often, give or take a third. */
const HOLD_PROBE_MS = 1_500;
/** From the first attempt to a granted subscription. */
const CONNECT_WITHIN_MS = 30_000;
/** Pinged when nothing came for so long; health keeps the other direction alive. */
const PING_AFTER_MS = 30_000;
/** Without a byte from the broker for so long, although pinged, the connection is dead. */
const SILENCE_MS = 90_000;
const MOST_BATCH_READINGS = 500;

export class FleetGateway {
  readonly id: string;
  readonly #deps: FleetGatewayDeps;
  readonly #outbox: FleetOutbox;
  readonly #feed: FleetFeed;
  readonly #startedAt: number;
  #connection: FleetConnection | undefined;
  #connectAt: number;
  #connectingSince = 0;
  #wasReady = false;
  #failures = 0;
  #since = 0;
  #window = 1;
  #inFlight = 0;
  #accepting = true;
  #session: string | undefined;
  #nextResendAt = Number.POSITIVE_INFINITY;
  #nextProbeAt = 0;
  #nextPingAt = 0;
  #nextHealthAt = 0;
  #lastHeardAt = 0;
  #producing = false;
  #nextBatchAt = 0;
  /** Part of a reading that is due. */
  #credit: number;
  #producedUntil = 0;
  #produced = 0;
  #stored = 0;
  readonly #rejected: Record<string, number> = {};
  readonly #later: Record<string, number> = {};

  /** `connectAt`: monotonic milliseconds before which it does not connect. */
  constructor(deps: FleetGatewayDeps, connectAt: number) {
    this.id = deps.credential.id;
    this.#deps = deps;
    this.#connectAt = connectAt;
    this.#startedAt = deps.clock.monotonicMs();
    this.#outbox = new FleetOutbox(deps.epoch);
    const { devices, values } = deps.options;
    this.#feed = new FleetFeed({ stream: deps.stream, devices, values });
    this.#credit = deps.random();
  }

  get isConnected(): boolean {
    return this.#connection?.isReady === true;
  }

  /** Connecting, and not there yet. */
  get isConnecting(): boolean {
    return this.#connection !== undefined && !this.#connection.isReady;
  }

  get lastSeq(): number {
    return this.#outbox.lastSeq;
  }

  hasSettledUpTo(seq: number): boolean {
    const oldest = this.#outbox.oldest;
    return oldest === undefined || oldest.seq > seq;
  }

  bufferedReadings(): number {
    return this.#outbox.bufferedReadings();
  }

  /** The first batch comes after a random part of the interval. */
  produce(): void {
    if (this.#producing) return;
    this.#producing = true;
    this.#producedUntil = this.#deps.clock.now();
    this.#nextBatchAt = this.#deps.clock.monotonicMs() + this.#deps.random() * this.#deps.options.intervalMs;
  }

  stopProducing(): void {
    this.#producing = false;
  }

  /**
   * Does what is due at `now`, monotonic milliseconds. Called often, so it must cost nothing when nothing is.
   * Returns whether it began to connect.
   */
  tick(now: number, mayConnect = true): boolean {
    if (this.#producing && now >= this.#nextBatchAt) this.#produceDue(now);
    const connection = this.#connection;
    if (connection === undefined) {
      if (!mayConnect || now < this.#connectAt) return false;
      this.#connect(now);
      return true;
    }
    if (connection.isReady) this.#tickConnected(connection, now);
    else if (now - this.#connectingSince > CONNECT_WITHIN_MS) connection.end('no answer while connecting');
    return false;
  }

  #tickConnected(connection: FleetConnection, now: number): void {
    if (connection.takeHeard()) {
      this.#lastHeardAt = now;
      this.#nextPingAt = now + PING_AFTER_MS;
    } else if (now - this.#lastHeardAt > SILENCE_MS) {
      connection.end('the broker fell silent');
      return;
    }
    if (now >= this.#nextResendAt) this.#resendDue(now);
    if (!this.#accepting && now >= this.#nextProbeAt) this.#probe(now);
    if (now >= this.#nextPingAt) {
      connection.ping();
      this.#nextPingAt = now + PING_AFTER_MS;
    }
    if (now >= this.#nextHealthAt) this.#tellHealth(now);
  }

  /** Cuts the connection as a power failure at the broker would; it comes back after a random wait. */
  cut(): void {
    this.#connection?.end('cut');
  }

  /** Leaves the broker in order; what is not acknowledged is lost with this process. */
  leave(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#wasReady) this.#deps.books.connected--;
    this.#wasReady = false;
    this.#connection = undefined;
    this.#connectAt = Number.POSITIVE_INFINITY;
    connection.leave();
  }

  #produceDue(now: number): void {
    const { intervalMs, readingsPerS, mostBufferedCharacters } = this.#deps.options;
    const { books, clock } = this.#deps;
    this.#nextBatchAt += intervalMs;
    // A process that could not keep up makes one larger batch instead of many late ones.
    let intervals = 1;
    if (this.#nextBatchAt <= now) {
      const missed = Math.floor((now - this.#nextBatchAt) / intervalMs) + 1;
      this.#nextBatchAt += missed * intervalMs;
      intervals += missed;
    }
    this.#credit += (readingsPerS * intervalMs * intervals) / 1_000;
    let due = Math.floor(this.#credit);
    this.#credit -= due;
    const until = clock.now();
    if (books.bufferedCharacters >= mostBufferedCharacters) {
      books.heldBack += due;
      this.#producedUntil = until;
      return;
    }
    for (let from = this.#producedUntil; due > 0; ) {
      const count = Math.min(due, MOST_BATCH_READINGS);
      const to = from + ((until - from) * count) / due;
      this.#number(this.#feed.take(count, from, to), now);
      due -= count;
      from = to;
    }
    this.#producedUntil = until;
  }

  #number(readings: readonly Reading[], now: number): void {
    const { books, onProduced } = this.#deps;
    const batch = this.#outbox.add(readings, now);
    books.produced += readings.length;
    books.bufferedCharacters += batch.payload.length;
    this.#produced += readings.length;
    onProduced?.(this.id, readings);
    if (this.#mayGo()) this.#send(batch, now);
  }

  #connect(now: number): void {
    const { credential, topics, transport, options, version, clock, books } = this.#deps;
    this.#connectingSince = now;
    this.#since = Math.max(this.#since + 1, clock.now());
    this.#connection = new FleetConnection({
      credential,
      topics,
      transport,
      since: this.#since,
      version,
      presenceQos: options.presenceQos,
      onReady: () => this.#regained(),
      onAcknowledged: (ack) => this.#acknowledged(ack),
      onUnreadable: (channel) => books.fail(`${channel} message not understood`),
      onEnded: (reason) => this.#lost(reason),
    });
  }

  #regained(): void {
    const now = this.#deps.clock.monotonicMs();
    this.#wasReady = true;
    this.#deps.books.connected++;
    this.#deps.books.connects++;
    this.#failures = 0;
    this.#window = 1;
    this.#accepting = true;
    this.#inFlight = 0;
    this.#nextResendAt = Number.POSITIVE_INFINITY;
    this.#nextPingAt = now + PING_AFTER_MS;
    this.#nextHealthAt = now + this.#deps.random() * HEALTH_INTERVAL_MS;
    this.#lastHeardAt = now;
    for (const batch of this.#outbox.batches) {
      batch.inFlight = false;
      batch.dueAt = 0;
    }
    this.#pump(now);
  }

  #lost(reason: string): void {
    const { books, clock, random, options } = this.#deps;
    // Left in order: nothing was lost.
    if (this.#connection === undefined) return;
    if (this.#wasReady) books.connected--;
    this.#wasReady = false;
    this.#failures++;
    this.#connection = undefined;
    if (reason !== 'cut') books.fail(reason);
    const { reconnectMostMs } = options;
    // What the broker refuses by its rules it will refuse again: no need to ask it often.
    const most = reason.startsWith('refused') ? Math.min(60_000, reconnectMostMs * this.#failures) : reconnectMostMs;
    this.#connectAt = clock.monotonicMs() + random() * most;
  }

  #acknowledged(ack: Acknowledgement): void {
    const { books, clock } = this.#deps;
    const now = clock.monotonicMs();
    if (!ack.accepting && this.#accepting) this.#nextProbeAt = now + this.#probeDelayMs();
    this.#accepting = ack.accepting;
    const isNewSession = this.#session !== undefined && ack.session !== this.#session;
    this.#session = ack.session;
    const settlements = this.#outbox.settle(ack);
    for (const { batch, stored, rejected } of settlements) {
      if (batch.inFlight) this.#inFlight--;
      books.bufferedCharacters -= batch.payload.length;
      books.stored += stored;
      this.#stored += stored;
      for (const [reason, readings] of rejected) {
        books.reject(reason, readings);
        this.#rejected[reason] = (this.#rejected[reason] ?? 0) + readings;
      }
      books.settled(now - batch.numberedAt);
    }
    const later = ack.epoch === this.#outbox.epoch ? this.#postpone(ack, now) : 0;
    if (settlements.length + later > 0) this.#window = Math.min(WINDOW, this.#window + 1);
    if (isNewSession) this.#sendAllAgain(now);
    this.#pump(now);
  }

  /** Returns how many batches of this gateway ingest wants later. */
  #postpone(ack: Acknowledgement, now: number): number {
    let count = 0;
    for (const [seq, reason] of ack.later) {
      const batch = this.#outbox.find(seq);
      if (batch?.inFlight !== true) continue;
      batch.inFlight = false;
      batch.dueAt = now + LATER_MS;
      this.#inFlight--;
      this.#deps.books.postpone(reason);
      this.#later[reason] = (this.#later[reason] ?? 0) + 1;
      this.#nextResendAt = Math.min(this.#nextResendAt, batch.dueAt);
      count++;
    }
    return count;
  }

  #sendAllAgain(now: number): void {
    for (const batch of this.#outbox.batches) if (batch.inFlight) batch.dueAt = now;
    this.#resendDue(now);
  }

  #resendDue(now: number): void {
    this.#nextResendAt = Number.POSITIVE_INFINITY;
    for (const batch of this.#outbox.batches) {
      if (!batch.inFlight) continue;
      if (batch.dueAt <= now && this.#accepting) this.#send(batch, now);
      else this.#nextResendAt = Math.min(this.#nextResendAt, batch.dueAt);
    }
    this.#pump(now);
  }

  /** Fills the window, oldest first. */
  #pump(now: number): void {
    if (!this.#mayGo()) return;
    for (const batch of this.#outbox.batches) {
      if (batch.inFlight) continue;
      if (batch.dueAt > now) this.#nextResendAt = Math.min(this.#nextResendAt, batch.dueAt);
      else this.#send(batch, now);
      if (!this.#mayGo()) return;
    }
  }

  #mayGo(): boolean {
    return this.isConnected && this.#accepting && this.#inFlight < this.#window;
  }

  #send(batch: HeldBatch, now: number): void {
    const { books, random } = this.#deps;
    if (this.#connection?.publish('readings', batch.payload) !== true) return;
    if (!batch.inFlight) this.#inFlight++;
    batch.inFlight = true;
    if (batch.sends > 0) books.resent++;
    batch.sends++;
    books.sent += batch.readings;
    const extraMs = batch.sends < 2 ? 0 : fullJitterMs(RESEND_BACK_OFF, batch.sends - 2, random);
    batch.dueAt = now + ANSWER_MS + extraMs;
    this.#nextResendAt = Math.min(this.#nextResendAt, batch.dueAt);
  }

  #probe(now: number): void {
    const { epoch } = this.#outbox;
    this.#connection?.publish('readings', JSON.stringify({ v: BATCH_VERSION, epoch, seq: PROBE_SEQ, readings: [] }));
    this.#nextProbeAt = now + this.#probeDelayMs();
  }

  #probeDelayMs(): number {
    return HOLD_PROBE_MS * (2 / 3 + (2 / 3) * this.#deps.random());
  }

  #tellHealth(now: number): void {
    this.#nextHealthAt = now + HEALTH_INTERVAL_MS;
    this.#connection?.publish('health', JSON.stringify(this.#health(now)));
  }

  #health(now: number): Health {
    const { clock, options, version } = this.#deps;
    const { epoch, oldest, batches } = this.#outbox;
    return {
      version,
      epoch,
      epochs: [epoch],
      at: clock.now(),
      uptime_s: Math.round((now - this.#startedAt) / 1_000),
      outbox: {
        produced: this.#produced,
        stored: this.#stored,
        rejected: this.#rejected,
        dropped: 0,
        buffered: this.#outbox.bufferedReadings(),
        set_aside: 0,
        undated: 0,
        batches: batches.length,
        bytes: this.#outbox.bufferedCharacters(),
        capacity_bytes: options.mostBufferedCharacters,
        oldest_s: oldest === undefined ? 0 : Math.round((now - oldest.numberedAt) / 1_000),
      },
      later: this.#later,
      clock_offset_ms: 0,
      memory_mib: 0,
      sources: [
        { name: 'load', kind: 'simulated', state: 'running', detail: '', readings: this.#produced, refused: 0 },
      ],
    };
  }
}
