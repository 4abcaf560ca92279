/** What the routes of the city answer with. Null: not known; never 0 for what nobody measured. */
import { z } from 'zod';
import { METER_EVENT_KINDS } from '../../contract/roll-up.ts';
import { CARRIERS } from '../../energy/carriers.ts';
import { FINDING_KINDS, SEVERITIES } from '../../energy/findings/finding.ts';
import { LAMP_STATES } from '../../energy/lamp-state.ts';
import { gatewayReply } from './replies.ts';
import { rollUpStatusReply } from './replies-roll-ups.ts';

const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');
const known = z.number().nullable();
const percent = z.number().describe('0 to 100');
const ageS = z.number().nullable().describe('Seconds since it was measured');
const at = { at: isoTime, at_ms: epochMs };
const storeFault = z
  .string()
  .describe('Why the store did not answer, so that figures are missing; empty when all is well');
const severity = z.enum(SEVERITIES);
const band = z.string().nullable();

export const cityReply = z.object({
  name: z.string(),
  zone: z.string(),
  ...at,
  store_fault: storeFault,
  power_kw: z.object({ value: known, sites_reporting: z.number(), sites_total: z.number() }),
  solar_kw: known,
  energy_today: z.object({
    kwh: known.describe('Electricity taken from the grid since local midnight'),
    coverage_percent: percent,
    same_weekday_kwh: known.describe('A week ago, up to the same time of day'),
    change_percent: known,
  }),
  lamps: z.object({
    total: z.number(),
    lit: z.number(),
    commanded: z.number(),
    failed: z.number(),
    dark_circuits: z.number(),
  }),
  air: z.object({
    stations: z.number(),
    worst: z.object({ site: z.string(), metric: z.string(), value: z.number(), unit: z.string(), band }).nullable(),
  }),
  gateways: z.object({ total: z.number(), online: z.number(), silent: z.number() }),
  problems: z.object({ total: z.number(), by_severity: z.record(z.string(), z.number()) }),
  roll_ups: rollUpStatusReply.describe('How far figures of quarter hours, hours and days are behind the readings'),
  history: z.object({
    state: z.enum(['none', 'loading', 'done']),
    done_readings: z.number(),
    total_readings: z.number(),
    percent,
    oldest_day: z.string().nullable().describe('The oldest local day that is wholly loaded'),
  }),
});
export type CityReply = z.infer<typeof cityReply>;

export const siteRowReply = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  use: z.string().nullable(),
  floor_area_m2: known,
  latitude: known,
  longitude: known,
  zone: z.string(),
  power_kw: known,
  power_age_s: ageS,
  last_reading_age_s: ageS.describe('Seconds since its newest reading of any kind'),
  energy_today_kwh: known,
  energy_today_percent: percent.nullable().describe('How much of the time since midnight was measured'),
  same_weekday_kwh: known,
  budget: z
    .object({
      fiscal_year: z.number().describe('Named after the calendar year in which it ends'),
      from: isoTime,
      from_ms: epochMs,
      to: isoTime,
      to_ms: epochMs,
      budget_kwh: z.number().describe('Of the whole fiscal year'),
      used_kwh: z.number().describe('Since it began, as far as it is known'),
      allowed_kwh: z.number().describe('What the budget gives for the time of which that is known'),
      known_days: z.number(),
      percent: known.describe('Used over allowed; null when less than a day is known'),
    })
    .nullable()
    .describe('Electricity; null for sites without a budget'),
  lamps: z.object({ total: z.number(), lit: z.number(), commanded: z.number() }).nullable(),
  problems: z.number(),
  worst_severity: severity.nullable(),
  state: z.enum(['live', 'stale', 'silent', 'never']),
});
export type SiteRowReply = z.infer<typeof siteRowReply>;
export const citySitesReply = z.object({ ...at, store_fault: storeFault, sites: z.array(siteRowReply) });
export type CitySitesReply = z.infer<typeof citySitesReply>;

const valueNow = z.object({
  metric: z.string(),
  value: z.number(),
  unit: z.string(),
  time_ms: epochMs,
  age_s: z.number(),
});

export const problemReply = z.object({
  id: z.string(),
  kind: z.enum(FINDING_KINDS),
  severity,
  site: z.string().nullable(),
  gateway: z.string().nullable(),
  device: z.string().nullable().describe('Id within its gateway'),
  since: isoTime.nullable(),
  since_ms: epochMs.nullable(),
  title: z.string(),
  words: z.string(),
  what_to_do: z.string(),
  figures: z.array(z.object({ label: z.string(), value: z.number(), unit: z.string() })),
});
export type ProblemReply = z.infer<typeof problemReply>;
export const problemsReply = z.object({
  ...at,
  checked: isoTime.nullable().describe('When everything was last looked at; null: not yet since the start'),
  problems: z.array(problemReply),
});
export type ProblemsReply = z.infer<typeof problemsReply>;

