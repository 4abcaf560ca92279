/** The emissions of what a carrier used in the month, by location and by market, with the factors that made them. */
import {
  type Emissions,
  type EmissionsQuery,
  emissions,
  type FactorUsed,
  type MarketBasis,
} from '../energy/emissions/emissions.ts';
import { FactorError, vintageFor } from '../energy/emissions/find-factor.ts';
import { SITE_FACTORS, siteChoice } from '../energy/emissions/site-emissions.ts';
import type { ReferenceTables } from './reference-tables.ts';
import type { ReportedCarrier } from './site-meters.ts';
import { notTold, type Told, told } from './told.ts';

export interface ReportEmission {
  /** To the gram. */
  readonly kgCO2e: number;
  /** kg; null where the factor gives CO2e only. */
  readonly co2: number | null;
  readonly ch4: number | null;
  readonly n2o: number | null;
  /** The global warming potentials. */
  readonly gwp: string;
  readonly factors: readonly FactorUsed[];
  /** By market only: what it was counted with. */
  readonly basis: MarketBasis | null;
}

export interface ReportEmissions {
  /** `direct`: burnt at the site (scope 1), and the same by location and by market. `bought`: scope 2. */
  readonly kind: 'direct' | 'bought';
  readonly location: Told<ReportEmission>;
  readonly market: Told<ReportEmission>;
}

export interface ReportEmissionsQuery {
  readonly carrier: ReportedCarrier;
  /** In the unit of the meter; null when nothing is known. */
  readonly amount: number | null;
  /** Year of use. */
  readonly year: number;
  /** Set of factors that the register names for the site or the city. */
  readonly set: string | undefined;
  /** Id of the global warming potentials. */
  readonly gwp: string;
  readonly tables: ReferenceTables;
}

/** Undefined for what has no emissions: water, and what is made on the roof or fed in. */
export function reportEmissions(query: ReportEmissionsQuery): ReportEmissions | undefined {
  const usual = SITE_FACTORS[query.carrier];
  if (usual === undefined) return undefined;
  const kind = usual.method === 'direct' ? 'direct' : 'bought';
  const location = emissionOf(query, usual.method);
  return { kind, location, market: kind === 'direct' ? location : emissionOf(query, 'market') };
}

function emissionOf(query: ReportEmissionsQuery, method: EmissionsQuery['method']): Told<ReportEmission> {
  const { amount, year, gwp, tables } = query;
  if (amount === null) return notTold('nothing-known');
  try {
    const choice = siteChoice(query.carrier, { set: query.set, factors: tables.factors });
    if (choice === undefined) throw new RangeError(`${query.carrier} has no emissions.`);
    // A set without a residual mix is counted by the grid's average: its vintages are those of its location factors.
    const hasOwn = tables.factors.some(
      (row) => row.method === method && row.set === choice.set && row.carrier === choice.carrier,
    );
    const vintage = vintageFor(tables.factors, { ...choice, method: hasOwn ? method : choice.method, year });
    const { factors, gwps } = tables;
    return told(roundedOf(emissions({ ...choice, method, gwp, year: vintage, amount, factors, gwps })));
  } catch (error) {
    if (error instanceof FactorError) return notTold('no-factor', error.message);
    throw error;
  }
}

const GRAMS = 1_000;

function roundedOf({ co2, ch4, n2o, kgCO2e, gwp, factors, market }: Emissions): ReportEmission {
  const grams = Math.round(Number((kgCO2e * GRAMS).toPrecision(14)));
  return { kgCO2e: grams / GRAMS, co2, ch4, n2o, gwp, factors, basis: market?.basis ?? null };
}
