/**
 * Emissions of an amount of energy: kg of each gas, kg CO2e, and the factors that made them. Electricity is reported by
 * location and by market, both labelled (GHG Protocol, Scope 2 Guidance, chapter 7).
 */
import type { EmissionCarrier, Factor, Gwp } from './factor-table.ts';
import { FACTORS, GWPS } from './factor-table.ts';
import { findFactor, findGwp } from './find-factor.ts';
import { type EnergyAmount, energyOf, type HeatingValue, perMmBtu } from './fuel-units.ts';

export interface EmissionsQuery {
  readonly carrier: EmissionCarrier;
  readonly amount: number;
  /** kWh, MWh, GJ, kBtu, therm, mmBtu; gas also m3, ft3, ccf; oil and propane gallon; steam klb. */
  readonly unit: string;
  /** Vintage of the factor. */
  readonly year: number;
  /** Whose factors: egrid, berdo, epa-hub … */
  readonly set: string;
  /** Id of the global warming potentials: AR4, AR5, AR6. */
  readonly gwp: string;
  readonly method: 'direct' | 'location' | 'market';
  readonly region?: string | undefined;
  readonly revision?: string | undefined;
  /** Of volumes and weights; absent: the table's, which the answer names. */
  readonly heatingValue?: HeatingValue | undefined;
  /** Market-based only. */
  readonly contracts?: Contracts | undefined;
  /** Absent: the tables that come with Lamplighter. */
  readonly factors?: readonly Factor[] | undefined;
  readonly gwps?: readonly Gwp[] | undefined;
}

export interface Contracts {
  /** Renewable energy certificates that were retired for this use, MWh; each takes the emissions of one MWh away. */
  readonly retiredMwh?: number | undefined;
  /** The supplier's own factor, for what certificates do not cover. */
  readonly supplier?: Factor | undefined;
}

/** What the part that certificates do not cover was counted with. */
export type MarketBasis = 'supplier' | 'residual-mix' | 'grid-average';

export interface FactorUsed {
  readonly id: string;
  readonly revision: string;
  readonly year: number;
  readonly source: string;
  /** True when the number was seen in a secondary source only. */
  readonly isSecondHand: boolean;
}

export interface Emissions {
  /** kg; null when the factor gives CO2e only. */
  readonly co2: number | null;
  readonly ch4: number | null;
  readonly n2o: number | null;
  readonly kgCO2e: number;
  /** The potentials that CO2e was made with: the ones asked for, or those that a CO2e factor was published with. */
  readonly gwp: string;
  readonly method: EmissionsQuery['method'];
  readonly factors: readonly FactorUsed[];
  readonly energyMmBtu: number;
  readonly heatingValue: HeatingValue | undefined;
  /** Market-based only. */
  readonly market: { readonly basis: MarketBasis; readonly coveredMwh: number } | undefined;
}

/** Throws a FactorError for a factor or set of potentials that there is not, a RangeError for a unit. */
export function emissions(query: EmissionsQuery): Emissions {
  const { carrier, amount, unit, heatingValue, method } = query;
  if (!Number.isFinite(amount))
    throw new RangeError('Emissions need an amount that is a number; leave out what is not known.');
  const gwp = findGwp(query.gwps ?? GWPS, query.gwp);
  const energy = energyOf(carrier, amount, unit, heatingValue);
  if (method !== 'market') {
    const factor = findFactor(query.factors ?? FACTORS, { ...query, method });
    return {
      ...counted(factor, energy.mmBtu, gwp),
      ...common(query, energy),
      factors: [used(factor)],
      market: undefined,
    };
  }
  const { factor, basis } = marketFactor(query);
  const retiredMwh = query.contracts?.retiredMwh ?? 0;
  if (!(retiredMwh >= 0)) throw new RangeError('Certificates that were retired (retiredMwh) are 0 MWh or more.');
  const mwh = energy.mmBtu / MMBTU_OF_MWH;
  const coveredMwh = Math.min(Math.max(0, mwh), retiredMwh);
  const uncovered = energy.mmBtu - coveredMwh * MMBTU_OF_MWH;
  const rest = counted(factor, uncovered, gwp);
  return { ...rest, ...common(query, energy), factors: [used(factor)], market: { basis, coveredMwh } };
}

const MMBTU_OF_MWH = energyOf('electricity', 1, 'MWh').mmBtu;

/** The supplier's rate before the residual mix before the average of the grid (Scope 2 Guidance, table 6.3). */
function marketFactor(query: EmissionsQuery): { factor: Factor; basis: MarketBasis } {
  const supplier = query.contracts?.supplier;
  const tables = query.factors ?? FACTORS;
  const { carrier, set, region } = query;
  if (supplier !== undefined) {
    if (supplier.carrier === carrier) return { factor: supplier, basis: 'supplier' };
    throw new RangeError(`The supplier's factor ${supplier.id} is one of ${supplier.carrier}, not of ${carrier}.`);
  }
  const hasResidual = tables.some(
    (row) =>
      row.method === 'market' &&
      row.carrier === carrier &&
      row.set === set &&
      (region === undefined || row.region === region),
  );
  if (hasResidual) return { factor: findFactor(tables, { ...query, method: 'market' }), basis: 'residual-mix' };
  return { factor: findFactor(tables, { ...query, method: 'location' }), basis: 'grid-average' };
}

function counted(factor: Factor, mmBtu: number, gwp: Gwp): Pick<Emissions, 'co2' | 'ch4' | 'n2o' | 'kgCO2e' | 'gwp'> {
  const counting = mmBtu * (1 - (factor.renewable_share ?? 0));
  const kg = (rate: number) => counting * perMmBtu(rate, factor.unit);
  if (factor.co2e !== undefined) {
    return { co2: null, ch4: null, n2o: null, kgCO2e: kg(factor.co2e), gwp: factor.gwp ?? 'as published' };
  }
  const [co2, ch4, n2o] = [kg(factor.co2 ?? 0), kg(factor.ch4 ?? 0), kg(factor.n2o ?? 0)];
  return { co2, ch4, n2o, kgCO2e: co2 + ch4 * gwp.ch4 + n2o * gwp.n2o, gwp: gwp.id };
}

function common({ method }: EmissionsQuery, { mmBtu, heatingValue }: EnergyAmount) {
  return { method, energyMmBtu: mmBtu, heatingValue };
}

function used({ id, revision, year, source, check }: Factor): FactorUsed {
  return { id, revision, year, source, isSecondHand: check !== undefined };
}
