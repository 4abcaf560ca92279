import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifyToken } from '../../register/credentials.ts';
import { applyImport, planId } from '../../register/import/apply-import.ts';
import { COLUMNS, type ImportKind } from '../../register/import/columns.ts';
import { importFaultText } from '../../register/import/import-fault.ts';
import { readImportTable, type TableOptions } from '../../register/import/import-table.ts';
import { planImport } from '../../register/import/plan-import.ts';
import type { Device, Site } from '../../register/model.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const clock = new ManualClock();
const HALL: Site = { id: 'town-hall', name: 'Town hall', kind: 'building', zone: 'America/New_York' };

async function aCity({ hasZone = true } = {}) {
  const register = new Register({ folder: temporaryFolder(), clock, log: silentLog });
  await register.start();
  onTestFinished(() => register.stop());
  if (hasZone) await register.putCity({ name: 'Boston', zone: 'America/New_York' });
  await register.putSite(HALL);
  await register.putGateway({ id: 'roof', name: 'Roof', site: 'town-hall', retired: false });
  const table = async (kind: ImportKind, text: string, options?: TableOptions) =>
    await readImportTable(kind, Readable.from([Buffer.from(text)]), options);
  const plan = async (kind: ImportKind, text: string, options?: TableOptions) =>
    planImport(kind, await table(kind, text, options), register);
  const faults = async (kind: ImportKind, text: string, options?: TableOptions) =>
    (await plan(kind, text, options)).faults.map((fault) => importFaultText('f', fault));
  const apply = async (kind: ImportKind, text: string, renewTokens = false) =>
    await applyImport(register, clock, { kind, table: await table(kind, text), renewTokens });
  return { register, table, plan, faults, apply };
}

