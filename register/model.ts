/** What the register holds. Shapes are zod schemas because they cross a border: manifest, API and file. */
import { z } from 'zod';
import { idSchema } from '../contract/ids.ts';
import { isZone } from '../runtime/zone.ts';

/** An IANA zone name that this Node knows. */
export const zoneSchema = z.string().refine(isZone, { error: 'must be an IANA time zone such as America/New_York' });

export const SITE_KINDS = ['building', 'streetlights', 'station'] as const;

/** Local times such as 07:30; 24:00 is the end of the day. */
const civilTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'must be a local time such as 07:30, at most 24:00' });

/** Hours in which a site is in use, by the clock on its wall. What it takes outside of them is "after hours". */
export const scheduleSchema = z
  .strictObject({
    /** Days of the week, 0 is Sunday. */
    days: z.array(z.int().min(0).max(6)).min(1).max(7),
    open: civilTime,
    close: civilTime,
  })
  .refine(({ open, close }) => open < close, { path: ['close'], error: 'must lie after "open"' });
export type Schedule = z.infer<typeof scheduleSchema>;

/** Id of the tariff by which each carrier is paid for; absent: nobody has said, and no cost is known. */
export const tariffsSchema = z.strictObject({
  electricity: idSchema.optional(),
  gas: idSchema.optional(),
  water: idSchema.optional(),
  heat: idSchema.optional(),
});
export type Tariffs = z.infer<typeof tariffsSchema>;

export const siteSchema = z.strictObject({
  id: idSchema,
  name: z.string().min(1).max(200),
  kind: z.enum(SITE_KINDS),
  /** Use of a building: office, school, library … */
  use: z.string().max(100).optional(),
  floor_area_m2: z.number().positive().optional(),
  /** When a building is in use; absent when it always is, or when nobody has said. */
  schedule: scheduleSchema.optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  address: z.string().max(300).optional(),
  zone: zoneSchema,
  /** Carriers that are not named here are paid for by the city's tariff. */
  tariffs: tariffsSchema.optional(),
  /** Id of the set of emission factors; the city's when absent. */
  factors: idSchema.optional(),
  /** Demand that the supply contract covers. */
  contract_demand_kw: z.number().positive().max(1e6).optional(),
  /** Electricity that may be used in a fiscal year. */
  budget_kwh: z.number().positive().max(1e12).optional(),
  /** No longer in use; its history stays. Absent means in use. */
  retired: z.boolean().optional(),
});
export type Site = z.infer<typeof siteSchema>;

export const gatewaySchema = z.strictObject({
  id: idSchema,
  name: z.string().min(1).max(200),
  /** Site where the gateway hangs; its new devices are placed there. */
  site: idSchema,
  /** A retired gateway may not connect; its readings stay. */
  retired: z.boolean(),
  /** From when on nothing is expected of its devices, epoch milliseconds (retirement.ts). */
  retired_at: z.int().optional(),
});
export type Gateway = z.infer<typeof gatewaySchema>;

/** Where a device was from when on. `from` is an ISO date or instant; the last placement is open-ended. */
export const placementSchema = z.strictObject({
  site: idSchema,
  /** Epoch milliseconds, inclusive. */
  from: z.int(),
});
export type Placement = z.infer<typeof placementSchema>;

/** An announced exchange of a meter. */
export const swapSchema = z.strictObject({
  /** A counter of the device. */
  metric: z.string().min(1).max(64),
  /** Epoch milliseconds. */
  at: z.int(),
  /** Last reading of the old meter; absent: what was counted since its last stored value is not known. */
  last: z.number().min(0).optional(),
  /** First reading of the new one; absent: its first stored value is the baseline. */
  first: z.number().min(0).optional(),
  /** What one unit of the new meter's registers stands for; absent: the same as before. */
  multiplier: z.number().positive().max(1e6).optional(),
});
export const MOST_SWAPS = 50;

/** How the registers of a device count. Absent fields: what most meters do. */
export const meterSchema = z.strictObject({
  /** What one unit of the register stands for (current transformers, pulse weights); 1 when absent. */
  multiplier: z.number().positive().max(1e6).optional(),
  /** Value at which the registers begin again at 0, in their unit: 100000 of five digits. Absent: they do not roll over. */
  register_limit: z.number().positive().max(1e12).optional(),
  /** The most that can plausibly be counted in an hour, in the counter's unit, multiplier included (kWh: kW). */
  max_per_hour: z.number().positive().max(1e9).optional(),
  /** Announced exchanges of the meter, in rising order of `at`. */
  swaps: z.array(swapSchema).max(MOST_SWAPS).optional(),
});
export type Meter = z.infer<typeof meterSchema>;

