/**
 * Emission factors: dated rows of data files (tables/*.json), each with source, year, revision and when it was looked up.
 * Several vintages of one factor live side by side, so that a figure of last year can be made again. `check` stands at
 * rows that come from a secondary source.
 */
import { z } from 'zod';
import electricity from './tables/electricity.json' with { type: 'json' };
import fuels from './tables/fuels.json' with { type: 'json' };
import gwps from './tables/gwp.json' with { type: 'json' };

export const EMISSION_CARRIERS = ['electricity', 'gas', 'oil-2', 'steam', 'propane'] as const;
export type EmissionCarrier = (typeof EMISSION_CARRIERS)[number];

const date = z.iso.date();
const provenance = {
  id: z.string().min(1).max(100),
  year: z.int().min(1990).max(2100),
  revision: z.string().min(1).max(200),
  source: z.string().min(1).max(1_000),
  /** When somebody looked it up. */
  retrieved: date,
  /** Present when the number was seen in a secondary source only. */
  check: z.literal('check against the primary').optional(),
};

/** Global warming potentials over 100 years, kg CO2e in a kg. */
export const gwpSchema = z.strictObject({ ...provenance, ch4: z.number().positive(), n2o: z.number().positive() });
export type Gwp = z.infer<typeof gwpSchema>;

const rate = z.number().min(0);

export const factorSchema = z
  .strictObject({
    ...provenance,
    /** Whose factors: egrid, berdo, epa-hub, or the name of a supplier. */
    set: z.string().min(1).max(100),
    carrier: z.enum(EMISSION_CARRIERS),
    /** `direct`: burnt on site (scope 1). `location`, `market`: bought (scope 2), by grid, or by contract and residual mix. */
    method: z.enum(['direct', 'location', 'market']),
    region: z.string().max(100).optional(),
    /** A day, month or year, as exactly as it is known; orders the revisions of a year. */
    published: z
      .string()
      .regex(/^\d{4}(-\d{2}(-\d{2})?)?$/, { error: 'must be a date such as 2025-06-12, 2025-06 or 2025' }),
    unit: z.enum(['lb/MWh', 'kg/MWh', 'kg/kWh', 'kg/mmBtu']),
    /** Either all three gases … */
    co2: rate.optional(),
    ch4: rate.optional(),
    n2o: rate.optional(),
    /** … or their sum, with the potentials it was made with. */
    co2e: rate.optional(),
    gwp: z.string().max(100).optional(),
    /** Part of the amount that counts as free of emissions (BERDO: R, the share of class I renewables). */
    renewable_share: z.number().min(0).max(1).optional(),
  })
  .refine(
    ({ co2, ch4, n2o, co2e, gwp }) => {
      const gases = [co2, ch4, n2o].filter((value) => value !== undefined).length;
      return co2e === undefined ? gases === 3 && gwp === undefined : gases === 0 && gwp !== undefined;
    },
    { path: ['co2'], error: 'must stand with ch4 and n2o; or else give co2e and the gwp that it was made with' },
  );
export type Factor = z.infer<typeof factorSchema>;

/** Checked when the program starts: a table that is wrong must not compute anything. */
export const FACTORS: readonly Factor[] = z.array(factorSchema).parse([...electricity, ...fuels]);
export const GWPS: readonly Gwp[] = z.array(gwpSchema).parse(gwps);
