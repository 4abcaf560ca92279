/** What a report answers with as JSON. Every figure is a value, or null beside the words why there is none. */
import { z } from 'zod';
import { METER_EVENT_KINDS } from '../../contract/roll-up.ts';
import { METER_DECISIONS } from '../../register/model.ts';
import { REPORTED_CARRIERS } from '../../reports/site-meters.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const localTime = z.string().describe('ISO 8601 with the offset of the site');
const percent = z.number().describe('Percent; hundredths, never 100 unless it is all');
const refusal = z
  .object({ code: z.string(), words: z.string() })
  .nullable()
  .describe('Why the value is null, and what would help');
const figure = z.object({ value: z.number().nullable(), refusal });
const amount = {
  consumption: z.number().nullable(),
  interpolated: z.number().nullable().describe('The part that is a known difference spread over a gap'),
  estimated: z.number().nullable().describe('The part that a person put in by estimate'),
  known_percent: percent.describe('Share of the time of which the amount is known'),
  measured_percent: percent.describe('Share of the time that was measured'),
};
const missing = z.object({
  hours: z.number(),
  ranges: z.array(z.object({ from: localTime, from_ms: epochMs, to: localTime, to_ms: epochMs })),
  words: z.string(),
});
const factor = z.object({
  id: z.string(),
  year: z.number(),
  revision: z.string(),
  source: z.string(),
  is_second_hand: z.boolean(),
});
const emission = z.object({
  kg_co2e: z.number().nullable(),
  refusal,
  kg_co2: z.number().nullable(),
  kg_ch4: z.number().nullable(),
  kg_n2o: z.number().nullable(),
  gwp: z.string().nullable(),
  factors: z.array(factor),
  basis: z.string().nullable().describe('By market: what it was counted with'),
});
const meter = z.object({
  gateway: z.string(),
  device: z.string(),
  name: z.string(),
  metric: z.string(),
  stays: z.array(z.object({ from: localTime, to: localTime })).describe('When it stood at the site in the month'),
  ...amount,
  missing,
});
const costLine = z.object({
  kind: z.enum(['energy', 'demand', 'fixed']),
  what: z.string(),
  from: z.string().describe('First day'),
  to: z.string().describe('Last day'),
  quantity: z.number(),
  unit: z.string(),
  rate: z.number(),
  months: z.number(),
  amount: z.number().describe('Rounded to the smallest coin'),
  tariff: z.string(),
  revision: z.string(),
});

const carrier = z.object({
  carrier: z.enum(REPORTED_CARRIERS),
  unit: z.string(),
  rate_unit: z.string(),
  ...amount,
  refusal,
  measured_share_percent: percent.nullable().describe('Of the amount; null when it is 0 or not known'),
  interpolated_share_percent: percent.nullable(),
  estimated_share_percent: percent.nullable(),
  missing,
  peak: figure.extend({ at: localTime.nullable(), at_ms: epochMs.nullable() }),
  load_factor_percent: figure.nullable().describe('Null for what is made or fed in'),
  base_load: figure.nullable(),
  after_hours: figure
    .extend({ share_percent: percent.nullable(), share_of_time_percent: percent.nullable() })
    .nullable(),
  cost: figure
    .extend({
      tariff: z.string().nullable(),
      currency: z.string().nullable(),
      lines: z.array(costLine).describe('Of what is known, also where there is no sum'),
      notes: z.array(z.string()),
    })
    .nullable(),
  emissions: z
    .object({ kind: z.enum(['direct', 'bought']), location: emission, market: emission })
    .nullable()
    .describe('Null for what has none'),
  meters: z.array(meter),
});

const day = z.object({
  date: z.string(),
  hours: z.number(),
  carriers: z.array(z.object({ carrier: z.enum(REPORTED_CARRIERS), ...amount, flags: z.array(z.string()) })),
});

const event = z.object({
  gateway: z.string(),
  device: z.string(),
  metric: z.string(),
  kind: z.enum(METER_EVENT_KINDS),
  from: localTime,
  at: localTime,
  at_ms: epochMs,
  before: z.number(),
  after: z.number(),
  booked: z.number(),
  decided_by: z.enum(['rule', 'person']),
});

const decision = z.object({
  gateway: z.string(),
  device: z.string(),
  metric: z.string(),
  decision: z.enum(METER_DECISIONS),
  at: localTime,
  at_ms: epochMs,
  last: z.number().nullable(),
  first: z.number().nullable(),
  estimate: z.number().nullable(),
  who: z.string(),
  why: z.string(),
  decided: localTime,
});

export const energyReportReply = z.object({
  site: z.string(),
  site_name: z.string(),
  zone: z.string(),
  month: z.string(),
  from: localTime,
  from_ms: epochMs,
  to: localTime,
  to_ms: epochMs,
  is_whole: z.boolean().describe('False while the month runs'),
  made: localTime,
  made_ms: epochMs,
  version: z.string(),
  inputs: z.string().describe('SHA-256 of everything that the figures were made of'),
  gwp: z.string(),
  notes: z.array(z.string()),
  totals: z.object({
    cost: z.number().nullable(),
    currency: z.string().nullable(),
    kg_co2e_location: z.number().nullable(),
    kg_co2e_market: z.number().nullable(),
  }),
  carriers: z.array(carrier),
  without_meters: z.array(z.enum(REPORTED_CARRIERS)),
  days: z.array(day),
  events: z.array(event),
  decisions: z.array(decision),
  tariffs: z.array(z.object({ id: z.string(), revision: z.string(), source: z.string(), is_example: z.boolean() })),
});
export type EnergyReportReply = z.infer<typeof energyReportReply>;
