/** Health: what a gateway says of itself every 30 s on `{prefix}/{gateway}/health`. */
import { z } from 'zod';
import { epochSchema } from './ids.ts';

export const HEALTH_INTERVAL_MS = 30_000;

const count = z.int().min(0);

export const healthSchema = z.object({
  version: z.string().max(64),
  /** Epoch of this start of the gateway. */
  epoch: epochSchema,
  /** All epochs of which the outbox still holds a batch, the current one included. */
  epochs: z.array(epochSchema).max(1_000),
  /** Epoch milliseconds by the gateway's own clock. */
  at: z.int(),
  /** Seconds since the gateway started. */
  uptime_s: z.number().min(0),
  outbox: z.object({
    /** Readings produced since the outbox was created, and what became of them. */
    produced: count,
    stored: count,
    rejected: z.record(z.string(), count),
    dropped: count,
    /** produced = stored + rejected + dropped + buffered. */
    buffered: count,
    /** Of the buffered: set aside after repeated failures, and waiting for a confirmed clock. */
    set_aside: count,
    undated: count,
    batches: count,
    bytes: count,
    capacity_bytes: count,
    /** Age of the oldest buffered batch in seconds; 0 when empty. */
    oldest_s: z.number().min(0),
  }),
  /** Batches that ingest asked to send later, by reason. */
  later: z.record(z.string(), count),
  /** Milliseconds by which ingest's clock is ahead of the gateway's; null until confirmed. */
  clock_offset_ms: z.number().nullable(),
  memory_mib: z.number().min(0),
  sources: z.array(
    z.object({
      name: z.string().max(64),
      kind: z.string().max(32),
      state: z.enum(['starting', 'running', 'failing', 'stopped']),
      /** Why it fails, in words; empty otherwise. */
      detail: z.string().max(500),
      readings: count,
      /** Messages the codec refused. */
      refused: count,
      /** Readings lost because the disk refused them for too long; absent for sources that can ask again. */
      lost: count.optional(),
    }),
  ),
});

export type Health = z.infer<typeof healthSchema>;
