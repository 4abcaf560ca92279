/**
 * A city is brought in from files: lists are looked at and written whole, years of readings are imported, imported again
 * by mistake, and cut off by a server that is killed in the middle. Nothing is stored twice, nothing is missing.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isLong } from '../is-long.ts';
import { PROGRAM, type ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type CommandEnd, lamplighter } from './command.ts';
import { expectBooksBalance, expectExactly, storedSeries } from './ledger.ts';
import { aServer, countsOf, eventually } from './story.ts';

const ROWS = isLong ? 150_000 : 30_000;
/** Stored when the server, and then the command, is killed. */
const CUT_AT = 5_000;
const STEP_MS = 60_000;

test('lists, readings, twice, and a kill in the middle', { timeout: 180_000 }, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  let server = await aServer({ data });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = async (...args: string[]): Promise<CommandEnd> => await lamplighter(['import', ...args, '--data', data]);

  // Lists: looked at first, refused whole with every fault, written whole.
  const sites = file('sites.csv', '\ufeffid;name;kind;zone\r\nhall;"Hall; old";building;America/New_York\r\n');
  expect(await run('sites', sites, '--dry-run')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 new') });
  expect(await sitesOf(server)).toEqual([]);
  const unasked = await run('sites', sites);
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
  const faulty = await run('sites', file('bad.csv', 'id,name,kind,zone\nA,x,hut,Boston\nb,y,building,UTC\n'), '--yes');
  expect(faulty.code).toBe(1);
  for (const fault of ['bad.csv:2 id "A"', 'bad.csv:2 kind "hut"', 'bad.csv:2 zone "Boston"']) {
    expect(faulty.stderr).toContain(fault);
  }
  expect(await sitesOf(server)).toEqual([]);
  expect((await run('sites', sites, '--yes')).code).toBe(0);
  expect(await sitesOf(server)).toEqual(['hall']);

  const gateways = file('gateways.csv', 'id,site\nroof,hall\ncellar,hall\n');
  expect((await run('gateways', gateways, '--yes')).stderr).toContain('--tokens FILE or --out-dir FOLDER');
  const tokens = join(folder, 'tokens.csv');
  const outDir = join(folder, 'out');
  expect((await run('gateways', gateways, '--yes', '--tokens', tokens, '--out-dir', outDir)).code).toBe(0);
  expect(readFileSync(tokens, 'utf8')).toMatch(/^id,token,site\nroof,[\w-]{43},hall\ncellar,[\w-]{43},hall\n$/);
  expect(readdirSync(outDir).toSorted()).toEqual(['cellar.yaml', 'roof.yaml']);
  for (const secret of [tokens, join(outDir, 'roof.yaml')]) expect(statSync(secret).mode & 0o777).toBe(0o600);
  expect((await run('gateways', gateways, '--yes', '--renew-tokens', '--tokens', tokens)).stderr).toContain(
    'never written over',
  );

  // Readings: a faulty file, a dry run, the import, and the same again.
  const t0 = Math.floor((Date.now() - ROWS * STEP_MS - 86_400_000) / STEP_MS) * STEP_MS;
  const how = ['--device', 'meter', '--time-column', 'When', '--map', 'Power (W)=active_power_kw:W'];
  const bad = file(
    'bad-readings.csv',
    'When,Power (W)\n2026-02-30T00:00Z,1\n2019-01-01T00:00Z,2\n2026-01-01T00:00Z,"1,5"\n',
  );
  const refused = await run('readings', bad, '--gateway', 'roof', ...how);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('bad-readings.csv:2 When "2026-02-30T00:00Z": is no time');
  expect(refused.stderr).toContain('too-old');
  expect(refused.stderr).toContain('bad-readings.csv:4 Power (W) "1,5": has a decimal comma');
  const small = file('small.csv', readingsCsv(t0, 2_500));
  expect((await run('readings', small, '--gateway', 'roof', ...how, '--dry-run')).stdout).toContain(
    '2500 readings of 1',
  );
  expect(await storedSeries(server.api)).toEqual([]);
  expect((await run('readings', small, '--gateway', 'roof', ...how)).stdout).toContain(
    'Imported 2500 readings, 0 were',
  );
  expect((await run('readings', small, '--gateway', 'roof', ...how)).stdout).toContain(
    'Imported 0 readings, 2500 were',
  );
  expectExactly(await storedSeries(server.api), new Map([['roof', expected(2_500)]]));
  expect(await countsOf(server.api, 'roof')).toMatchObject({ received: 5_000, stored: 2_500, duplicate: 2_500 });

  // A large one, with the server killed in the middle of it.
  const large = file('large.csv', readingsCsv(t0, ROWS));
  const cut = run('readings', large, '--gateway', 'cellar', ...how);
  await eventually(
    () => countsOf(server.api, 'cellar'),
    ({ stored }) => stored > CUT_AT,
  );
  await server.kill();
  const ended = await cut;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/the server at \S+ went away/);
  expect(ended.stderr).toContain('Run the same command again');
  server = await aServer({ data });
  const rest = await run('readings', large, '--gateway', 'cellar', ...how);
  expect(rest.code, rest.stderr).toBe(0);
  const [, imported = '', before = ''] = /Imported (\d+) readings, (\d+) were imported before/.exec(rest.stdout) ?? [];
  expect(Number(imported) + Number(before)).toBe(ROWS);
  expect(Number(before)).toBeGreaterThan(CUT_AT);
  expect(Number(imported)).toBeGreaterThan(0);
  expectExactly(
    await storedSeries(server.api),
    new Map([
      ['roof', expected(2_500)],
      ['cellar', expected(ROWS)],
    ]),
  );
  await expectBooksBalance(server.api);

  // The command itself cut off goes on, too.
  const other = file('other.csv', readingsCsv(t0 + STEP_MS / 2, ROWS));
  const child = spawn(process.execPath, [
    PROGRAM,
    'import',
    'readings',
    other,
    '--data',
    data,
    '--gateway',
    'roof',
    ...how,
  ]);
  await eventually(
    () => countsOf(server.api, 'roof'),
    ({ stored }) => stored > CUT_AT,
  );
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect((await run('readings', other, '--gateway', 'roof', ...how)).code).toBe(0);
  const series = await storedSeries(server.api, 'roof');
  expect(series).toMatchObject([{ device: 'meter', metric: 'active_power_kw', count: ROWS + 2_500 }]);
  await expectBooksBalance(server.api);
  expect(await server.stop()).toBe(0);
  expect(server.log).not.toMatch(/unexpected|failed/i);
});

function readingsCsv(t0: number, count: number): string {
  const rows = Array.from({ length: count }, (_, n) => `${new Date(t0 + n * STEP_MS).toISOString()},${powerW(n)}`);
  return `When,Power (W)\r\n${rows.join('\r\n')}\r\n`;
}

function powerW(n: number): number {
  return 1_000 + (n % 97);
}

function expected(count: number) {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += powerW(n) / 1_000;
  return new Map([['meter', new Map([['active_power_kw', { count, sum }]])]]);
}

async function sitesOf(server: ServerProcess): Promise<string[]> {
  return (await server.api.get<{ sites: { id: string }[] }>('/api/sites')).sites.map(({ id }) => id);
}
