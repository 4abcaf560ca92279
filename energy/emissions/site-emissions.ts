/** Location-based emissions of what a site's meters count, with the factors that are taken where nobody chose others. */
import type { Carrier } from '../../contract/site-figures.ts';
import { type Emissions, type EmissionsQuery, emissions } from './emissions.ts';
import { FACTORS, type Factor } from './factor-table.ts';
import { vintageFor } from './find-factor.ts';

type Choice = Pick<EmissionsQuery, 'carrier' | 'unit' | 'set' | 'gwp' | 'method' | 'region'>;

const GRID = {
  carrier: 'electricity',
  unit: 'kWh',
  set: 'egrid',
  gwp: 'AR5',
  method: 'location',
  region: 'NEWE',
} as const;

/** In the units that carriers are counted in. Water, and what is fed in or made on the roof, have none. */
export const SITE_FACTORS: Readonly<Partial<Record<Carrier, Choice>>> = {
  electricity: GRID,
  lighting: GRID,
  gas: { carrier: 'gas', unit: 'm3', set: 'epa-hub', gwp: 'AR5', method: 'direct' },
  heat: { carrier: 'steam', unit: 'kWh', set: 'cfr98', gwp: 'AR5', method: 'location' },
};

/** Which factors there are, and which of them the register names. */
export interface SiteTables {
  /** Set of factors that the site, or else the city, names; absent: the usual ones. */
  readonly set?: string | undefined;
  /** Absent: those that come with Lamplighter. */
  readonly factors?: readonly Factor[] | undefined;
}

/**
 * What a carrier is counted with: the set that the register names where it has a factor of this kind; the usual one
 * otherwise (gas beside a set of grids). Undefined for a carrier that has no emissions.
 */
export function siteChoice(carrier: Carrier, { set, factors = FACTORS }: SiteTables): Choice | undefined {
  const usual = SITE_FACTORS[carrier];
  if (usual === undefined || set === undefined || set === usual.set) return usual;
  const has = (own: (row: Factor) => boolean) => factors.some((row) => row.set === set && own(row));
  if (has((row) => row.carrier === usual.carrier && row.method === usual.method))
    return { ...usual, set, region: undefined };
  // A set that is nowhere is a slip of the pen, not a wish for the usual one.
  return has(() => true) ? usual : { ...usual, set, region: undefined };
}

/**
 * Of an amount in the carrier's unit (kWh, m³) that was used in a year: with the newest vintage that is not younger.
 * Undefined for a carrier that has no factor; throws a FactorError for a year before the first vintage, and for a set
 * that there is not.
 */
export function siteEmissions(
  carrier: Carrier,
  amount: number,
  yearOfUse: number,
  tables: SiteTables = {},
): Emissions | undefined {
  const { factors = FACTORS } = tables;
  const choice = siteChoice(carrier, tables);
  if (choice === undefined) return undefined;
  return emissions({ ...choice, amount, year: vintageFor(factors, { ...choice, year: yearOfUse }), factors });
}
