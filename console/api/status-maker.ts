/** The figures of one instant: how fast readings arrive, how fast they are acknowledged, what waits. */
import type { ConsoleDeps } from './console-deps.ts';
import { addCounts } from './gateway-rows.ts';
import { ingestRow } from './ingest-row.ts';
import type { StatusEvent } from './replies.ts';

export class StatusMaker {
  readonly #deps: ConsoleDeps;
  readonly #sinceMs: number;
  #before: { readonly received: number; readonly at: number } | undefined;
  #rate: number | null = null;

  constructor(deps: ConsoleDeps) {
    this.#deps = deps;
    this.#sinceMs = deps.clock.now();
  }

  /** Forgets the instant before: the next rate is unknown. */
  forget(): void {
    this.#before = undefined;
    this.#rate = null;
  }

  make(): StatusEvent {
    const { ingest, clock, broker, version } = this.#deps;
    const counts = addCounts(ingest.gateways().map((status) => status.counts));
    const status = ingestRow(ingest.status(), counts);
    const at = clock.monotonicMs();
    return {
      at_ms: clock.now(),
      version,
      since_ms: this.#sinceMs,
      received_per_s: this.#receivedPerSecond(counts.received, at),
      stored_per_s: status.stored_per_s,
      acknowledgement: status.acknowledgement,
      queue: status.queue,
      accepting: status.accepting,
      store_fault: status.store_fault,
      broker_fault: broker?.().fault ?? '',
      stored: counts.stored,
      rejected: sum(counts.rejected),
      dead_letters: sum(ingest.deadLetters.counts()),
    };
  }

  #receivedPerSecond(received: number, at: number): number | null {
    const before = this.#before;
    // Too short a time gives a rate of chance.
    if (before !== undefined && at - before.at < 500) return this.#rate;
    this.#before = { received, at };
    this.#rate =
      before === undefined || received < before.received
        ? null
        : ((received - before.received) * 1_000) / (at - before.at);
    return this.#rate;
  }
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}
