/**
 * Thousands of light gateways in one process, for load: they connect, produce at a set rate, and their books must close:
 *
 *   produced = stored + rejected + buffered
 *
 * Start reading here, then fleet-gateway.ts. Only `cli/` and tests use this folder.
 */
import type { Reading } from '../../contract/reading.ts';
import { Topics } from '../../contract/topics.ts';
import { type Clock, sleep, type Timer } from '../../runtime/clock.ts';
import { type Random, randomWord } from '../../runtime/random.ts';
import type { Service } from '../../runtime/service.ts';
import { streamOf } from '../chance.ts';
import { FleetBooks } from './fleet-books.ts';
import type { FleetCredential } from './fleet-connection.ts';
import { FleetGateway, type FleetGatewayOptions } from './fleet-gateway.ts';
import type { FleetTransport } from './fleet-transport.ts';

export const FLEET_DEFAULTS = {
  intervalMs: 10_000,
  devices: 4,
  values: 4,
  presenceQos: 1,
  reconnectMostMs: 5_000,
  mostBufferedCharacters: 512 * 1024 * 1024,
  /** New connections a second at the start. */
  connectsPerS: 1_000,
} as const;

export interface FleetOptions extends Partial<Omit<FleetGatewayOptions, 'readingsPerS'>> {
  /** Readings a second of the whole fleet; without it each device is read once an interval. */
  readonly readingsPerS?: number | undefined;
  readonly topicPrefix?: string | undefined;
  readonly connectsPerS?: number;
}

export interface FleetDeps {
  readonly credentials: readonly FleetCredential[];
  readonly transport: FleetTransport;
  readonly options?: FleetOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Told of every batch as it is numbered. */
  readonly onProduced?: (gateway: string, readings: readonly Reading[]) => void;
}

/** All in readings but where named otherwise. */
export interface FleetCounts {
  readonly produced: number;
  readonly stored: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly buffered: number;
  /** produced = stored + rejected + buffered, with `buffered` counted anew at every gateway. */
  readonly isBalanced: boolean;
}

export interface StormReport {
  /** Gateways that were cut off. */
  readonly gateways: number;
  /** Seconds until every gateway was connected again; undefined when that did not happen in time. */
  readonly backAfterS: number | undefined;
  /** Seconds until everything produced before the cut was acknowledged. */
  readonly settledAfterS: number | undefined;
  /** Readings that were not acknowledged at the moment of the cut. */
  readonly outstanding: number;
}

/** Each gateway is looked at this often. */
const TICK_MS = 50;
/** Connections under way at once: more only time out in the listener's backlog. */
const MOST_CONNECTING = 2_000;
const LOOK_EVERY_MS = 20;

export class Fleet implements Service {
  readonly name = 'fleet';
  readonly books = new FleetBooks();
  readonly #deps: FleetDeps;
  #gateways: readonly FleetGateway[] = [];
  #ticking: Timer | undefined;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#deps.credentials.length;
  }

  /** Begins to connect, evenly over the first seconds; does not wait. */
  async start(): Promise<void> {
    const { credentials, clock, random, transport, version, onProduced } = this.#deps;
    const {
      topicPrefix,
      connectsPerS = FLEET_DEFAULTS.connectsPerS,
      readingsPerS,
      ...given
    } = this.#deps.options ?? {};
    const common = { ...FLEET_DEFAULTS, ...given };
    const rate = readingsPerS ?? (credentials.length * common.devices * 1_000) / common.intervalMs;
    const options = { ...common, readingsPerS: rate / credentials.length };
    const topics = new Topics(topicPrefix);
    const now = clock.monotonicMs();
    this.#gateways = credentials.map((credential, index) => {
      const { books } = this;
      const stream = streamOf(1, credential.id);
      const epoch = randomWord(16);
      return new FleetGateway(
        { credential, options, topics, transport, books, clock, random, epoch, stream, version, onProduced },
        now + (index * 1_000) / connectsPerS,
      );
    });
    this.#ticking = clock.every(TICK_MS, () => this.#tick());
  }

  produce(): void {
    for (const gateway of this.#gateways) gateway.produce();
  }

  stopProducing(): void {
    for (const gateway of this.#gateways) gateway.stopProducing();
  }

  /** Says goodbye at every gateway. What is buffered is lost, so call `drained` first. */
  async stop(): Promise<void> {
    this.#ticking?.cancel();
    for (const gateway of this.#gateways) gateway.leave();
  }

  counts(): FleetCounts {
    const { produced, stored, rejected } = this.books;
    let buffered = 0;
    for (const gateway of this.#gateways) buffered += gateway.bufferedReadings();
    const refused = Object.values(rejected).reduce((sum, readings) => sum + readings, 0);
    return {
      produced,
      stored,
      rejected: { ...rejected },
      buffered,
      isBalanced: produced === stored + refused + buffered,
    };
  }

  /** Whether all were connected within `withinMs`. */
  async connected(withinMs: number): Promise<boolean> {
    return await this.#until(() => this.#gateways.every((gateway) => gateway.isConnected), withinMs);
  }

  /** Whether everything produced so far was settled within `withinMs`. */
  async drained(withinMs: number): Promise<boolean> {
    const marks = this.#marks();
    return await this.#until(() => marks.every(([gateway, seq]) => gateway.hasSettledUpTo(seq)), withinMs);
  }

  /** Cuts every connection at once and watches until all are back and all that was outstanding is acknowledged. */
  async storm(withinMs: number): Promise<StormReport> {
    const { clock } = this.#deps;
    const outstanding = this.counts().buffered;
    const marks = this.#marks();
    const startedAt = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - startedAt) / 1_000;
    for (const gateway of this.#gateways) gateway.cut();
    const [backAfterS, settledAfterS] = await Promise.all([
      this.connected(withinMs).then((isBack) => (isBack ? seconds() : undefined)),
      this.#until(() => marks.every(([gateway, seq]) => gateway.hasSettledUpTo(seq)), withinMs).then((isSettled) =>
        isSettled ? seconds() : undefined,
      ),
    ]);
    return { gateways: this.#gateways.length, backAfterS, settledAfterS, outstanding };
  }

  #marks(): (readonly [FleetGateway, number])[] {
    return this.#gateways.map((gateway) => [gateway, gateway.lastSeq] as const);
  }

  #tick(): void {
    const now = this.#deps.clock.monotonicMs();
    let connecting = 0;
    for (const gateway of this.#gateways) if (gateway.isConnecting) connecting++;
    for (const gateway of this.#gateways) {
      const began = gateway.tick(now, connecting < MOST_CONNECTING);
      if (began) connecting++;
    }
  }

  async #until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const { clock } = this.#deps;
    const deadline = clock.monotonicMs() + withinMs;
    while (!isSo()) {
      if (clock.monotonicMs() >= deadline) return false;
      await sleep(clock, LOOK_EVERY_MS);
    }
    return true;
  }
}
