/** Location-based emissions of what a site's meters count, with the factors that are taken where nobody chose others. */
import type { Carrier } from '../../contract/site-figures.ts';
import { type Emissions, type EmissionsQuery, emissions } from './emissions.ts';
import { FACTORS } from './factor-table.ts';
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

/**
 * Of an amount in the carrier's unit (kWh, m³) that was used in a year: with the newest vintage that is not younger.
 * Undefined for a carrier that has no factor; throws a FactorError for a year before the first vintage.
 */
export function siteEmissions(carrier: Carrier, amount: number, yearOfUse: number): Emissions | undefined {
  const choice = SITE_FACTORS[carrier];
  if (choice === undefined) return undefined;
  return emissions({ ...choice, amount, year: vintageFor(FACTORS, { ...choice, year: yearOfUse }) });
}
