/** The way out: a group of batches is durable. Books, ledger, news to those who listen, acknowledgements. */
import { LATE_AFTER_MS } from '../contract/gateway-evidence.ts';
import { isServerEpoch } from '../contract/ids.ts';
import type { Reading } from '../contract/reading.ts';
import { type RejectedReading, WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Accounts, GatewayAccount } from './accounts.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { CommitQueue, QueuedBatch } from './commit-queue.ts';
import { storedCount } from './committer.ts';
import type { GatewayHistory } from './gateway-history.ts';
import type { Committed } from './ingest-view.ts';
import { LatencyWindow } from './latency-window.ts';
import type { Ledger } from './ledger.ts';
import { RateWindow } from './rate-window.ts';
import type { WaitingBatches } from './waiting-batches.ts';

export interface SettlementDeps {
  readonly accounts: Accounts;
  readonly ledger: Ledger;
  readonly waiting: WaitingBatches;
  readonly queue: CommitQueue;
  readonly acknowledger: Acknowledger;
  readonly history: Pick<GatewayHistory, 'countLate'> | undefined;
  readonly clock: Clock;
}

export class Settlement {
  /** From arrival to acknowledgement. */
  readonly latency = new LatencyWindow(60_000);
  readonly storedRate = new RateWindow(10);
  readonly #deps: SettlementDeps;
  readonly #listeners = new Set<(news: Committed) => void>();

  constructor(deps: SettlementDeps) {
    this.#deps = deps;
  }

  onCommitted(listener: (news: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `refused`: what the store itself did not take of a batch, beside what admission had rejected. */
  settle(group: readonly QueuedBatch[], refused: ReadonlyMap<unknown, readonly RejectedReading[]>): void {
    const { accounts, ledger, waiting, queue, acknowledger, clock } = this.#deps;
    const now = clock.monotonicMs();
    const lateBefore = clock.now() - LATE_AFTER_MS;
    let storedNow = 0;
    for (const batch of group) {
      const { gateway, epoch, seq, readings } = batch;
      const refusedNow = refused.get(batch);
      const rejected = refusedNow === undefined ? batch.rejected : [...batch.rejected, ...refusedNow];
      const account = accounts.of(gateway);
      const stored = storedCount(batch, rejected);
      account.queued -= readings.length;
      account.stored += stored;
      storedNow += stored;
      if (rejected.length > 0) countRejections(account, readings.length, rejected);
      ledger.settle(gateway, epoch, seq, rejected, readings[0]?.time, readings.at(-1)?.time);
      if (!waiting.isEmpty) waiting.settled(gateway, `${epoch}/${seq}`);
      this.#countLate(batch, rejected, lateBefore);
      this.latency.record(now - batch.arrivedMs, now);
      batch.onSettled(rejected);
      if (this.#listeners.size > 0) this.#tell(gateway, readings, rejected);
    }
    queue.settled(group);
    accounts.stored += storedNow;
    this.storedRate.add(storedNow, now);
    acknowledger.releaseHeld();
    acknowledger.flush();
  }

  #tell(gateway: string, readings: readonly Reading[], rejected: readonly RejectedReading[]): void {
    if (rejected[0]?.index === WHOLE_BATCH) return;
    const stored =
      rejected.length === 0 ? readings : readings.filter((_, i) => !rejected.some(({ index }) => index === i));
    for (const listener of this.#listeners) listener({ gateway, readings: stored });
  }

  /** A file that a person imports is not late. */
  #countLate({ gateway, epoch, readings }: QueuedBatch, rejected: readonly RejectedReading[], before: number): void {
    const { history } = this.#deps;
    if (history === undefined || isServerEpoch(epoch) || rejected[0]?.index === WHOLE_BATCH) return;
    for (let index = 0; index < readings.length; index++) {
      const { time } = readings[index] as Reading;
      if (time < before && !rejected.some((one) => one.index === index)) history.countLate(gateway, time);
    }
  }
}

function countRejections(account: GatewayAccount, readings: number, rejected: readonly RejectedReading[]): void {
  for (const { index, reason } of rejected) account.reject(reason, index === WHOLE_BATCH ? readings : 1);
}
