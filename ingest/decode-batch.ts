/** Bytes → batch. Tells a bad reading from a bad batch, and a bad batch from bytes that are no batch at all. */
import type { z } from 'zod';
import { BATCH_VERSION, batchSchema, envelopeSchema, MAX_BATCH_BYTES, PROBE_SEQ } from '../contract/batch.ts';
import { EPOCH_PATTERN } from '../contract/ids.ts';
import { isReading, type Reading, readingSchema } from '../contract/reading.ts';
import { type LaterReason, type RejectedReading, type RejectionReason, WHOLE_BATCH } from '../contract/verdicts.ts';

export interface DecodedBatch {
  readonly kind: 'batch';
  readonly epoch: string;
  readonly seq: number;
  /** At the indexes named in `rejected` stands whatever was sent; nobody reads it below this line. */
  readonly readings: readonly Reading[];
  readonly rejected: readonly RejectedReading[];
}

export type Decoded =
  | DecodedBatch
  | { readonly kind: 'probe'; readonly epoch: string }
  | {
      readonly kind: 'later';
      readonly epoch: string;
      readonly seq: number;
      readonly reason: LaterReason;
      readonly readings: number;
    }
  /** No (epoch, seq) can be read from it, so that it cannot be answered. */
  | { readonly kind: 'undecodable'; readonly reason: RejectionReason; readonly detail: string };

const NOTHING_REJECTED: readonly RejectedReading[] = [];

export function decodeBatch(payload: Uint8Array): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(textOf(payload));
  } catch (error) {
    return { kind: 'undecodable', reason: 'malformed', detail: `not JSON: ${(error as Error).message}` };
  }
  if (payload.length <= MAX_BATCH_BYTES) {
    const whole = batchSchema.safeParse(json);
    if (whole.success) {
      const { epoch, seq, readings } = whole.data;
      if (seq !== PROBE_SEQ) return { kind: 'batch', epoch, seq, readings, rejected: NOTHING_REJECTED };
      if (readings.length === 0) return { kind: 'probe', epoch };
      return { kind: 'undecodable', reason: 'malformed', detail: 'seq: 0 is for probes; batches count from 1' };
    }
  }
  return explain(json, payload.length);
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
}

function explain(json: unknown, bytes: number): Decoded {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return {
      kind: 'undecodable',
      reason: 'malformed',
      detail: 'a batch is a JSON object with v, epoch, seq and readings',
    };
  }
  const { v, epoch, seq, readings } = json as Record<string, unknown>;
  if (typeof epoch !== 'string' || !EPOCH_PATTERN.test(epoch) || !Number.isSafeInteger(seq) || (seq as number) < 1) {
    const issue = envelopeSchema.safeParse(json).error?.issues[0];
    return { kind: 'undecodable', reason: 'malformed', detail: issue ? wordsOf(issue) : 'seq: must be at least 1' };
  }
  const key = { epoch, seq: seq as number };
  const list: unknown[] = Array.isArray(readings) ? readings : [];
  if (Number.isSafeInteger(v) && (v as number) > BATCH_VERSION) {
    return { kind: 'later', ...key, reason: 'version-unknown', readings: list.length };
  }
  if (bytes > MAX_BATCH_BYTES) {
    return refused(key, list, 'too-large', `the batch has ${bytes} bytes, at most ${MAX_BATCH_BYTES} are taken`);
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) {
    const issue = envelope.error.issues[0] as z.core.$ZodIssue;
    const tooMany = issue.code === 'too_big' && issue.path[0] === 'readings';
    return refused(key, list, tooMany ? 'too-large' : reasonOf(issue, 'malformed'), wordsOf(issue));
  }
  const rejected: RejectedReading[] = [];
  for (const [index, reading] of list.entries()) {
    if (isReading(reading)) continue;
    const issue = readingSchema.safeParse(reading).error?.issues[0];
    rejected.push({
      index,
      reason: issue ? reasonOf(issue, 'invalid-reading') : 'invalid-reading',
      detail: issue ? wordsOf(issue) : 'not a reading',
    });
  }
  return { kind: 'batch', ...key, readings: list as Reading[], rejected };
}

function refused(
  key: { epoch: string; seq: number },
  readings: unknown[],
  reason: RejectionReason,
  detail: string,
): Decoded {
  return { kind: 'batch', ...key, readings: readings as Reading[], rejected: [{ index: WHOLE_BATCH, reason, detail }] };
}

function reasonOf(issue: z.core.$ZodIssue, otherwise: RejectionReason): RejectionReason {
  return issue.code === 'unrecognized_keys' ? 'unknown-key' : otherwise;
}

function wordsOf(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}
