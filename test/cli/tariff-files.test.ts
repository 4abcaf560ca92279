import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readReferenceTables } from '../../cli/tariff-files.ts';
import { FACTORS } from '../../energy/emissions/factor-table.ts';
import { EXAMPLE_TARIFFS } from '../../energy/tariffs/example-tariffs.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const TARIFF = `id: city-general
name: General service
utility: The utility
source: tariff sheet 1234
revision: "2026-01"
retrieved: 2026-11-22
carrier: electricity
unit: kWh
valid_from: 2026-01-01
currency: USD
zone: America/New_York
energy:
  - { name: Supply, rate: 0.15 }
`;

const FACTOR = {
  id: 'supplier-2026',
  set: 'green-supplier',
  carrier: 'electricity',
  method: 'location',
  year: 2026,
  published: '2026-03',
  revision: 'disclosure of March 2026',
  unit: 'kg/kWh',
  co2e: 0.021,
  gwp: 'AR5',
  source: 'their disclosure label',
  retrieved: '2026-11-22',
};

function aDataFolder(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const name of ['tariffs', 'factors']) mkdirSync(join(folder, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('tables of a person', () => {
  it('are those that come with Lamplighter where there are none', () => {
    const tables = readReferenceTables(temporaryFolder());
    expect(tables).toMatchObject({ tariffs: EXAMPLE_TARIFFS, factors: FACTORS, faults: [] });
  });

  it('are read from YAML and JSON, and again each time', () => {
    const folder = aDataFolder({ 'tariffs/general.yaml': TARIFF, 'factors/supplier.json': JSON.stringify([FACTOR]) });
    const ids = () => readReferenceTables(folder).tariffs.map(({ id, revision }) => `${id} ${revision}`);
    expect(ids()[0]).toBe('city-general 2026-01');
    expect(readReferenceTables(folder).factors[0]).toMatchObject({ id: 'supplier-2026', co2e: 0.021 });
    writeFileSync(join(folder, 'tariffs/general.yaml'), TARIFF.replace('"2026-01"', '"2026-07"'));
    expect(ids()[0]).toBe('city-general 2026-07');
  });

  it('take the place of what bears the same id', () => {
    const folder = aDataFolder({ 'tariffs/own.yaml': TARIFF.replace('city-general', 'example-electric-demand') });
    const found = readReferenceTables(folder).tariffs.filter(({ id }) => id === 'example-electric-demand');
    expect(found).toMatchObject([{ name: 'General service' }]);
  });

  it('are written as the documentation says', () => {
    const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
    const yamlOf = (text: string) => /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
    const folder = aDataFolder({
      'tariffs/general.yaml': yamlOf(page('analytics.md')),
      'factors/supplier.yaml': yamlOf(page('reports.md')),
    });
    const { tariffs, factors, faults } = readReferenceTables(folder);
    expect(faults).toEqual([]);
    expect([tariffs[0]?.id, factors[0]?.id]).toEqual(['city-general', 'supplier-2026']);
  });

  it('that are faulty are left out and named by file, line and field', () => {
    const folder = aDataFolder({
      'tariffs/a.yaml': TARIFF.replace('USD', 'dollars'),
      'tariffs/b.yaml': TARIFF,
      'tariffs/notes.txt': 'not a tariff',
      'factors/c.yaml': '- id: x\n',
    });
    const { tariffs, faults } = readReferenceTables(folder);
    expect(tariffs[0]?.id).toBe('city-general');
    expect(faults[0]).toBe(`${join(folder, 'tariffs/a.yaml')}:10: currency: must be an ISO 4217 code such as USD`);
    expect(faults.slice(1).join('\n')).toContain('c.yaml:1: [0].carrier');
  });
});