export const deviceSchema = z.strictObject({
  gateway: idSchema,
  /** Unique within its gateway. */
  id: idSchema,
  name: z.string().min(1).max(200),
  /** Free word for what it is: electricity-meter, air-sensor, lamp … */
  kind: z.string().max(100).optional(),
  /** Seconds between readings, for completeness. */
  interval_s: z.number().positive().optional(),
  /** What a lamp takes at full power, watts. */
  nominal_w: z.number().positive().optional(),
  /**
   * Which end of its interval a reading is stamped with, for devices that report what an interval held; absent: a reading
   * tells the instant of its stamp.
   */
  interval_stamp: z.enum(['begin', 'end']).optional(),
  meter: meterSchema.optional(),
  /** In rising order of `from`. */
  placements: z.array(placementSchema).min(1),
  /** Seen in readings before anyone listed it. */
  is_new: z.boolean(),
  /** No longer listed; its readings stay, and new ones are still stored. Absent means in use. */
  retired: z.boolean().optional(),
  /** From when on nothing is expected of it, epoch milliseconds (retirement.ts). */
  retired_at: z.int().optional(),
});
export type Device = z.infer<typeof deviceSchema>;

/** What a person decided about two neighbouring values of a counter, instead of what the rules say. */
export const METER_DECISIONS = ['normal', 'reset', 'rollover', 'glitch-zero', 'swap'] as const;
export const meterDecisionSchema = z.strictObject({
  gateway: idSchema,
  device: idSchema,
  metric: z.string().min(1).max(64),
  /** Instant of the later value, epoch milliseconds. */
  at: z.int(),
  decision: z.enum(METER_DECISIONS),
  /** Of a swap: last reading of the old meter and first of the new one. */
  last: z.number().min(0).optional(),
  first: z.number().min(0).optional(),
  /** An estimate of what was used between the two values, in the metric's unit; booked, and flagged as estimated. */
  estimate: z.number().min(0).optional(),
  who: z.string().min(1).max(200),
  why: z.string().min(1).max(1_000),
  /** When it was decided, epoch milliseconds. */
  decided: z.int(),
});
export type MeterDecision = z.infer<typeof meterDecisionSchema>;

/** One line of the record of decisions: what was decided, or that what held was withdrawn, by whom, when and why. */
export const decisionRecordSchema = meterDecisionSchema.extend({
  /** Counted from 1 in the order in which they were made. */
  number: z.int().min(1),
  decision: z.enum([...METER_DECISIONS, 'withdrawn']),
});
export type DecisionRecord = z.infer<typeof decisionRecordSchema>;

/** Boston's fiscal year begins on the first of July. */
export const DEFAULT_FISCAL_YEAR_START = 7;

/** The city as a whole. `zone` is that of sites which name none of their own, `tariffs` and `factors` likewise. */
export const citySchema = z.strictObject({
  name: z.string().min(1).max(200),
  zone: zoneSchema,
  /** Month in which the fiscal year begins, 1 to 12; DEFAULT_FISCAL_YEAR_START when absent. */
  fiscal_year_start: z.int().min(1).max(12).optional(),
  tariffs: tariffsSchema.optional(),
  factors: idSchema.optional(),
});
export type City = z.infer<typeof citySchema>;

/** Placements lie within these instants (1970 and 2200), so that every one can be written as a date. */
export const EARLIEST_PLACEMENT = 0;
export const LATEST_PLACEMENT = Date.UTC(2200, 0);

export const CREDENTIAL_ROLES = ['gateway', 'observer', 'service'] as const;
export const credentialSchema = z.strictObject({
  /** MQTT username; for a gateway also its client id. */
  id: idSchema,
  role: z.enum(CREDENTIAL_ROLES),
  /** SHA-256 of the 256-bit token, hex. The token itself is shown once and never kept. */
  token_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.int(),
});
export type Credential = z.infer<typeof credentialSchema>;

/** Who wrote an entry: entries of the manifest follow the manifest, the others stay as they are. */
export type Origin = 'manifest' | 'console';
