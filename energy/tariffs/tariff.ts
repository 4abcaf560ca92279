/**
 * A tariff: what a utility charges for one carrier from one day on, as a file that a person writes (YAML or JSON; read
 * with parseYaml of runtime/yaml-file.ts, which gives every fault its line). The words are those of a tariff sheet. A
 * new price is a new file with the same id and another valid_from.
 */
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { CARRIERS } from '../../contract/site-figures.ts';
import { HOLIDAYS } from './holidays.ts';
import { checkTariff } from './tariff-faults.ts';

const name = z.string().min(1).max(100);
const rate = z.number();
/** Windows begin and end with quarter hours, in which everything is metered. */
const civilTime = z.string().regex(/^(([01]\d|2[0-3]):(00|15|30|45)|24:00)$/, {
  error: 'must be a local time on a quarter hour such as 09:00 or 18:30, at most 24:00',
});
const monthDay = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, {
  error: 'must be a month and day such as 06-01',
});

const seasonSchema = z.strictObject({
  name,
  /** First and last day, such as 10-01 and 05-31. */
  from: monthDay,
  to: monthDay,
});

const windowSchema = z
  .strictObject({
    /** Several rows may share a name. */
    name,
    /** Absent: all year. */
    seasons: z.array(name).min(1).optional(),
    /** Days of the week, 0 is Sunday. */
    days: z.array(z.int().min(0).max(6)).min(1).max(7),
    from: civilTime,
    to: civilTime,
    /** Whether it holds on holidays too; absent: they are `otherwise`. */
    on_holidays: z.boolean().optional(),
  })
  .refine(({ from, to }) => from < to, {
    path: ['to'],
    error: 'must lie after "from"; write a window over midnight as two rows of one name',
  });

const blockSchema = z.strictObject({
  /** Upper end of the block in the tariff's unit; only the last block has none. */
  up_to: z.number().positive().optional(),
  rate,
});

/** When a charge applies; absent fields: always. */
const when = { windows: z.array(name).min(1).optional(), seasons: z.array(name).min(1).optional() };

const energyChargeSchema = z.strictObject({
  name,
  ...when,
  /** Per unit; or else blocks. */
  rate: rate.optional(),
  blocks: z.array(blockSchema).min(1).max(20).optional(),
  /** What the blocks' ends are counted over; a month when absent. */
  blocks_per: z.enum(['month', 'day']).optional(),
});

const demandChargeSchema = z.strictObject({
  name,
  ...when,
  /** Per kW (unit per hour) of the highest quarter hour, a month. */
  rate,
  /** Only what lies above is charged. */
  above: z.number().min(0).optional(),
  /** At least so much is charged. */
  minimum: z.number().min(0).optional(),
  /** At least this share of the highest peak of so many months before. */
  ratchet: z.strictObject({ share: z.number().positive().max(1), months: z.int().min(1).max(24) }).optional(),
});

const fixedChargeSchema = z
  .strictObject({ name, per_month: rate.optional(), per_day: rate.optional() })
  .refine(({ per_month, per_day }) => (per_month === undefined) !== (per_day === undefined), {
    path: ['per_month'],
    error: 'must stand alone: give either per_month or per_day',
  });

export const tariffSchema = z
  .strictObject({
    /** The same for all versions of one tariff. */
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be small letters, digits and hyphens' }),
    name: z.string().min(1).max(200),
    utility: z.string().min(1).max(200),
    source: z.string().min(1).max(1_000),
    revision: z.string().min(1).max(100),
    retrieved: z.iso.date(),
    /** Present when the figures were seen in a secondary source only. */
    check: z.string().max(200).optional(),
    /** The figures are examples, to be replaced by your own. */
    example: z.boolean().optional(),
    carrier: z.enum(CARRIERS),
    /** That prices are per: kWh, therm, 1000 ft3. */
    unit: z.string().min(1).max(20),
    /** Units in one of the meter's (kWh or m³); 1 when absent. Of gas 0.3623 therms a m³ at 1,026 Btu/ft³: see your bill. */
    units_per_meter_unit: z.number().positive().optional(),
    /** First and last day, local. The last one is absent while it is not known. */
    valid_from: z.iso.date(),
    valid_to: z.iso.date().optional(),
    currency: z.string().regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as USD' }),
    zone: z
      .string()
      .refine((zone) => IANAZone.isValidZone(zone), { error: 'must be an IANA time zone such as America/New_York' }),
    /** Together they must cover every day of the year, once. */
    seasons: z.array(seasonSchema).min(1).max(12).optional(),
    /** Id of a list that comes with Lamplighter. */
    holidays: z
      .string()
      .refine((id) => HOLIDAYS.has(id), { error: `must be ${[...HOLIDAYS.keys()].join(' or ')}` })
      .optional(),
    /** Further days that count as holidays. */
    holiday_dates: z.array(z.iso.date()).max(1_000).optional(),
    windows: z.array(windowSchema).min(1).max(50).optional(),
    /** Name of the window that all other times belong to. */
    otherwise: name.optional(),
    energy: z.array(energyChargeSchema).max(50).optional(),
    demand: z.array(demandChargeSchema).max(20).optional(),
    fixed: z.array(fixedChargeSchema).max(20).optional(),
  })
  .superRefine((tariff, context) => {
    for (const { path, words } of checkTariff(tariff))
      context.addIssue({ code: 'custom', path: [...path], message: words });
  });
export type Tariff = z.infer<typeof tariffSchema>;
export type EnergyCharge = z.infer<typeof energyChargeSchema>;
export type DemandCharge = z.infer<typeof demandChargeSchema>;
