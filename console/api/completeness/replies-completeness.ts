/** What /api/completeness answers. Null: not known, or not to be judged; never 0 for what nobody expects. */
import { z } from 'zod';
import { MISSING_CAUSES, type MissingCause } from '../../../energy/completeness/explain-missing.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');
const localTime = z.string().describe('ISO 8601 with the offset of the site');
const count = z.number().describe('Readings');
const percent = z
  .number()
  .nullable()
  .describe('Of the expected readings, how many are there; null when none are expected');
const cause = z.enum(Object.keys(MISSING_CAUSES) as [MissingCause, ...MissingCause[]]);

const figures = {
  expected: count,
  stored: count.describe('Readings; stored = expected − missing + surplus'),
  missing: count,
  surplus: count,
  coverage_percent: percent,
};

const causeReply = z.object({
  cause,
  readings: count,
  certain: count.describe('Readings of which this is certain'),
});

const rangeReply = z.object({
  from: isoTime,
  from_ms: epochMs,
  from_local: localTime,
  to: isoTime,
  to_ms: epochMs,
  to_local: localTime,
  readings: count,
  exact: z.boolean().describe('From the first missing reading to the next one that is there; else to the quarter hour'),
  cause,
  detail: z.string(),
  certain: z.boolean(),
  words: z.string(),
});

const deviceReply = z.object({
  site: z.string(),
  site_name: z.string(),
  gateway: z.string(),
  device: z.string(),
  device_name: z.string(),
  kind: z.string().nullable(),
  interval_s: z
    .number()
    .nullable()
    .describe('Null: the register does not say, so nothing is expected and it is not counted'),
  note: z.string().describe('Why less is expected than was asked for, or nothing; empty otherwise'),
  ...figures,
  causes: z.array(causeReply),
  days: z
    .array(
      z.object({ day: z.string(), from_ms: epochMs, to_ms: epochMs, ...figures }).describe('A civil day of the site'),
    )
    .describe('Empty unless asked for'),
  ranges: z.array(rangeReply).describe('Empty unless asked for'),
});

export const completenessReply = z.object({
  from: isoTime,
  from_ms: epochMs,
  to: isoTime,
  to_ms: epochMs,
  zone: z.string(),
  total: z.object({
    ...figures,
    devices: z.number().describe('That are counted'),
    devices_without_interval: z.number().describe('Not counted: the register does not say how often they speak'),
  }),
  causes: z.array(causeReply.extend({ words: z.string().describe('What it means, and what helps') })),
  sites: z
    .array(
      z.object({ site: z.string(), name: z.string(), devices: z.number(), ...figures, causes: z.array(causeReply) }),
    )
    .describe('The worst first'),
  devices: z.array(deviceReply).describe('The worst first'),
  left_off: z.number().describe('Devices that are counted above and not listed'),
  late: z.object({
    after_minutes: z.number(),
    words: z.string(),
    gateways: z.array(
      z.object({
        gateway: z.string(),
        readings: count,
        days: z.array(z.object({ day: z.string(), readings: count })).describe('By the civil day of their time'),
      }),
    ),
  }),
  evidence: z.object({
    known_since: isoTime.nullable().describe('Since when comings and goings of every gateway asked for are known'),
    words: z.string().describe('What could not be found out; empty when all could'),
  }),
});
export type CompletenessReply = z.infer<typeof completenessReply>;
export type CompletenessDevice = CompletenessReply['devices'][number];
