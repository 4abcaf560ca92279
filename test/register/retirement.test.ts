/** A retirement has its date, whichever way it came, and registers of before have none. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { applyImport } from '../../register/import/apply-import.ts';
import { importFaultText } from '../../register/import/import-fault.ts';
import { readImportTable } from '../../register/import/import-table.ts';
import { planImport } from '../../register/import/plan-import.ts';
import { parseManifest } from '../../register/manifest.ts';
import { exportManifest } from '../../register/manifest-export.ts';
import { applyManifest, planManifest } from '../../register/manifest-plan.ts';
import { expectedUntil, isExpectedAt } from '../../register/retirement.ts';
import { ManualClock } from '../manual-clock.ts';
import { aDevice, aGateway, aRegister, aSite, aSmallRegister } from './a-register.ts';

/** Of the register's clock. */
const NOW = new ManualClock().now();
const IN_BOSTON = Date.parse('2026-10-15T04:00:00Z');
const NEVER = Number.POSITIVE_INFINITY;

const manifestOf = (entry: string) =>
  `city: Boston\nzone: America/New_York\nsites:\n  - id: copley\n    name: Library\n    kind: building\n    gateways:\n      - id: library\n        devices:\n          - id: main-meter\n${entry}`;

function manifest(text: string) {
  const result = parseManifest(text, 'city.yaml');
  if (!('value' in result)) throw new Error(JSON.stringify(result));
  return result.value;
}

describe('a retirement', () => {
  it('is dated when it is written, and its date goes when the device is taken back', async () => {
    const register = await aSmallRegister();
    await register.putDevice(aDevice({ retired: true }));
    expect(register.device('library', 'main-meter')).toEqual(aDevice({ retired: true, retired_at: NOW }));
    await register.putDevice(aDevice({ retired: true, name: 'Main' }));
    expect(register.device('library', 'main-meter')).toMatchObject({ name: 'Main', retired_at: NOW });
    await register.putDevice(aDevice());
    expect(register.device('library', 'main-meter')).toEqual(aDevice());
    await register.retireGateway('library');
    expect(register.gateway('library')).toEqual(aGateway({ retired: true, retired_at: NOW }));
    await register.retireGateway('library', IN_BOSTON);
    await register.retireGateway('library');
    expect(register.gateway('library')).toMatchObject({ retired_at: IN_BOSTON });
  });

  it('with which an entry begins has no date but the one that is given', async () => {
    const register = await aSmallRegister();
    await register.putDevice(aDevice({ id: 'old', retired: true }));
    expect(register.device('library', 'old')).not.toHaveProperty('retired_at');
    await register.putDevice(aDevice({ id: 'old', retired: true, retired_at: 5 }));
    expect(register.device('library', 'old')).toMatchObject({ retired_at: 5 });
  });

  it('is not taken in the future, nor of what is in use', async () => {
    const register = await aSmallRegister();
    await expect(register.retireGateway('library', NOW + 1)).rejects.toThrow(/retired_at: lies in the future/);
    await expect(register.putDevice(aDevice({ retired_at: 5 }))).rejects.toThrow(
      /retired_at: says since when .* retired/,
    );
    await expect(register.putDevice(aDevice({ retired: true, retired_at: -5 }))).rejects.toThrow(/1970 and 2200/);
    expect(register.gateway('library')).toEqual(aGateway());
  });

  it('outlives a restart', async () => {
    const register = await aSmallRegister();
    await register.putDevice(aDevice({ retired: true, retired_at: 5 }));
    await register.stop();
    await register.start();
    expect(register.device('library', 'main-meter')).toMatchObject({ retired_at: 5 });
  });
});

describe('until when readings are expected', () => {
  it('is the earlier of both dates, and for ever of what is in use', async () => {
    const register = await aSmallRegister();
    expect(expectedUntil(register, aDevice())).toBe(NEVER);
    expect(expectedUntil(register, aDevice({ retired: true, retired_at: IN_BOSTON }))).toBe(IN_BOSTON);
    await register.retireGateway('library');
    expect(expectedUntil(register, aDevice())).toBe(NOW);
    expect(expectedUntil(register, aDevice({ retired: true, retired_at: IN_BOSTON }))).toBe(IN_BOSTON);
    expect([NOW - 1, NOW].map((time) => isExpectedAt(register, aDevice(), time))).toEqual([true, false]);
  });

  it('is the last word of what was retired without a date, and never without one', async () => {
    const register = await aSmallRegister();
    expect(expectedUntil(register, aDevice({ retired: true }), 7)).toBe(7);
    expect(isExpectedAt(register, aDevice({ retired: true }), 0)).toBe(false);
  });
});

