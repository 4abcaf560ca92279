/** Limits that hold for everyone, before a credential is even looked at. */
import { MAX_BATCH_BYTES } from '../contract/batch.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Refusal } from './refusals.ts';
import { TokenBucket, type TokenRate } from './token-bucket.ts';

export interface BrokerLimits {
  readonly maxConnections: number;
  /** Many gateways may share one address behind a router, a tunnel or a container network. */
  readonly maxConnectionsPerAddress: number;
  /** New connections of all addresses together. */
  readonly connectionRate: TokenRate;
  /** From accept to the last byte of the CONNECT packet. */
  readonly connectTimeoutMs: number;
  readonly maxConnectBytes: number;
  /** Topic, packet id and payload of a PUBLISH. */
  readonly maxPublishBytes: number;
  /** Any other packet. */
  readonly maxOtherBytes: number;
  readonly maxPresenceBytes: number;
  /** Per connection; above it the socket is not read for a while, nothing is dropped. */
  readonly byteRate: TokenRate;
  readonly packetRate: TokenRate;
  readonly maxSubscriptions: number;
  readonly maxRetained: number;
  /** Forbidden messages of one connection, all dropped; above this rate it is closed. */
  readonly forbiddenRate: TokenRate;
  /**
   * Bytes that wait for a slow reader. Above it QoS 0 is dropped and its own packets are not read; at four times as
   * many it is closed.
   */
  readonly maxBacklogBytes: number;
  /** The same for service credentials: an ingest that pauses for a moment must not lose a burst. */
  readonly maxServiceBacklogBytes: number;
  /** A reader with a backlog that takes no byte for so long is closed. */
  readonly drainTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: BrokerLimits = {
  maxConnections: 12_000,
  maxConnectionsPerAddress: 12_000,
  connectionRate: { perSecond: 2_000, burst: 12_000 },
  connectTimeoutMs: 10_000,
  maxConnectBytes: 16 * 1024,
  maxPublishBytes: MAX_BATCH_BYTES + 1024,
  maxOtherBytes: 16 * 1024,
  maxPresenceBytes: 4 * 1024,
  byteRate: { perSecond: 8 * MIB, burst: 8 * MIB },
  packetRate: { perSecond: 20_000, burst: 20_000 },
  maxSubscriptions: 100,
  maxRetained: 100_000,
  forbiddenRate: { perSecond: 1, burst: 100 },
  maxBacklogBytes: MIB,
  maxServiceBacklogBytes: 64 * MIB,
  drainTimeoutMs: 10_000,
};

/** Counts connections, in all and by address, and their rate. */
export class ConnectionLimits {
  readonly #limits: BrokerLimits;
  readonly #rate: TokenBucket;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: BrokerLimits, clock: Clock) {
    this.#limits = limits;
    this.#rate = new TokenBucket(limits.connectionRate, clock);
  }

  get total(): number {
    return this.#total;
  }

  /** Undefined when the connection may stay; it must then be given back with `release`. */
  admit(address: string): Refusal | undefined {
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#limits.maxConnections) return 'too-many-connections';
    if (ofAddress >= this.#limits.maxConnectionsPerAddress) return 'too-many-from-address';
    if (!this.#rate.tryTake()) return 'connection-rate';
    this.#total++;
    this.#byAddress.set(address, ofAddress + 1);
    return undefined;
  }

  release(address: string): void {
    const ofAddress = (this.#byAddress.get(address) ?? 1) - 1;
    this.#total--;
    if (ofAddress > 0) this.#byAddress.set(address, ofAddress);
    else this.#byAddress.delete(address);
  }
}
