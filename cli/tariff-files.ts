/** A person's own tariffs and emission factors, in the folders `tariffs` and `factors` of the data folder. */
import { join } from 'node:path';
import { z } from 'zod';
import { factorSchema } from '../energy/emissions/factor-table.ts';
import { tariffSchema } from '../energy/tariffs/tariff.ts';
import { type ReferenceTables, withOwnTables } from '../reports/reference-tables.ts';
import { readYamlFolder } from './yaml-folder.ts';

/** A file of factors is a list of them. */
const factorFile = z.array(factorSchema);

/**
 * Reads both folders anew, so that a new price counts without a restart. Files with faults are left out and named.
 * What bears the id of a tariff or factor that comes with Lamplighter takes its place.
 */
export function readReferenceTables(dataFolder: string): ReferenceTables {
  const tariffs = readYamlFolder(join(dataFolder, 'tariffs'), tariffSchema);
  const factors = readYamlFolder(join(dataFolder, 'factors'), factorFile);
  return withOwnTables({
    tariffs: tariffs.values,
    factors: factors.values.flat(),
    faults: [...tariffs.faults, ...factors.faults],
  });
}
