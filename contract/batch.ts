/** A batch: what a gateway publishes on `{prefix}/{gateway}/readings`. */
import { z } from 'zod';
import { epochSchema } from './ids.ts';
import { isReading, type Reading } from './reading.ts';

export const BATCH_VERSION = 1;
export const MAX_BATCH_READINGS = 1_000;
/** Bytes of the JSON text, UTF-8. */
export const MAX_BATCH_BYTES = 256 * 1024;

/** `seq` of a batch that carries no reading and only asks for the ingest's time (`at`). */
export const PROBE_SEQ = 0;

const envelope = {
  v: z.literal(BATCH_VERSION),
  epoch: epochSchema,
  seq: z.int().min(0),
};

/** A batch in which every reading is well formed. Says yes or no; `envelopeSchema` and `readingSchema` name the fault. */
export const batchSchema = z.strictObject({ ...envelope, readings: z.custom<readonly Reading[]>(areReadings) });

function areReadings(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_BATCH_READINGS && value.every(isReading);
}

/** The batch without its readings judged: tells a bad reading from a bad batch. */
export const envelopeSchema = z.strictObject({ ...envelope, readings: z.array(z.unknown()).max(MAX_BATCH_READINGS) });

export interface Batch {
  readonly v: 1;
  /** Random, new at every gateway start. */
  readonly epoch: string;
  /** Counts the batches of an epoch from 1 without gaps; 0 is a probe and carries no reading. */
  readonly seq: number;
  readonly readings: readonly Reading[];
}
