/**
 * Readings → the bytes of batches, in the exact form of contract/batch.ts.
 * A reading is judged and turned into text once, when it is appended; numbering only joins texts.
 */
import { BATCH_VERSION, MAX_BATCH_BYTES, MAX_BATCH_READINGS } from '../../contract/batch.ts';
import type { Reading } from '../../contract/reading.ts';
import type { RejectionReason } from '../../contract/verdicts.ts';

/** Room for everything of a batch that is not a reading: the longest epoch and seq make it 87 bytes. */
export const ENVELOPE_BYTES = 128;

export interface BatchLimits {
  /** 1 to MAX_BATCH_READINGS. */
  readonly maxReadings: number;
  /** Bytes of the JSON, up to MAX_BATCH_BYTES. */
  readonly maxBytes: number;
}

/** 200 readings keep a batch near 20 KiB, small enough to resend; the byte limit leaves a margin under the contract's. */
export const BATCH_LIMITS: BatchLimits = { maxReadings: 200, maxBytes: MAX_BATCH_BYTES - 4 * 1024 };

export interface EncodedReading {
  readonly json: string;
  /** UTF-8 bytes of `json`. */
  readonly bytes: number;
}

/** Why no batch can carry a reading; `words` name the field and say what was found. */
export interface UnfitReading {
  readonly reason: Extract<RejectionReason, 'invalid-reading' | 'too-large'>;
  readonly words: string;
}

/**
 * The wire text of one reading; keys that the contract does not know are left out.
 * Unfit is what JSON or a batch cannot carry: a number that is not finite, or more bytes than a batch holds.
 */
export function encodeReading(reading: Reading, limits: BatchLimits): EncodedReading | UnfitReading {
  const { device, time, values } = reading;
  if (typeof device !== 'string') return invalid(`device must be a string, got ${String(device)}`);
  if (!Number.isSafeInteger(time)) return invalid(`time of ${device} must be epoch milliseconds, got ${String(time)}`);
  const fault = faultOfValues(device, values);
  if (fault !== undefined) return invalid(fault);
  return sized(JSON.stringify({ device, time, values }), device, limits);
}

/** Names the first value that JSON cannot carry. */
export function faultOfValues(device: string, values: Readonly<Record<string, number>>): string | undefined {
  if (typeof values !== 'object' || values === null) return `values of ${device} must be an object of numbers`;
  for (const metric of Object.keys(values)) {
    const value = values[metric];
    if (!Number.isFinite(value)) return `${metric} of ${device} must be a finite number, got ${String(value)}`;
  }
  return undefined;
}

/** Text with its size, unless no batch could hold it. */
export function sized(json: string, device: string, limits: BatchLimits): EncodedReading | UnfitReading {
  const bytes = Buffer.byteLength(json);
  if (bytes <= limits.maxBytes - ENVELOPE_BYTES) return { json, bytes };
  return {
    reason: 'too-large',
    words: `a reading of ${device} takes ${bytes} bytes, a batch holds ${limits.maxBytes - ENVELOPE_BYTES}`,
  };
}

/** Splits readings, in order, into what one batch each may carry. Never yields an empty one. */
export function* splitIntoBatches(
  readings: readonly EncodedReading[],
  limits: BatchLimits,
): Generator<readonly EncodedReading[]> {
  let start = 0;
  let bytes = ENVELOPE_BYTES;
  for (const [index, reading] of readings.entries()) {
    const withComma = reading.bytes + 1;
    if (index > start && (index - start >= limits.maxReadings || bytes + withComma > limits.maxBytes)) {
      yield readings.slice(start, index);
      start = index;
      bytes = ENVELOPE_BYTES;
    }
    bytes += withComma;
  }
  if (start < readings.length) yield readings.slice(start);
}

/** The JSON of a batch as it goes on the wire. */
export function encodeBatch(epoch: string, seq: number, readings: readonly EncodedReading[]): Uint8Array {
  const texts = readings.map((reading) => reading.json).join(',');
  return Buffer.from(`{"v":${BATCH_VERSION},"epoch":"${epoch}","seq":${seq},"readings":[${texts}]}`);
}

/** Throws a RangeError that names the limit that the contract does not allow. */
export function checkLimits(limits: BatchLimits): void {
  const { maxReadings, maxBytes } = limits;
  if (!Number.isInteger(maxReadings) || maxReadings < 1 || maxReadings > MAX_BATCH_READINGS)
    throw new RangeError(`maxBatchReadings must be a whole number from 1 to ${MAX_BATCH_READINGS}, got ${maxReadings}`);
  if (!Number.isInteger(maxBytes) || maxBytes <= ENVELOPE_BYTES || maxBytes > MAX_BATCH_BYTES)
    throw new RangeError(
      `maxBatchBytes must be a whole number from ${ENVELOPE_BYTES + 1} to ${MAX_BATCH_BYTES}, got ${maxBytes}`,
    );
}

function invalid(words: string): UnfitReading {
  return { reason: 'invalid-reading', words };
}
