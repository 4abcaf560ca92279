/**
 * Sends the batches of a file, a few at a time, each until the server says that it is settled: the server's own pace is
 * the pace of the import. Sent again, whether after a cut or by mistake, a batch that is stored is answered as duplicate.
 */

import type { ImportedBatchReply } from '../../console/api/import-replies.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { ImportBatch } from './readings-file.ts';

const WINDOW = 4;
const RETRY = { firstMs: 100, mostMs: 5_000 } as const;
/** A store that takes nothing for so long needs somebody. */
const GIVE_UP_MS = 300_000;

export interface SentTotals {
  stored: number;
  /** Readings of batches that were settled before. */
  duplicate: number;
  rejected: number;
}

export interface RejectedLine {
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
}

export interface SenderDeps {
  readonly post: (body: string) => Promise<ImportedBatchReply>;
  readonly clock: Clock;
  readonly onProgress: (totals: SentTotals) => void;
  readonly onRejected: (rejected: RejectedLine) => void;
  /** The server is asked again, and why. */
  readonly onWaiting: (words: string) => void;
  /** False: one after another, for files in which a later row replaces an earlier one. */
  readonly isInOrder: boolean;
}

/** @throws LamplighterError when the server goes away or does not take the batches; what is stored stays stored. */
export async function sendBatches(batches: AsyncGenerator<ImportBatch, void>, deps: SenderDeps): Promise<SentTotals> {
  const totals: SentTotals = { stored: 0, duplicate: 0, rejected: 0 };
  const senders = Array.from({ length: deps.isInOrder ? WINDOW : 1 }, async () => {
    for (;;) {
      const { value: batch, done } = await batches.next();
      if (done === true) return;
      const answer = await settle(batch.body, deps);
      for (const { index, reason, detail } of answer.rejected) {
        const refused = index < 0 ? batch.lines : batch.lines.slice(index, index + 1);
        for (const line of refused) deps.onRejected({ line, reason, detail });
        totals.rejected += refused.length;
      }
      const rejected = answer.rejected.some(({ index }) => index < 0) ? batch.readings : answer.rejected.length;
      totals[answer.outcome === 'duplicate' ? 'duplicate' : 'stored'] += batch.readings - rejected;
      deps.onProgress(totals);
    }
  });
  try {
    await Promise.all(senders);
  } catch (error) {
    await batches.return();
    await Promise.allSettled(senders);
    throw error;
  }
  return totals;
}

async function settle(body: string, { post, clock, onWaiting }: SenderDeps): Promise<ImportedBatchReply> {
  const since = clock.monotonicMs();
  for (let pauseMs: number = RETRY.firstMs; ; pauseMs = Math.min(2 * pauseMs, RETRY.mostMs)) {
    const answer = await post(body);
    if (answer.outcome === 'settled' || answer.outcome === 'duplicate') return answer;
    if (answer.outcome === 'later') throw new LamplighterError('conflict', answer.words);
    if (clock.monotonicMs() - since > GIVE_UP_MS) throw new LamplighterError('store-unavailable', answer.words);
    onWaiting(answer.words);
    await sleep(clock, pauseMs);
  }
}
