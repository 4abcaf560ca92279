/** What `/api/roll-ups` answers with. */
import { z } from 'zod';
import { ROLL_UP_WIDTHS } from '../../contract/roll-up.ts';

const isoTime = z.string().describe('ISO 8601, UTC');
const epochMs = z.number().describe('Epoch milliseconds, UTC');
const value = z.number().nullable();

export const rollUpRowReply = z.object({
  site: z.string(),
  gateway: z.string(),
  device: z.string(),
  metric: z.string(),
  unit: z.string(),
  start: isoTime,
  start_ms: epochMs,
  count: z.number().describe('Stored values'),
  expected: z.number().describe('Values that the interval lets expect; 0 without one'),
  coverage_percent: z.number(),
  min: value,
  mean: value,
  max: value,
  last: value,
  consumption: value.describe('Counters: what was used; null when nothing is known of it'),
  interpolated: value.describe('The part of it that is spread over gaps'),
  estimated: value.describe('The part of it that a person estimated'),
  peak: value.describe('Highest demand of a quarter hour, in the unit per hour'),
  peak_at: isoTime.nullable(),
});
export type RollUpRowReply = z.infer<typeof rollUpRowReply>;

export const rollUpsReply = z.object({
  width: z.enum(ROLL_UP_WIDTHS),
  from: isoTime,
  from_ms: epochMs,
  to: isoTime,
  to_ms: epochMs,
  rows: z.array(rollUpRowReply),
});
export type RollUpsReply = z.infer<typeof rollUpsReply>;

export const rollUpStatusReply = z.object({
  state: z
    .enum(['caught-up', 'behind', 'none', 'unknown'])
    .describe('`none`: nothing is rolled up here; `unknown`: `fault` says why'),
  pending_quarters: z.number().optional().describe('Quarter hours of devices that are over and not rolled up'),
  oldest_s: z.number().optional().describe('How long the oldest of them waits'),
  behind_s: z.number().optional().describe('How long ago it was that all is rolled up of; 0 when nothing waits'),
  caught_up_at: isoTime
    .nullable()
    .optional()
    .describe('All that was over and stored at this time is rolled up; null: not since the start'),
  fault: z.string().optional().describe('Why nothing can be rolled up; empty when all is well'),
  failed_devices: z.array(z.string()).optional().describe('Devices that could not be counted; the log says why'),
});
export type RollUpStatusReply = z.infer<typeof rollUpStatusReply>;