export const meterRowReply = z.object({
  gateway: z.string(),
  device: z.string(),
  name: z.string(),
  kind: z.string().nullable(),
  carrier: z.enum(CARRIERS),
  power: valueNow.nullable(),
  counter: valueNow.nullable(),
  today: z.object({ value: known, unit: z.string(), coverage_percent: percent }).nullable(),
});
export const roomRowReply = z.object({
  gateway: z.string(),
  device: z.string(),
  name: z.string(),
  temperature_c: known,
  humidity_percent: known,
  co2_ppm: known,
  co2_band: band,
  age_s: ageS,
});
export const citySiteReply = siteRowReply.omit({ problems: true }).extend({
  ...at,
  store_fault: storeFault,
  address: z.string().nullable(),
  contract_demand_kw: known,
  schedule: z.object({ days: z.array(z.number()), open: z.string(), close: z.string() }).nullable(),
  meters: z.array(meterRowReply),
  rooms: z.array(roomRowReply),
  gateways: z.array(gatewayReply),
  problems: z.array(problemReply),
});
export type CitySiteReply = z.infer<typeof citySiteReply>;

const periodFigures = {
  coverage_percent: percent.describe('How much of it was measured; the rest is missing, or spread over a gap'),
  interpolated: known.describe('The part of it that is a known difference spread over a gap'),
  estimated: known.describe('The part of it that a person put in by estimate'),
  peak: known.describe('Highest quarter hour, in `demand_unit`; null where it cannot be said'),
  peak_at: isoTime.nullable().describe('Beginning of that quarter hour'),
  peak_at_ms: epochMs.nullable(),
};

export const energyReply = z.object({
  carrier: z.enum(CARRIERS),
  metric: z.string(),
  unit: z.string(),
  demand_unit: z.string(),
  zone: z.string(),
  from: isoTime,
  from_ms: epochMs,
  to: isoTime,
  to_ms: epochMs,
  every: z.string(),
  devices: z.array(z.object({ site: z.string().nullable(), gateway: z.string(), device: z.string() })),
  total: known,
  ...periodFigures,
  rows: z.array(
    z.object({
      from: isoTime,
      from_ms: epochMs,
      to: isoTime,
      to_ms: epochMs,
      value: known.describe('Null when nothing of it is known'),
      ...periodFigures,
      events: z.array(z.enum(METER_EVENT_KINDS)),
    }),
  ),
  events_total: z.number().describe('How many there are; the newest are listed'),
  events: z.array(
    z.object({
      kind: z.enum(METER_EVENT_KINDS),
      device: z.string().describe('gateway/device'),
      metric: z.string(),
      at: isoTime.describe('Of a gap its beginning, else the later value'),
      at_ms: epochMs,
      until: isoTime.describe('The later value'),
      until_ms: epochMs,
      value_at: z.string().describe('The later value in local time: what a decision is made about'),
      before: z.number(),
      after: z.number(),
      booked: z.number(),
      decided_by: z.enum(['rule', 'person']),
      words: z.string(),
    }),
  ),
});
export type EnergyReply = z.infer<typeof energyReply>;

const lampCounts = z.object({
  total: z.number(),
  lit: z.number(),
  commanded: z.number(),
  failed: z.number(),
  silent: z.number(),
});
export const circuitRowReply = z.object({
  site: z.string(),
  name: z.string(),
  latitude: known,
  longitude: known,
  gateway: z.string().nullable(),
  lamps: lampCounts,
  power_kw: known,
  expected_kw: known.describe('Nominal power of the lamps at the level they are told to burn'),
  energy_last_night_kwh: known,
  state: z.enum(['off', 'lit', 'dark', 'day-burning', 'silent']),
  problems: z.number(),
  worst_severity: severity.nullable(),
});
export const lightsReply = z.object({
  ...at,
  store_fault: storeFault,
  totals: lampCounts,
  circuits: z.array(circuitRowReply),
});
export type LightsReply = z.infer<typeof lightsReply>;
export const circuitReply = circuitRowReply.omit({ problems: true, worst_severity: true, lamps: true }).extend({
  ...at,
  store_fault: storeFault,
  totals: lampCounts,
  lamps: z.array(
    z.object({
      gateway: z.string(),
      device: z.string(),
      name: z.string(),
      command_percent: known,
      dim_percent: known,
      power_w: known,
      nominal_w: known,
      burn_h: known,
      failure: z.boolean().nullable(),
      state: z.enum(LAMP_STATES),
      age_s: ageS,
    }),
  ),
  problems: z.array(problemReply),
});
export type CircuitReply = z.infer<typeof circuitReply>;

export const airReply = z.object({
  ...at,
  store_fault: storeFault,
  stations: z.array(
    z.object({
      site: z.string(),
      name: z.string(),
      latitude: known,
      longitude: known,
      gateway: z.string().optional(),
      device: z.string().optional(),
      values: z.array(
        z.object({
          gateway: z.string(),
          device: z.string(),
          metric: z.string(),
          value: z.number(),
          unit: z.string(),
          band,
          age_s: z.number(),
        }),
      ),
      band,
    }),
  ),
  rooms: z.array(
    z.object({
      site: z.string(),
      gateway: z.string(),
      device: z.string(),
      name: z.string(),
      co2_ppm: known,
      band,
      since: isoTime.nullable().describe('Since when it is a problem'),
      temperature_c: known,
      humidity_percent: known,
      age_s: ageS,
    }),
  ),
});
export type AirReply = z.infer<typeof airReply>;
