/** Fresh readings become numbered batches of the current epoch, as far as there is room for them. */
import { type BatchLimits, type EncodedReading, encodeBatch, splitIntoBatches } from './batch-encoder.ts';
import { makeRoom, type RoomRules } from './making-room.ts';
import type { StoredBatch } from './outbox.ts';
import { type OutboxDraft, ROW_OVERHEAD_BYTES } from './outbox-draft.ts';

export interface Numbering {
  readonly epoch: string;
  /** Epoch milliseconds of now. */
  readonly createdAt: number;
  readonly limits: BatchLimits;
  readonly room: RoomRules;
}

/** Returns the batches it made that are still held. What has to give way before it is numbered leaves no gap in the seqs. */
export function numberReadings(
  draft: OutboxDraft,
  readings: readonly EncodedReading[],
  { epoch, createdAt, limits, room }: Numbering,
): StoredBatch[] {
  const made: StoredBatch[] = [];
  for (const group of splitIntoBatches(readings, limits)) {
    const id = draft.totals.lastId + 1;
    const firstId = draft.epochs.find((entry) => entry.epoch === epoch)?.firstId ?? id;
    const seq = id - firstId + 1;
    const payload = encodeBatch(epoch, seq, group);
    const count = group.length;
    const bytes = payload.length + ROW_OVERHEAD_BYTES;
    if (!makeRoom(draft, bytes, room)) {
      draft.totals.dropped += count;
      continue;
    }
    if (firstId === id) draft.epochs = [...draft.epochs, { epoch, firstId }];
    draft.totals.lastId = id;
    draft.addBatch(id, { count, bytes, createdAt, isSent: false, isAside: false }, payload);
    made.push({ id, epoch, seq, count, payload, createdAt });
  }
  return made.filter(({ id }) => draft.batches.get(id) !== undefined);
}
