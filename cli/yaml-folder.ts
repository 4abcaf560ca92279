/** A folder of files that people write, each YAML or JSON (which YAML reads as well), checked one by one. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { faultText, readYamlFile } from '../runtime/yaml-file.ts';

export interface YamlFolder<T> {
  /** In the order of the files' names. */
  readonly values: readonly T[];
  /** A line for each fault, with file, line and field; a file with one has no value. */
  readonly faults: readonly string[];
}

/** A folder that is not there is empty. */
export function readYamlFolder<Schema extends z.ZodType>(folder: string, schema: Schema): YamlFolder<z.output<Schema>> {
  if (!existsSync(folder)) return { values: [], faults: [] };
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /\.(ya?ml|json)$/i.test(name) && !name.startsWith('.'));
  } catch (error) {
    return { values: [], faults: [`${folder}: cannot be read: ${(error as Error).message}. Check the permissions.`] };
  }
  const values: z.output<Schema>[] = [];
  const faults: string[] = [];
  for (const name of names.sort()) {
    const result = readYamlFile(join(folder, name), schema);
    if (result.ok) values.push(result.value);
    else faults.push(...result.faults.map(faultText));
  }
  return { values, faults };
}
