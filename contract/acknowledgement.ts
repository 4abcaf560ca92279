/** An acknowledgement: what ingest publishes on `{prefix}/{gateway}/ack`. It alone lets a gateway delete readings. */
import { z } from 'zod';
import { epochSchema } from './ids.ts';
import { LATER_REASONS, type LaterReason, REJECTION_REASONS, type RejectionReason } from './verdicts.ts';

const seq = z.int().min(1);

/**
 * Not strict: a newer ingest may add keys that an older gateway does not know.
 * Reasons are read as plain words for the same reason; `isRejectionReason` and `isLaterReason` tell the known ones.
 */
export const acknowledgementSchema = z.object({
  session: z.string().min(1).max(64),
  accepting: z.boolean(),
  epoch: epochSchema.optional(),
  stored: z.array(z.tuple([seq, seq])).default([]),
  rejected: z.array(z.tuple([seq, z.int().min(-1), z.string().max(64)])).default([]),
  later: z.array(z.tuple([seq, z.string().max(64)])).default([]),
  at: z.int(),
});

/** Range of seqs, both ends included. */
export type SeqRange = readonly [first: number, last: number];

export interface Acknowledgement {
  /** Random, new at every start of ingest: unanswered batches are to be sent again at once. */
  readonly session: string;
  /** False asks the gateway to hold. */
  readonly accepting: boolean;
  /** The epoch that stored, rejected and later speak of; absent when they are empty. */
  readonly epoch?: string | undefined;
  /** Settled: the store holds them, but for the indexes named in `rejected`. */
  readonly stored: readonly SeqRange[];
  /** Settled: dead letters at ingest. Index −1 means the whole batch, which is then not in `stored`. */
  readonly rejected: readonly (readonly [seq: number, index: number, reason: RejectionReason | string])[];
  /** Not settled: keep and send again. */
  readonly later: readonly (readonly [seq: number, reason: LaterReason | string])[];
  /** Ingest's clock, epoch milliseconds UTC. */
  readonly at: number;
}

export function isRejectionReason(word: string): word is RejectionReason {
  return Object.hasOwn(REJECTION_REASONS, word);
}

export function isLaterReason(word: string): word is LaterReason {
  return Object.hasOwn(LATER_REASONS, word);
}
