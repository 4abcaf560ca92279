/** What an acknowledgement settles. Ranges may be as wide as they like: only what is held or remembered is visited. */
import type { Acknowledgement, SeqRange } from '../../contract/acknowledgement.ts';
import { WHOLE_BATCH } from '../../contract/verdicts.ts';
import type { OutboxDraft } from './outbox-draft.ts';
import { countRejected, idsOfEpoch } from './outbox-state.ts';

/** Rejections of one batch: index → reason. A repeated index counts once, with the reason named first. */
type Rejections = Map<number, string>;

export interface Settled {
  /** Ids of the held batches that were removed. */
  readonly removed: readonly number[];
  /** False when there is more to settle than one transaction may: the same acknowledgement goes on from there. */
  readonly isAll: boolean;
}

/** Removes and counts, `most` batches at the most. Unknown epochs and seqs are ignored. */
export function settle(draft: OutboxDraft, acknowledgement: Acknowledgement, most: number): Settled {
  const removed: number[] = [];
  const ids = acknowledgement.epoch === undefined ? undefined : idsOfEpoch(draft.state, acknowledgement.epoch);
  if (ids === undefined) return { removed, isAll: true };
  const lastSeq = ids.last - ids.first + 1;
  const rejectionsBySeq = bySeq(acknowledgement.rejected, lastSeq);
  const rejectedWhole: SeqRange[] = [];
  for (const [seq, rejections] of rejectionsBySeq) if (rejections.has(WHOLE_BATCH)) rejectedWhole.push([seq, seq]);

  let left = most;
  for (const [firstSeq, upToSeq] of joined([...acknowledgement.stored, ...rejectedWhole], lastSeq)) {
    const range = { from: ids.first + firstSeq - 1, to: ids.first + upToSeq - 1 };
    for (const [id, row] of draft.batches.rows(range)) {
      if (left-- === 0) return { removed, isAll: false };
      draft.removeBatch(id, row);
      countOutcome(draft, row.count, rejectionsBySeq.get(id - ids.first + 1));
      removed.push(id);
    }
    for (const [id, count] of draft.dropped.rows(range)) {
      if (left-- === 0) return { removed, isAll: false };
      draft.forgetDropped(id);
      draft.totals.dropped -= count;
      countOutcome(draft, count, rejectionsBySeq.get(id - ids.first + 1));
    }
  }
  return { removed, isAll: true };
}

function countOutcome(draft: OutboxDraft, count: number, rejections: Rejections | undefined): void {
  const whole = rejections?.get(WHOLE_BATCH);
  if (whole !== undefined) {
    countRejected(draft.totals, whole, count);
    return;
  }
  let rejected = 0;
  for (const [index, reason] of rejections ?? []) {
    if (index < 0 || index >= count) continue;
    countRejected(draft.totals, reason, 1);
    rejected++;
  }
  draft.totals.stored += count - rejected;
}

function bySeq(rejected: Acknowledgement['rejected'], lastSeq: number): Map<number, Rejections> {
  const rejectionsBySeq = new Map<number, Rejections>();
  for (const [seq, index, reason] of rejected) {
    if (seq < 1 || seq > lastSeq) continue;
    let rejections = rejectionsBySeq.get(seq);
    if (rejections === undefined) {
      rejections = new Map();
      rejectionsBySeq.set(seq, rejections);
    }
    if (!rejections.has(index)) rejections.set(index, reason);
  }
  return rejectionsBySeq;
}

/** Ranges cut to 1…lastSeq, sorted and joined where they overlap, so that no row is visited twice. */
function joined(ranges: readonly SeqRange[], lastSeq: number): SeqRange[] {
  const sorted = ranges
    .map(([first, last]): SeqRange => [Math.max(1, first), Math.min(last, lastSeq)])
    .filter(([first, last]) => first <= last)
    .sort((a, b) => a[0] - b[0]);
  const result: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = result.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return result;
}
