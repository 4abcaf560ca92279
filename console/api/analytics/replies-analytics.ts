/** What /api/analytics answers with. */
import { z } from 'zod';
import { CARRIERS } from '../../../energy/carriers.ts';
import { figureReply } from './figure-reply.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');
const localTime = z.string().describe('ISO 8601 with the offset of the site');
const known = z.number().nullable();
const range = { from: isoTime, from_ms: epochMs, to: isoTime, to_ms: epochMs };
const when = { at: isoTime.nullable(), at_ms: epochMs.nullable(), at_local: localTime.nullable() };

const comparison = figureReply.extend({
  with: z.enum(['last-week', 'last-year']),
  ...range,
  amount: known.describe('Used in the days that were compared'),
  earlier_amount: known,
  change: known,
  days_compared: known,
  days_asked: known,
  earlier_known_percent: z.number(),
  earlier_measured_percent: z.number(),
});

const factorUsed = z.object({
  id: z.string(),
  revision: z.string(),
  year: z.number(),
  source: z.string(),
  is_second_hand: z.boolean().describe('Seen in a secondary source only: check it before you report'),
});
const emission = figureReply.extend({ gwp: z.string().nullable(), factors: z.array(factorUsed) });

export const analyticsReply = z.object({
  site: z.string(),
  site_name: z.string(),
  zone: z.string(),
  carrier: z.enum(CARRIERS),
  unit: z.string(),
  demand_unit: z.string(),
  ...range,
  meters: z.array(z.object({ gateway: z.string(), device: z.string(), name: z.string() })),
  amount: figureReply.extend({ interpolated: z.number(), estimated: z.number() }),
  base_load: figureReply.extend({ days: known, days_asked: known, share_of_mean_percent: known }),
  peak: figureReply.extend(when),
  monthly_peaks: z.array(figureReply.extend({ month: z.string(), ...range, ...when })),
  load_factor: figureReply,
  after_hours: figureReply.extend({
    amount: known,
    total: known,
    share_of_time_percent: known.describe('What the share would be of even use'),
    holidays: z.string().nullable().describe('Id of the list of holidays'),
  }),
  profile: figureReply.extend({
    cells: z
      .array(z.array(known))
      .nullable()
      .describe('Mean demand by weekday (0 is Sunday) and hour of the local clock; null where nothing was measured'),
    counts: z.array(z.array(z.number())).nullable(),
  }),
  comparisons: z.array(comparison),
  weather: z.object({
    station: z
      .object({ site: z.string(), name: z.string(), distance_km: z.number(), is_far: z.boolean() })
      .nullable()
      .describe('The nearest that reports an outdoor temperature'),
    base_c: z.number().describe('Base of the degree-days, °C'),
    heating: figureReply.extend({ days: known, days_asked: known }),
    cooling: figureReply.extend({ days: known, days_asked: known }),
    normal_change: figureReply.extend({
      observed: known,
      expected: known,
      change: known,
      days_compared: known,
      days_asked: known,
      baseline_from: isoTime.nullable(),
      baseline_to: isoTime.nullable(),
      baseline_days: known,
      model: z
        .object({
          base: z.number().describe('Use of a day that needs neither heating nor cooling'),
          heating: z.object({ balance_point_c: z.number(), per_kelvin_day: z.number() }).nullable(),
          cooling: z.object({ balance_point_c: z.number(), per_kelvin_day: z.number() }).nullable(),
          adjusted_r_squared: known,
          cv_rmse_percent: known,
          nmbe_percent: known,
        })
        .nullable(),
    }),
  }),
  cost: figureReply.extend({
    tariff: z.string().nullable().describe('Id of the tariff'),
    revisions: z.array(z.string()),
    is_example: z.boolean().describe('The figures of the tariff are made up: it shows a shape, not a bill'),
    is_named: z.boolean().describe('Whether the register names it; otherwise an example was taken'),
    notes: z.array(z.string()),
    lines: z.array(
      z.object({
        kind: z.enum(['energy', 'demand', 'fixed']),
        what: z.string(),
        first_day: z.string(),
        last_day: z.string(),
        quantity: z.number(),
        unit: z.string(),
        rate: z.number(),
        months: z.number(),
        amount: z.number(),
      }),
    ),
  }),
  emissions: z
    .object({
      kind: z.enum(['direct', 'bought']).describe('Burnt at the site (scope 1), or bought (scope 2)'),
      location: emission,
      market: emission.extend({ basis: z.string().nullable() }),
    })
    .nullable()
    .describe('Null for what has none: water, and what is made on the roof or fed in'),
});
export type AnalyticsReply = z.infer<typeof analyticsReply>;
