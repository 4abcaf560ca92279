/** Undated readings as they lie in the file: JSON, because they are few and only wait for the clock. */
import { type BatchLimits, type EncodedReading, faultOfValues, sized, type UnfitReading } from './batch-encoder.ts';
import type { UndatedReading } from './outbox.ts';

/** Unfit is what could not go into a batch once it is dated. */
export function encodeUndated(reading: UndatedReading, limits: BatchLimits): EncodedReading | UnfitReading {
  const { device, values, takenMonotonicMs, boot, takenWallMs } = reading;
  const fault =
    typeof device === 'string' ? faultOfValues(device, values) : `device must be a string, got ${String(device)}`;
  if (fault !== undefined) return { reason: 'invalid-reading', words: fault };
  if (!Number.isFinite(takenMonotonicMs) || !Number.isFinite(takenWallMs))
    return { reason: 'invalid-reading', words: `the instant at which ${device} was read must be finite milliseconds` };
  return sized(JSON.stringify({ device, values, takenMonotonicMs, boot, takenWallMs }), device, limits);
}

/** Reads back what encodeUndated wrote. */
export function decodeUndated(json: Uint8Array): UndatedReading {
  return JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString()) as UndatedReading;
}
