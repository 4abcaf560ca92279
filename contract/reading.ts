/** A reading: one device, one instant, named values. */
import { z } from 'zod';
import { idSchema } from './ids.ts';

/** `time` is epoch milliseconds UTC at the source; `values` maps metric ids (see metrics.ts) to finite numbers. */
export const readingSchema = z.strictObject({
  device: idSchema,
  time: z.int(),
  values: z.record(z.string(), z.number()),
});

export interface Reading {
  readonly device: string;
  /** Epoch milliseconds, UTC, at the source. */
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}
