/** What the routes of meters answer with. */
import { z } from 'zod';
import { METER_EVENT_KINDS } from '../../contract/roll-up.ts';
import { METER_DECISIONS } from '../../register/model.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');
const localTime = z.string().describe('ISO 8601 with the offset of the site; what a decision is made about');

const seriesFields = {
  site: z.string().nullable().describe('Where the device was then'),
  site_name: z.string().nullable(),
  gateway: z.string(),
  device: z.string(),
  device_name: z.string(),
  metric: z.string(),
  label: z.string(),
  unit: z.string(),
};
const atFields = { at: isoTime, at_ms: epochMs, at_local: localTime };

export const decisionReply = z.object({
  ...seriesFields,
  ...atFields,
  decision: z.enum(METER_DECISIONS),
  last: z.number().nullable().describe('Of a swap: last reading of the old meter'),
  first: z.number().nullable().describe('Of a swap: first reading of the new one'),
  estimate: z.number().nullable().describe('What was used between the two values; booked, and flagged as estimated'),
  who: z.string(),
  why: z.string(),
  decided: isoTime,
  decided_ms: epochMs,
  words: z.string(),
});
export type DecisionReply = z.infer<typeof decisionReply>;

export const decisionRecordReply = decisionReply.extend({
  number: z.number().describe('Counted from 1 in the order in which they were made'),
  decision: z.enum([...METER_DECISIONS, 'withdrawn']),
});
export type DecisionRecordReply = z.infer<typeof decisionRecordReply>;

export const decisionsReply = z.object({
  total: z.number().describe('How many there are in all'),
  decisions: z.array(decisionReply),
  next: z.string().nullable().describe('Send as `after` for the next page'),
});
export type DecisionsReply = z.infer<typeof decisionsReply>;

export const decisionHistoryReply = z.object({
  total: z.number().describe('How many there are in all'),
  decisions: z.array(decisionRecordReply),
  next: z.number().nullable().describe('Send as `after` for the next page'),
});
export type DecisionHistoryReply = z.infer<typeof decisionHistoryReply>;

export const meterEventReply = z.object({
  ...seriesFields,
  kind: z.enum(METER_EVENT_KINDS),
  ...atFields,
  from: isoTime.describe('Instant of the value before'),
  from_ms: epochMs,
  before: z.number().describe('Register before, as the device reported it'),
  after: z.number(),
  booked: z.number().describe('What was booked between the two, multiplier included'),
  decided_by: z.enum(['rule', 'person']),
  decision: decisionReply.nullable().describe('What a person decided about it and still holds'),
  words: z.string(),
});
export type MeterEventReply = z.infer<typeof meterEventReply>;

export const meterEventsReply = z.object({
  from: isoTime,
  from_ms: epochMs,
  to: isoTime,
  to_ms: epochMs,
  total: z.number().describe('How many there are in all'),
  by_kind: z.record(z.string(), z.number()),
  events: z.array(meterEventReply).describe('Newest first'),
  next: z.string().nullable().describe('Send as `after` for the next page'),
});
export type MeterEventsReply = z.infer<typeof meterEventsReply>;
