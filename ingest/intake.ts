/**
 * The way in: from a message to the queue or to a counted outcome, before the next message is looked at.
 *
 *   decode ─ (settled already?) ─ admit ─ queue
 *
 * Nothing here waits. What becomes of what is queued: committer.ts, then settlement.ts.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Accounts } from './accounts.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { Admit } from './admit-batch.ts';
import type { BatchOutcome, Rejection } from './batch-outcome.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type DecodedBatch, decodeBatch } from './decode-batch.ts';
import type { Ledger } from './ledger.ts';
import type { WaitingBatches } from './waiting-batches.ts';

export interface IntakeDeps {
  readonly admit: Admit;
  readonly accounts: Accounts;
  readonly ledger: Ledger;
  readonly waiting: WaitingBatches;
  readonly queue: CommitQueue;
  readonly acknowledger: Acknowledger;
  readonly letters: Pick<DeadLetters, 'keepUndecodable'>;
  readonly clock: Clock;
  /** Told after each batch that was queued. */
  readonly onQueued: () => void;
}

export class Intake {
  readonly #deps: IntakeDeps;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** One message of a gateway's readings topic: every path ends in a counted outcome, and none waits. */
  takeMessage(gateway: string, payload: Uint8Array): void {
    const { accounts, acknowledger, letters } = this.#deps;
    const decoded = decodeBatch(payload);
    switch (decoded.kind) {
      case 'batch':
        this.#takeBatch(gateway, decoded, payload.length, (outcome) => this.#answer(gateway, decoded, outcome));
        break;
      case 'probe':
        acknowledger.greet(gateway, decoded.epoch);
        acknowledger.flushSoon();
        break;
      case 'later': {
        const account = accounts.of(gateway);
        account.received += decoded.readings;
        account.postpone(decoded.reason, decoded.readings);
        acknowledger.later(gateway, decoded.epoch, decoded.seq, decoded.reason);
        acknowledger.flushSoon();
        break;
      }
      case 'undecodable':
        accounts.undecodable++;
        letters.keepUndecodable(gateway, payload, decoded.reason, decoded.detail);
    }
  }

  /** A batch that came otherwise than by the link takes the same steps; resolves when its outcome is known. */
  async submit(gateway: string, payload: Uint8Array): Promise<BatchOutcome> {
    const decoded = decodeBatch(payload);
    switch (decoded.kind) {
      case 'batch':
        return await new Promise((resolve) => this.#takeBatch(gateway, decoded, payload.length, resolve));
      case 'later':
        return { kind: 'later', reason: decoded.reason };
      case 'probe':
        return { kind: 'malformed', detail: 'seq: 0 is for probes; batches count from 1' };
      case 'undecodable':
        return { kind: 'malformed', detail: decoded.detail };
    }
  }

  /** Books, ledger, admission and queue of one batch; who handed it in is told how it ended, at once or when settled. */
  #takeBatch(gateway: string, batch: DecodedBatch, bytes: number, tell: (outcome: BatchOutcome) => void): void {
    const { accounts, ledger, admit, waiting, queue, clock, onQueued } = this.#deps;
    const { epoch, seq, readings } = batch;
    const account = accounts.of(gateway);
    account.received += readings.length;
    account.heardAt = clock.now();

    const claim = ledger.claim(gateway, epoch, seq);
    if (claim !== 'new') {
      account.duplicate += readings.length;
      if (claim === 'pending') tell({ kind: 'pending' });
      else tell({ kind: 'duplicate', rejected: ledger.rejections(gateway, epoch, seq) });
      return;
    }

    const admission = admit(gateway, batch);
    if (admission.later !== undefined) {
      ledger.release(gateway, epoch, seq);
      account.postpone(admission.later, readings.length);
      waiting.wait(gateway, `${epoch}/${seq}`, readings, admission.later);
      tell({ kind: 'later', reason: admission.later });
      return;
    }

    const taken = queue.offer({
      gateway,
      epoch,
      seq,
      readings,
      rejected: admission.rejected,
      bytes,
      arrivedMs: clock.monotonicMs(),
      onSettled: (rejected) => tell({ kind: 'settled', rejected }),
    });
    if (!taken) {
      ledger.release(gateway, epoch, seq);
      account.shed += readings.length;
      tell({ kind: 'shed' });
      return;
    }
    account.queued += readings.length;
    onQueued();
  }

  /** What a gateway is told of its batch, and when. */
  #answer(gateway: string, { epoch, seq }: DecodedBatch, outcome: BatchOutcome): void {
    const { acknowledger } = this.#deps;
    switch (outcome.kind) {
      case 'settled':
        // Published with all others of its group.
        acknowledger.settled(gateway, epoch, seq, outcome.rejected.map(rejectionOf));
        return;
      case 'duplicate':
        acknowledger.settled(gateway, epoch, seq, outcome.rejected);
        break;
      case 'later':
        acknowledger.later(gateway, epoch, seq, outcome.reason);
        break;
      case 'shed':
        acknowledger.hold(gateway, epoch);
        break;
      default:
        // A pending batch is answered when it is committed.
        return;
    }
    acknowledger.flushSoon();
  }
}

function rejectionOf({ index, reason }: { readonly index: number; readonly reason: string }): Rejection {
  return [index, reason];
}
