/** The tables that figures are made with: tariffs, emission factors, global warming potentials. */
import { FACTORS, type Factor, GWPS, type Gwp } from '../energy/emissions/factor-table.ts';
import { EXAMPLE_TARIFFS } from '../energy/tariffs/example-tariffs.ts';
import type { Tariff } from '../energy/tariffs/tariff.ts';

export interface ReferenceTables {
  readonly tariffs: readonly Tariff[];
  readonly factors: readonly Factor[];
  readonly gwps: readonly Gwp[];
  /** What of a person's own files could not be taken, a line each; every report says so. */
  readonly faults: readonly string[];
}

/** What comes with Lamplighter. */
export const OWN_TABLES: ReferenceTables = { tariffs: EXAMPLE_TARIFFS, factors: FACTORS, gwps: GWPS, faults: [] };

/**
 * A person's tables before ours: a tariff replaces every version of ours with its id, a factor the one with its id.
 */
export function withOwnTables(given: Partial<ReferenceTables>): ReferenceTables {
  const { tariffs = [], factors = [], gwps = [], faults = [] } = given;
  return {
    tariffs: [...tariffs, ...without(OWN_TABLES.tariffs, tariffs)],
    factors: [...factors, ...without(OWN_TABLES.factors, factors)],
    gwps: [...gwps, ...without(OWN_TABLES.gwps, gwps)],
    faults,
  };
}

function without<T extends { readonly id: string }>(rows: readonly T[], given: readonly T[]): T[] {
  const ids = new Set(given.map(({ id }) => id));
  return rows.filter(({ id }) => !ids.has(id));
}
