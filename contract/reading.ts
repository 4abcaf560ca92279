/** A reading: one device, one instant, named values. */
import { z } from 'zod';
import { ID_PATTERN, idSchema } from './ids.ts';

export interface Reading {
  readonly device: string;
  /** Epoch milliseconds, UTC, at the source. */
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}

/** `time` is epoch milliseconds UTC at the source; `values` maps metric ids (see metrics.ts) to finite numbers. */
export const readingSchema = z.strictObject({
  device: idSchema,
  time: z.int(),
  values: z.record(z.string(), z.number()),
});

/**
 * Says what `readingSchema` says, at twice its speed: this runs for every reading that arrives, the schema only to name
 * the fault of one that fails. test/contract/reading.test.ts holds the two to the same answer.
 */
export function isReading(value: unknown): value is Reading {
  if (typeof value !== 'object' || value === null) return false;
  const reading = value as Record<string, unknown>;
  let keys = 0;
  for (const _ in reading) keys++;
  return (
    keys === 3 &&
    typeof reading.device === 'string' &&
    ID_PATTERN.test(reading.device) &&
    Number.isSafeInteger(reading.time) &&
    isRecordOfNumbers(reading.values)
  );
}

function isRecordOfNumbers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const record = value as Record<string, unknown>;
  for (const key in record) if (!Number.isFinite(record[key])) return false;
  return true;
}
