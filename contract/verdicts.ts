/** The outcomes a reading can have besides being stored: each has a reason, and every reason a mend. */

/** Reasons for which a reading is refused for good: it becomes a dead letter and is settled. */
export const REJECTION_REASONS = {
  malformed: 'The payload is not the JSON of a batch. Compare it with the batch example in docs/architecture.md.',
  'too-large': 'The batch exceeds 1,000 readings or 256 KiB. Send smaller batches.',
  'unknown-key': 'A key is not part of the contract. Remove it; extra facts belong in the register.',
  'invalid-reading': 'The reading has a missing or wrongly typed field. The detail names the field.',
  'no-values': 'The reading names no value. Send at least one metric.',
  'unknown-metric': 'The metric is not in the catalogue (lamplighter metrics). Map it at the edge.',
  'value-out-of-range': 'The value is outside the plausible range of its metric. Check unit and scaling at the edge.',
  'too-old': 'The time lies before the oldest instant the store keeps. Check the clock of the source.',
  'store-refused': 'The store refused the point for good. The detail carries its answer.',
  undated: 'The gateway could not date the reading: it was taken before the clock was known, in another boot.',
} as const;

export type RejectionReason = keyof typeof REJECTION_REASONS;

/** Reasons for which a batch is not settled: the gateway keeps it and it will come again. */
export const LATER_REASONS = {
  'version-unknown': 'The contract version is newer than this ingest understands. Update the server.',
  'owner-unknown': 'The gateway is not in the register, or retired. Add it with: lamplighter gateway add.',
  'clock-ahead': 'A time lies in the future. Check the clock of the source; the batch is taken once the time has come.',
} as const;

export type LaterReason = keyof typeof LATER_REASONS;

/** Index of a rejection that concerns the whole batch. */
export const WHOLE_BATCH = -1;

export interface RejectedReading {
  /** Position in the batch, or WHOLE_BATCH. */
  readonly index: number;
  readonly reason: RejectionReason;
  /** What exactly was wrong, naming field and value. Not part of the acknowledgement. */
  readonly detail?: string;
}
