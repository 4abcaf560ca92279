/** What `/api/demo` answers with. */
import { z } from 'zod';

const count = z.number().describe('Number of readings');

export const demoReply = z.object({
  at: z.string(),
  at_ms: z.number(),
  history: z.object({
    state: z.enum(['none', 'loading', 'done']),
    done_readings: count,
    total_readings: count,
    oldest_day_ms: z.number().nullable().describe('From this instant on the history is complete, epoch milliseconds'),
  }),
  gateways: z.array(
    z.object({
      gateway: z.string(),
      produced: count,
      stored: count,
      rejected: count,
      dropped: count,
      buffered: count,
      live_at_ms: z.number().describe('Everything before is produced, but for pending readings of its past'),
      pending: count,
    }),
  ),
});
export type DemoReply = z.infer<typeof demoReply>;
