/**
 * What gives way when the outbox is full.
 *
 * `oldest`: the oldest never-sent batches; when there is none left, the oldest undated readings; then the oldest batches
 * that were sent, because the store may well have them already. Undated readings come second because they alone may still
 * turn out to be undatable, and a sent batch still has an acknowledgement to hope for.
 * `newest`: what is arriving was never sent and is the newest, so it is what gives way; nothing that is held is touched.
 */
import type { DropPolicy } from './outbox.ts';
import type { OutboxDraft } from './outbox-draft.ts';
import type { BatchRow } from './outbox-storage.ts';

export interface RoomRules {
  readonly capacityBytes: number;
  readonly dropPolicy: DropPolicy;
  /** Sent marks that are not written yet. */
  readonly isMarkedSent: (id: number) => boolean;
}

/**
 * Drops until `bytes` more fit, counting what goes.
 * False: the newcomer itself has to give way, and nothing was dropped for it.
 */
export function makeRoom(draft: OutboxDraft, bytes: number, rules: RoomRules): boolean {
  const mostHeld = rules.capacityBytes - bytes;
  if (draft.totals.bytes <= mostHeld) return true;
  if (mostHeld < 0 || rules.dropPolicy === 'newest') return false;
  dropUnsent(draft, mostHeld, rules);
  dropUndated(draft, mostHeld);
  dropSent(draft, mostHeld);
  return true;
}

function dropUnsent(draft: OutboxDraft, mostHeld: number, rules: RoomRules): void {
  for (const [id, row] of draft.batches.rows({ from: draft.unsentFrom })) {
    if (row.isSent || rules.isMarkedSent(id)) continue;
    draft.unsentFrom = id;
    if (draft.totals.bytes <= mostHeld) return;
    dropBatch(draft, id, row);
  }
  draft.unsentFrom = draft.totals.lastId + 1;
}

function dropUndated(draft: OutboxDraft, mostHeld: number): void {
  if (draft.totals.bytes <= mostHeld) return;
  for (const [id, json] of draft.undated.rows({ from: draft.undatedFrom })) {
    draft.undatedFrom = id;
    if (draft.totals.bytes <= mostHeld) return;
    draft.removeUndated(id, json);
    draft.totals.dropped += 1;
  }
}

function dropSent(draft: OutboxDraft, mostHeld: number): void {
  if (draft.totals.bytes <= mostHeld) return;
  for (const [id, row] of draft.batches.rows({ from: draft.heldFrom })) {
    draft.heldFrom = id;
    if (draft.totals.bytes <= mostHeld) return;
    dropBatch(draft, id, row);
  }
}

function dropBatch(draft: OutboxDraft, id: number, row: BatchRow): void {
  draft.removeBatch(id, row);
  draft.rememberDropped(id, row.count);
  draft.totals.dropped += row.count;
}
