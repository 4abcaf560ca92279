/**
 * The books of ingest, per gateway, since this process started; readings, not batches:
 * received = stored + duplicate + rejected + later + shed + queued. `gateway-metrics.ts` writes them for Prometheus.
 */
import { Counter, type Registry } from 'prom-client';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { GatewayCounts } from './ingest-view.ts';

export class GatewayAccount implements GatewayCounts {
  received = 0;
  stored = 0;
  duplicate = 0;
  shed = 0;
  queued = 0;
  /** When a batch last arrived, epoch milliseconds; 0 before the first. */
  heardAt = 0;
  readonly rejected: Record<string, number> = {};
  readonly later: Record<string, number> = {};

  reject(reason: string, readings: number): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + readings;
  }

  postpone(reason: string, readings: number): void {
    this.later[reason] = (this.later[reason] ?? 0) + readings;
  }
}

const NO_COUNTS: GatewayCounts = { received: 0, stored: 0, duplicate: 0, rejected: {}, later: {}, shed: 0, queued: 0 };

export class Accounts {
  readonly #byGateway = new Map<string, GatewayAccount>();
  /** Messages from which no reading could be counted. */
  undecodable = 0;
  stored = 0;

  constructor(registry: Registry) {
    const books = this;
    new Counter({
      name: 'lamplighter_ingest_undecodable_messages_total',
      help: 'Messages on a readings topic that were no batch at all',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(books.undecodable);
      },
    });
  }

  of(gateway: string): GatewayAccount {
    return getOrCreate(this.#byGateway, gateway, () => new GatewayAccount());
  }

  counts(gateway: string): GatewayCounts {
    return this.#byGateway.get(gateway) ?? NO_COUNTS;
  }

  /** When a batch of it last arrived, epoch milliseconds; 0 before the first. */
  heardAt(gateway: string): number {
    return this.#byGateway.get(gateway)?.heardAt ?? 0;
  }

  has(gateway: string): boolean {
    return this.#byGateway.has(gateway);
  }

  get size(): number {
    return this.#byGateway.size;
  }

  gateways(): IterableIterator<string> {
    return this.#byGateway.keys();
  }
}
