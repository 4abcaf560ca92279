/** How a batch ended for whoever handed it in and waits: replayed dead letters and imported files. */
import type { LaterReason, RejectedReading } from '../contract/verdicts.ts';

/** Position in the batch (or WHOLE_BATCH) and why. */
export type Rejection = readonly [index: number, reason: string];

export type BatchOutcome =
  /** Durable now, but for what was rejected; that is in the dead letters. */
  | { readonly kind: 'settled'; readonly rejected: readonly RejectedReading[] }
  /** Settled before, with this answer. */
  | { readonly kind: 'duplicate'; readonly rejected: readonly Rejection[] }
  /** The same batch is being committed: ask again. */
  | { readonly kind: 'pending' }
  /** Not taken, and will not be until the reason is gone. */
  | { readonly kind: 'later'; readonly reason: LaterReason }
  /** Not taken because too much waits for the store: ask again. */
  | { readonly kind: 'shed' }
  /** No batch of the contract. */
  | { readonly kind: 'malformed'; readonly detail: string };