describe('in a manifest, a retirement', () => {
  it('is dated by what it says, in the zone of the site', async () => {
    const register = await aRegister();
    await applyManifest(
      register,
      manifest(manifestOf('            retired: true\n            retired_at: 2026-10-15\n')),
    );
    expect(register.device('library', 'main-meter')).toMatchObject({ retired: true, retired_at: IN_BOSTON });
  });

  it('without a date keeps the one of the register, and changes nothing a second time', async () => {
    const register = await aRegister();
    await applyManifest(register, manifest(manifestOf('')));
    const retired = manifest(manifestOf('            retired: true\n'));
    await applyManifest(register, retired);
    expect(register.device('library', 'main-meter')).toMatchObject({ retired_at: NOW });
    expect(planManifest(register, retired).changes).toEqual([]);
    await applyManifest(register, manifest('city: Boston\nzone: America/New_York\n'));
    expect(register.gateway('library')).toMatchObject({ retired: true, retired_at: NOW });
  });

  it.each([
    ['            retired_at: 2026-10-15\n', /"line":11.*retired does not say that it is/],
    ['            retired: true\n            retired_at: 2026-02-30\n', /"line":12.*is not a date or time/],
  ])('is refused by line: %j', (entry, words) => {
    const result = parseManifest(manifestOf(entry), 'city.yaml');
    expect(JSON.stringify(result)).toMatch(words);
  });

  it('is exported with its date, and comes back the same', async () => {
    const register = await aSmallRegister();
    await register.putCity({ name: 'Boston', zone: 'America/New_York' });
    await register.putSite(aSite({ id: 'hilo', zone: 'Pacific/Honolulu' }));
    await register.putGateway(
      aGateway({ id: 'old', site: 'hilo', retired: true, retired_at: IN_BOSTON + 6 * 3_600_000 }),
    );
    await register.putDevice(aDevice({ retired: true, retired_at: NOW }));
    const text = exportManifest(register);
    expect(text).toContain('retired_at: 2026-10-15\n');
    const other = await aRegister();
    await applyManifest(other, manifest(text));
    expect(other.gateways()).toEqual(expect.arrayContaining([...register.gateways()]));
    expect(other.devices()).toEqual(register.devices());
  });
});

describe('in a list, a retirement', () => {
  async function aList() {
    const register = await aSmallRegister();
    const read = async (text: string) => await readImportTable('devices', Readable.from([Buffer.from(text)]));
    const apply = async (text: string) =>
      await applyImport(register, new ManualClock(), { kind: 'devices', table: await read(text), renewTokens: false });
    const faults = async (text: string) =>
      planImport('devices', await read(text), register).faults.map((fault) => importFaultText('f', fault));
    const device = () => register.device('library', 'main-meter');
    return { apply, faults, device };
  }

  it('is dated by its column, or by the day of the import; an empty cell keeps the date', async () => {
    const { apply, device } = await aList();
    await apply('gateway,id,retired\nlibrary,main-meter,yes\n');
    expect(device()).toMatchObject({ retired: true, retired_at: NOW });
    const { plan } = await apply('gateway,id,retired,retired_at\nlibrary,main-meter,yes,2026-10-15\n');
    expect(device()).toMatchObject({ retired_at: IN_BOSTON });
    expect(plan.entries[0]?.fields).toEqual([
      { field: 'retired_at', before: '2026-11-01T07:00-05:00', after: '2026-10-15' },
    ]);
    expect((await apply('gateway,id,retired_at\nlibrary,main-meter,\n')).plan.entries[0]?.action).toBe('none');
    await apply('gateway,id,retired\nlibrary,main-meter,no\n');
    expect(device()).toEqual(aDevice());
  });

  it('is refused where the date is none, or nothing is retired', async () => {
    const { faults } = await aList();
    expect(await faults('gateway,id,retired,retired_at\nlibrary,main-meter,yes,15.10.2026\n')).toEqual([
      expect.stringMatching(/^f:2 retired_at "15\.10\.2026": is not a date/),
    ]);
    expect(await faults('gateway,id,retired_at\nlibrary,main-meter,2026-10-15\n')).toEqual([
      expect.stringMatching(/^f:2 retired_at "2026-10-15": says since when .* retired does not say/),
    ]);
  });
});
