/** `lamplighter report`, as a person types it, against a console that listens. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { reportCommand } from '../../cli/commands/report.ts';
import { DataFolder } from '../../cli/data-folder.ts';
import { createConsole } from '../../console/console.ts';
import { hashToken } from '../../register/credentials.ts';
import { aCityOfOne } from '../console/fake-city.ts';
import { aReportCity, TABLES } from '../reports/report-city.ts';
import { sheetCells, zipEntries } from '../reports/zip-entries.ts';

async function aServer() {
  const city = await aReportCity();
  const { clock, register, store } = city;
  const folder = new DataFolder(join(city.folder, 'data'));
  await folder.start();
  const console = createConsole({
    ...aCityOfOne({ clock }),
    register,
    store,
    tables: () => TABLES,
    operatorTokenSha256: hashToken(folder.operatorToken()),
    options: { port: 0 },
  });
  await console.start();
  folder.addresses = { console: console.address, mqtt: 'mqtt://127.0.0.1:1' };
  onTestFinished(async () => {
    await console.stop();
    await folder.stop();
  });
  await city.meter('main', { kind: 'electricity-meter' });
  await city.count('2026-11', { device: 'main', metric: 'active_energy_kwh', shows: (_, quarter) => quarter * 2.5 });
  const before = process.cwd();
  process.chdir(city.folder);
  onTestFinished(() => process.chdir(before));
  const report = (...words: string[]) => run(['energy', ...words, '--data', folder.path]);
  return { ...city, report, file: (name: string) => join(city.folder, name) };
}

interface Said {
  readonly out: Buffer;
  readonly error: string;
  readonly thrown: string;
}

async function run(words: readonly string[]): Promise<Said> {
  const parts: Buffer[] = [];
  let [error, thrown] = ['', ''];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((part) => parts.push(Buffer.from(part)) > 0);
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    error += String(part);
    return true;
  });
  try {
    const command = reportCommand();
    for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => {} });
    await command.parseAsync([...words], { from: 'user' });
  } catch (caught) {
    thrown = (caught as Error).message;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return { out: Buffer.concat(parts), error, thrown };
}

describe('lamplighter report energy', () => {
  test('writes the workbook of the last month that is over, here', async () => {
    const { report, file } = await aServer();
    const { out, thrown } = await report('--site', 'library');
    expect([thrown, out.toString()]).toEqual(['', 'library-2026-11.xlsx\n']);
    expect(sheetCells(zipEntries(readFileSync(file('library-2026-11.xlsx'))), 3).get('D2')).toBe(250);
  });

  test('does not overwrite what is there, unless told to', async () => {
    const { report, file } = await aServer();
    writeFileSync(file('library-2026-11.xlsx'), 'mine');
    writeFileSync(file('own.csv'), 'mine');
    expect((await report('--site', 'library')).thrown).toContain('library-2026-11.xlsx is there already. Add --force');
    expect((await report('--site', 'library', '--format', 'csv', '--output', 'own.csv')).thrown).toContain(
      'own.csv is',
    );
    expect([readFileSync(file('library-2026-11.xlsx'), 'utf8'), readFileSync(file('own.csv'), 'utf8')]).toEqual([
      'mine',
      'mine',
    ]);
    expect((await report('--site', 'library', '--force')).thrown).toBe('');
    expect(readFileSync(file('library-2026-11.xlsx'), 'latin1').slice(0, 2)).toBe('PK');
  });

  test('writes any table as CSV to standard output', async () => {
    const { report } = await aServer();
    const { out } = await report(
      '--site',
      'library',
      '--month',
      '2026-11',
      '--format',
      'csv',
      '--part',
      'cost',
      '--output',
      '-',
    );
    const rows: Record<string, string>[] = parse(out.toString(), { columns: true });
    // 7,210 kWh at 0.1234, 10 kW at 27.26, and 30.
    expect(rows.map(({ amount }) => amount)).toEqual(['889.71', '272.6', '30', '1192.31']);
  });

  test('writes a file for each site in use, and tells how far it is', async () => {
    const { report, register, heard, file } = await aServer();
    const library = register.site('library')!;
    await register.putSite({ ...library, id: 'depot', name: 'Depot' });
    await register.putSite({ ...library, id: 'air', name: 'Air station', kind: 'station' });
    const placements = [{ site: 'depot', from: 0 }];
    await register.putDevice({ gateway: 'basement', id: 'gas', name: 'Gas', placements, is_new: false });
    await heard('gas', 'gas_volume_m3');
    await heard('main', 'active_energy_kwh');
    await register.putSite({ ...library, id: 'gone', name: 'Gone', retired: true });
    writeFileSync(file('depot-2026-10.csv'), 'mine');
    const { out, error, thrown } = await report('--all-sites', '--month', '2026-10', '--format', 'csv');
    expect(out.toString()).toBe('[1/3] air: no meters, no report\n[3/3] library-2026-10.csv\n');
    expect(error).toBe('[2/3] depot: depot-2026-10.csv is there already. Add --force to overwrite it.\n');
    expect(thrown).toBe('1 of 3 reports were not written; the lines above say why.');
    expect(existsSync(file('gone-2026-10.csv'))).toBe(false);
  });

  test.each([
    [[], 'say which site'],
    [['--site', 'library', '--all-sites'], 'say which site'],
    [['--all-sites', '--output', 'x.xlsx'], '--output names one file'],
    [['--site', 'library', '--part', 'cost'], '--part is of CSV'],
    [['--site', 'nowhere'], 'is not in the register'],
    [['--site', 'library', '--month', '2027-06'], 'has not begun'],
    [['--site', 'library', '--month', 'may'], 'must be a month such as 2026-10'],
    [['--site', 'library', '--output', 'no/such/folder.xlsx'], 'cannot write no/such/folder.xlsx'],
  ])('refuses %j', async (words, expected) => {
    const { report } = await aServer();
    expect((await report(...words)).thrown).toContain(expected);
  });
});