describe('lists of sites', () => {
  test('add, change and leave as it is; a column that is not there changes nothing, an empty cell takes away', async () => {
    const { register, plan, apply } = await aCity();
    const text = 'Use;ID;Name;kind\nhall;town-hall;Town hall;building\nschool;school;"School; new";building\n';
    const { entries, faults } = await plan('sites', text);
    expect(faults).toEqual([]);
    expect(entries).toMatchObject([
      { line: 2, id: 'town-hall', action: 'change', fields: [{ field: 'use', before: '', after: 'hall' }] },
      { line: 3, id: 'school', action: 'add' },
    ]);
    const version = register.version;
    await apply('sites', text);
    expect(register.version).toBe(version + 1);
    expect(register.site('town-hall')).toEqual({ ...HALL, use: 'hall' });
    expect(register.site('school')).toMatchObject({ name: 'School; new', zone: 'America/New_York' });
    await apply('sites', text);
    expect(register.version).toBe(version + 1);
    await apply('sites', 'id,use\ntown-hall,\n');
    expect(register.site('town-hall')).toEqual(HALL);
  });

  test('tell every fault at once, and write nothing', async () => {
    const { register, faults, apply } = await aCity();
    const text =
      'id,name,kind,floor_area_m2,zone,colour,latitude\n' +
      'Town Hall,x,building,"12,5",Boston,red,99\n' +
      'park,P,parkland,1 200,UTC,,1\n' +
      'park,"P\n2",building,abc,UTC,,\n' +
      'pool,Pool,building,1\n' +
      'lake,,station,,,,\n';
    expect(await faults('sites', text)).toEqual([
      expect.stringMatching(/^f:1 colour: is not a column of this list. Known are id, .* --ignore\.$/),
      expect.stringContaining('f:2 floor_area_m2 "12,5": has a decimal comma'),
      expect.stringContaining('f:2 id "Town Hall": must be 1 to 63'),
      expect.stringContaining('f:2 latitude "99": must be at most 90.'),
      expect.stringContaining('f:2 zone "Boston": must be an IANA time zone'),
      expect.stringContaining('f:3 floor_area_m2 "1 200": has marks between thousands'),
      expect.stringContaining('f:3 kind "parkland": must be building or streetlights or station.'),
      expect.stringContaining('f:4 floor_area_m2 "abc": is not a number'),
      expect.stringContaining('f:4 id "park": is also in line 3'),
      expect.stringContaining('f:6: has 4 cells where the header has 7 columns'),
      expect.stringContaining('f:7 name: is missing, and a new entry needs it'),
    ]);
    const version = register.version;
    expect((await apply('sites', text)).plan.faults).toHaveLength(11);
    expect(register.version).toBe(version);
  });

  test('say where a zone is to come from when the city has none', async () => {
    const { faults } = await aCity({ hasZone: false });
    expect(await faults('sites', 'id,name,kind\npark,Park,building\n')).toEqual([
      'f:2 zone: is missing, and the city has none to take in its place. Write one, such as America/New_York.',
    ]);
  });

  test.each([
    ['', 'f: is empty. Its first line must name the columns'],
    ['name,kind\nx,building\n', 'f:1 id: this column is missing'],
    ['id,id,name\na,b,c\n', 'f:1 id: is there twice'],
    ['id,name\na,"b\n', 'f:2: a quote is opened here and never closed'],
    ['id,name,kind\na,Caf\ufffd,building\n', 'f:2 name "Caf\ufffd": The file is not UTF-8'],
  ])('%j is refused', async (text, words) => {
    expect((await (await aCity()).faults('sites', text))[0]).toContain(words);
  });

  test('columns can be passed over by name, and only those that are there', async () => {
    const { faults } = await aCity();
    expect(await faults('sites', 'id,Colour,note\ntown-hall,red,\n', { ignore: ['colour', 'NOTE'] })).toEqual([]);
    expect(await faults('sites', 'id\ntown-hall\n', { ignore: ['color'] })).toEqual([
      'f:1 color: is to be ignored, but the file has no such column. Correct --ignore.',
    ]);
  });

  test('what the manifest holds is changed there only', async () => {
    const { register, plan, faults } = await aCity();
    const value: Site = { ...HALL, id: 'pool', name: 'Pool' };
    await register.write(() => [{ kind: 'site', value, origin: 'manifest' }]);
    expect(await faults('sites', 'id,name\npool,Pool 2\n')).toEqual([
      expect.stringContaining("f:2: 'pool' is written in the city's manifest and differs in name"),
    ]);
    expect((await plan('sites', 'id,name\npool,Pool\n')).entries).toMatchObject([{ action: 'none' }]);
  });

  test('any sites come back as they were written', async () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'B', '"', ',', ';', '\n', 'é', '7'),
      minLength: 1,
      maxLength: 9,
    });
    const text = word.map((each) => each.trim()).filter((each) => each !== '');
    const site: fc.Arbitrary<Site> = fc.record(
      {
        id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/),
        name: text,
        kind: fc.constantFrom('building', 'streetlights', 'station'),
        zone: fc.constantFrom('UTC', 'America/New_York'),
        use: text,
        floor_area_m2: fc.double({ min: 0.001, max: 1e9, noNaN: true }),
        latitude: fc.double({ min: -90, max: 90, noNaN: true }).map((value) => value + 0),
        retired: fc.constant(true),
      },
      { requiredKeys: ['id', 'name', 'kind', 'zone'] },
    );
    const { table } = await aCity();
    const nobody = { city: () => undefined, site: () => undefined, gateway: () => undefined, device: () => undefined };
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(site, { selector: ({ id }) => id, maxLength: 8 }), async (sites) => {
        const columns = COLUMNS.sites.map(({ name }) => name);
        const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`;
        const lines = sites.map((one) => columns.map((name) => cell(one[name as keyof Site])).join(','));
        const read = await table('sites', [columns.join(','), ...lines].join('\r\n'));
        const plan = planImport('sites', read, { ...nobody, origin: () => undefined });
        expect(plan.faults).toEqual([]);
        expect(plan.entries.map(({ change }) => 'value' in change && change.value)).toEqual(sites);
      }),
    );
  });
});

describe('lists of sites for figures', () => {
  test('name tariffs, factors, demand and budget, and leave hours of use as they are', async () => {
    const { register, apply, faults } = await aCity();
    const schedule = { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' };
    await register.putSite({ ...HALL, schedule, tariffs: { gas: 'gas-1' } });
    await apply('sites', 'id,tariff_electricity,factors,budget_kwh,contract_demand_kw\ntown-hall,g-3,boston,9000,50\n');
    const figures = { factors: 'boston', budget_kwh: 9_000, contract_demand_kw: 50 };
    const tariffs = { electricity: 'g-3', gas: 'gas-1' };
    expect(register.site('town-hall')).toEqual({ ...HALL, schedule, tariffs, ...figures });
    await apply('sites', 'id,tariff_electricity,tariff_gas\ntown-hall,,\n');
    expect(register.site('town-hall')).toEqual({ ...HALL, schedule, ...figures });
    expect(await faults('sites', 'id,tariff_gas,budget_kwh\ntown-hall,Gas 1,-5\n')).toEqual([
      expect.stringContaining('f:2 tariff_gas "Gas 1": '),
      expect.stringContaining('f:2 budget_kwh "-5": '),
    ]);
  });
});

describe('lists of gateways', () => {
  test('ten thousand get their tokens in one write', async () => {
    const { register, apply } = await aCity();
    const ids = Array.from({ length: 10_000 }, (_, n) => `gw-${n}`);
    const version = register.version;
    const { tokens } = await apply('gateways', `id,site\n${ids.map((id) => `${id},town-hall\n`).join('')}`);
    expect(register.version).toBe(version + 1);
    expect(new Set(tokens.values()).size).toBe(10_000);
    for (const id of ids) expect(verifyToken(tokens.get(id)!, register.credential(id)!)).toBe(true);
  });

  test('those that are there keep their token unless new ones are asked for', async () => {
    const { register, apply } = await aCity();
    const { token } = await register.addCredential({ id: 'roof', role: 'gateway' });
    const text = 'id,name\nroof,The roof\n';
    expect((await apply('gateways', text)).tokens.size).toBe(0);
    expect(verifyToken(token, register.credential('roof')!)).toBe(true);
    const { tokens } = await apply('gateways', text, true);
    expect([...tokens.keys()]).toEqual(['roof']);
    expect(verifyToken(token, register.credential('roof')!)).toBe(false);
  });

  test('faults name what is missing', async () => {
    const { faults } = await aCity();
    expect(await faults('gateways', 'id,site\nobserver-1,town-hall\ngw,nowhere\ngx,\n')).toEqual([
      expect.stringContaining('f:2 id "observer-1": \'observer-…\' is kept for credentials'),
      expect.stringContaining('f:3 site "nowhere": is not in the register'),
      expect.stringContaining('f:4 site: is missing'),
    ]);
  });
});

describe('lists of devices', () => {
  test('a dated placement keeps where the device was', async () => {
    const { register, apply, plan } = await aCity();
    await register.putSite({ ...HALL, id: 'school' });
    await apply('devices', 'gateway,id,kind,interval_s\nroof,meter,electricity-meter,60\n');
    expect(register.device('roof', 'meter')).toEqual({
      gateway: 'roof',
      id: 'meter',
      name: 'meter',
      kind: 'electricity-meter',
      interval_s: 60,
      placements: [{ site: 'town-hall', from: 0 }],
      is_new: false,
    });
    const move = 'gateway,id,site,from\nroof,meter,school,2026-03-01\n';
    expect((await plan('devices', move)).entries[0]?.fields).toEqual([
      { field: 'placements', before: 'town-hall', after: 'town-hall, school from 2026-03-01' },
    ]);
    await apply('devices', move);
    expect(register.device('roof', 'meter')?.placements).toEqual([
      { site: 'town-hall', from: 0 },
      { site: 'school', from: Date.parse('2026-03-01T05:00:00Z') },
    ]);
    expect((await plan('devices', move)).entries).toMatchObject([{ action: 'none' }]);
  });

  test('what no column names stays: swaps, and with them what the meter is', async () => {
    const { register, apply, plan, faults } = await aCity();
    const swaps = [{ metric: 'active_energy_kwh', at: 1_700_000_000_000, last: 90_000 }];
    const device: Device = {
      gateway: 'roof',
      id: 'meter',
      name: 'Meter',
      interval_stamp: 'end',
      nominal_w: 75,
      meter: { multiplier: 40, register_limit: 100_000, swaps },
      placements: [{ site: 'town-hall', from: 0 }],
      is_new: false,
    };
    await register.putDevice(device);
    expect((await plan('devices', 'gateway,id\nroof,meter\n')).entries).toMatchObject([{ action: 'none' }]);
    await apply('devices', 'gateway,id,name\nroof,meter,Main\n');
    expect(register.device('roof', 'meter')).toEqual({ ...device, name: 'Main' });
    const list = 'gateway,id,multiplier,max_per_hour,interval_stamp,nominal_w\nroof,meter,,1200,begin,\n';
    expect((await plan('devices', list)).entries[0]?.fields).toContainEqual({
      field: 'meter',
      before: 'multiplier 40, register_limit 100000, swaps 1',
      after: 'register_limit 100000, max_per_hour 1200, swaps 1',
    });
    await apply('devices', list);
    expect(register.device('roof', 'meter')).toMatchObject({
      interval_stamp: 'begin',
      meter: { register_limit: 100_000, max_per_hour: 1_200, swaps },
    });
    expect(register.device('roof', 'meter')?.meter).not.toHaveProperty('multiplier');
    expect(register.device('roof', 'meter')).not.toHaveProperty('nominal_w');
    const rows = ['0,100,begin', 'x,,middle', '-1,0,end'];
    const text = `gateway,id,multiplier,register_limit,interval_stamp\n${rows.map((row, n) => `roof,new-${n},${row}\n`).join('')}`;
    expect(await faults('devices', text)).toEqual([
      expect.stringContaining('f:2 multiplier "0": '),
      expect.stringContaining('f:3 multiplier "x": is not a number'),
      expect.stringContaining('f:3 interval_stamp "middle": '),
      expect.stringContaining('f:4 multiplier "-1": '),
      expect.stringContaining('f:4 register_limit "0": '),
    ]);
    expect(await faults('devices', 'gateway,id,register_limit\nroof,meter,9000\n')).toEqual([
      expect.stringContaining('f:2 register_limit "9000": is not below the register limit 9000'),
    ]);
  });

  test('faults of gateway, site and date', async () => {
    const { apply, faults, register } = await aCity();
    await register.putSite({ ...HALL, id: 'school' });
    await apply('devices', 'gateway,id\nroof,meter\n');
    const rows = ['attic,a,,', 'roof,b,nowhere,', 'roof,meter,school,', 'roof,meter2,,2026-02-30', 'roof,Lamp 1,,'];
    expect(await faults('devices', `gateway,id,site,from\n${rows.join('\n')}\n`)).toEqual([
      expect.stringContaining('f:2 gateway "attic": is not in the register'),
      expect.stringContaining('f:3 site "nowhere": is not in the register'),
      expect.stringContaining('f:4 site "school": the device is at \'town-hall\' now'),
      expect.stringContaining('f:5 from "2026-02-30": is not a date'),
      expect.stringContaining('f:6 id "Lamp 1": must be 1 to 63'),
    ]);
  });
});

test('a list is not written when it would do something else than was shown', async () => {
  const { register, table, plan } = await aCity();
  const text = 'id,name\ntown-hall,New name\n';
  const shown = planId(await plan('sites', text));
  await register.putSite({ ...HALL, name: 'Third name' });
  const request = { kind: 'sites', table: await table('sites', text), renewTokens: false, planId: shown } as const;
  await expect(applyImport(register, clock, request)).rejects.toThrow('has changed since the preview');
  expect(register.site('town-hall')?.name).toBe('Third name');
});
