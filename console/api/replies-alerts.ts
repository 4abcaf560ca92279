/** What /api/alerts answers with. */
import { z } from 'zod';
import { OWNER_ROLES } from '../../alerts/alert-rule.ts';
import { SEVERITIES } from '../../energy/findings/finding.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');
const part = z.string().nullable();

const alertReply = z.object({
  id: z.string().describe('The same for the same thing at the same place'),
  rule: z.string().describe('See docs/alerts.md'),
  rule_title: z.string(),
  severity: z.enum(SEVERITIES),
  owner: z.enum(OWNER_ROLES).nullable().describe('Who is to act; null when the rule is gone'),
  site: part,
  gateway: part,
  device: part.describe('Id within its gateway'),
  devices: z.array(z.string()).describe('gateway/device, where it is about several'),
  title: z.string(),
  words: z.string(),
  what_to_do: z.string(),
  figures: z.array(z.object({ label: z.string(), value: z.number(), unit: z.string() })),
  since: isoTime.nullable().describe('Since when it is so, as far as the data tell'),
  since_ms: epochMs.nullable(),
});

export const openAlertReply = alertReply.extend({
  state: z.enum(['pending', 'firing']).describe('Pending until it has been so for the time that the rule asks'),
  firing: isoTime.nullable().describe('When it became an alert'),
  firing_ms: epochMs.nullable(),
  unjudged: z.string().describe('Why it cannot be said whether it is still so; empty when it can'),
});
export type OpenAlertReply = z.infer<typeof openAlertReply>;

export const resolvedAlertReply = alertReply.extend({
  firing: isoTime,
  firing_ms: epochMs,
  resolved: isoTime,
  resolved_ms: epochMs,
});
export type ResolvedAlertReply = z.infer<typeof resolvedAlertReply>;

export const alertsReply = z.object({
  at: isoTime,
  at_ms: epochMs,
  evaluated: isoTime.nullable().describe('When the rules were last evaluated; null: not yet'),
  evaluated_ms: epochMs.nullable(),
  fault: z.string().describe('Why this may be old; empty when all is well'),
  by_severity: z.record(z.string(), z.number()).describe('Of those that fire'),
  open: z.array(openAlertReply).describe('The worst first, then the newest; pending ones last'),
  history: z.array(resolvedAlertReply).describe('What is over, newest first'),
  cannot_be_judged: z.array(z.object({ rule: z.string(), rule_title: z.string(), why: z.string() })),
  webhook: z.object({
    set: z.boolean(),
    waiting: z.number().describe('Messages that are still to be sent'),
    dropped: z.number(),
    fault: z.string(),
  }),
});
export type AlertsReply = z.infer<typeof alertsReply>;

export const alertRulesReply = z.object({
  rules: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      summary: z.string(),
      what_to_do: z.string(),
      severity: z.enum(SEVERITIES),
      owner: z.enum(OWNER_ROLES),
      for_s: z.number(),
    }),
  ),
});
export type AlertRulesReply = z.infer<typeof alertRulesReply>;
