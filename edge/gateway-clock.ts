/**
 * What time it is, according to ingest.
 *
 * A gateway's own clock may be wrong by decades after a power cut. The time is therefore taken from ingest's answers
 * (`at`), set in the middle of question and answer, and carried on by the monotonic clock, which no correction of the
 * wall clock moves. Until the first answer the clock is not confirmed and nothing is dated by it.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { fullJitterMs } from '../runtime/retry.ts';
import type { ConfirmedInstant } from './confirmed-instant.ts';
import type { UndatedReading } from './outbox/outbox.ts';

/** Within this, the gateway's own clock is as good as an answer over a network. */
const TOLERANCE_MS = 1_000;
/** A quartz drifts by up to 100 ppm: the older the answer, the less it says against a wall clock that NTP corrects. */
const DRIFT = 1e-4;
/** An answer that took longer is taken only for want of a quicker one. */
const GOOD_ROUND_TRIP_MS = 1_000;
const ANSWER_MS = 10_000;
const MEASURE_EVERY_MS = 600_000;
/** How often the wall clock is checked for a jump. */
const WATCH_EVERY_MS = 10_000;
const BACK_OFF = { firstMs: 1_000, mostMs: 60_000 };

interface Measurement {
  /** Ingest's clock, epoch milliseconds, and the monotonic instant that it belongs to. */
  readonly at: number;
  readonly monotonicMs: number;
  readonly roundTripMs: number;
}

export interface GatewayClockDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Identity of this boot (boot.ts). */
  readonly boot: string;
  readonly confirmedInstant: ConfirmedInstant;
  /** Asks ingest for its time; false when not connected. */
  readonly probe: () => boolean;
  /** Called after each measurement; the first one confirms the clock. */
  readonly onMeasured: () => void;
}

export class GatewayClock {
  readonly #deps: GatewayClockDeps;
  #anchor: Measurement | undefined;
  #best: Measurement | undefined;
  #isAsking = false;
  #attempt = 0;
  #lastKnown: number | undefined;
  /** Wall clock minus monotonic clock when last looked at: constant unless somebody sets the wall clock. */
  #wallLead = 0;
  #timer: Timer | undefined;
  #watch: Timer | undefined;

  constructor(deps: GatewayClockDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { clock, confirmedInstant } = this.#deps;
    this.#lastKnown = confirmedInstant.read();
    this.#wallLead = this.#lead();
    this.#watch = clock.every(WATCH_EVERY_MS, () => this.#watchForJump());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#watch?.cancel();
  }

  get isConfirmed(): boolean {
    return this.#anchor !== undefined;
  }

  /** Milliseconds by which ingest's clock is ahead of the gateway's wall clock; undefined until confirmed. */
  get offsetMs(): number | undefined {
    if (this.#anchor === undefined) return undefined;
    return this.#ingestTime(this.#anchor) - this.#deps.clock.now();
  }

  /** Epoch milliseconds UTC: the wall clock, unless ingest's differs by more than a second. */
  now(): number {
    const wall = this.#deps.clock.now();
    if (this.#anchor === undefined) return wall;
    const time = this.#ingestTime(this.#anchor);
    const age = this.#deps.clock.monotonicMs() - this.#anchor.monotonicMs;
    return Math.abs(time - wall) > TOLERANCE_MS + age * DRIFT ? Math.round(time) : wall;
  }

  /** The time at a monotonic instant of this process. */
  instantOf(monotonicMs: number): number {
    return Math.round(this.now() - (this.#deps.clock.monotonicMs() - monotonicMs));
  }

  /** Dates a reading that was held; undefined when nothing can tell when it was taken. */
  date(reading: UndatedReading): number | undefined {
    const isSameBoot = reading.boot === this.#deps.boot;
    if (isSameBoot && reading.takenMonotonicMs <= this.#deps.clock.monotonicMs()) {
      return this.instantOf(reading.takenMonotonicMs);
    }
    // Another boot: its wall clock is believable if it lies between two instants at which the time was known.
    const since = this.#lastKnown;
    if (since === undefined || reading.takenWallMs < since || reading.takenWallMs > this.now()) return undefined;
    return Math.round(reading.takenWallMs);
  }

  /** Keeps the present instant on disk. To be called when nothing is held any more that `date` should compare with it. */
  remember(): void {
    if (this.#anchor === undefined) return;
    const instant = this.now();
    this.#deps.confirmedInstant.write(instant);
    this.#lastKnown = instant;
  }

  /** The connection is up: measures anew. */
  connected(): void {
    this.#attempt = 0;
    this.#ask();
  }

  disconnected(): void {
    this.#isAsking = false;
    this.#timer?.cancel();
  }

  /** An answer of ingest: its time, and the monotonic instant of the question. */
  heard(at: number, askedAt: number): void {
    if (!this.#isAsking) return;
    const now = this.#deps.clock.monotonicMs();
    const roundTripMs = now - askedAt;
    const measurement = { at, monotonicMs: (askedAt + now) / 2, roundTripMs };
    if (this.#best === undefined || roundTripMs < this.#best.roundTripMs) this.#best = measurement;
    if (roundTripMs <= GOOD_ROUND_TRIP_MS) this.#take(measurement);
  }

  #ask(): void {
    this.#timer?.cancel();
    this.#best = undefined;
    this.#isAsking = this.#deps.probe();
    if (this.#isAsking) this.#timer = this.#deps.clock.after(ANSWER_MS, () => this.#giveUpWaiting());
  }

  #giveUpWaiting(): void {
    if (this.#best !== undefined) {
      this.#take(this.#best);
      return;
    }
    this.#isAsking = false;
    const waitMs = fullJitterMs(BACK_OFF, this.#attempt++, this.#deps.random);
    this.#timer = this.#deps.clock.after(waitMs, () => this.#ask());
  }

  #take(measurement: Measurement): void {
    const wasConfirmed = this.isConfirmed;
    this.#isAsking = false;
    this.#attempt = 0;
    this.#anchor = measurement;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(MEASURE_EVERY_MS, () => this.#ask());
    const offsetMs = Math.round(this.offsetMs ?? 0);
    if (!wasConfirmed) this.#deps.log.info({ offsetMs }, 'the clock is confirmed');
    if (Math.abs(offsetMs) > TOLERANCE_MS) {
      this.#deps.log.warn(
        { offsetMs },
        "this machine's clock is wrong: readings are dated by the city's clock; set this one right, best by NTP",
      );
    }
    this.#deps.onMeasured();
  }

  #ingestTime(anchor: Measurement): number {
    return anchor.at + (this.#deps.clock.monotonicMs() - anchor.monotonicMs);
  }

  #lead(): number {
    return this.#deps.clock.now() - this.#deps.clock.monotonicMs();
  }

  #watchForJump(): void {
    const lead = this.#lead();
    const jumpMs = lead - this.#wallLead;
    this.#wallLead = lead;
    if (Math.abs(jumpMs) <= TOLERANCE_MS) return;
    this.#deps.log.warn({ jumpMs: Math.round(jumpMs) }, 'the clock of this machine was set or the machine slept');
    if (this.isConfirmed && !this.#isAsking) this.#ask();
  }
}
