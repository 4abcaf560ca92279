import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Manifest, parseManifest, readManifest } from '../../register/manifest.ts';
import { exportManifest } from '../../register/manifest-export.ts';
import { applyManifest, planManifest } from '../../register/manifest-plan.ts';
import { siteAt } from '../../register/register-view.ts';
import { faultText } from '../../runtime/yaml-file.ts';
import { aDevice, aGateway, aRegister, aSite, aSmallRegister } from './a-register.ts';

const EXAMPLE = new URL('../../register/city.example.yaml', import.meta.url).pathname;

function manifest(text: string): Manifest {
  const result = parseManifest(text, 'city.yaml');
  if (!result.ok) throw new Error(result.faults.map(faultText).join('\n'));
  return result.value;
}

const ONE_SITE = `
city: Boston
zone: America/New_York
sites:
  - id: copley
    name: Central Library
    kind: building
    gateways:
      - id: library
        devices:
          - id: main-meter
          - id: air-1
`;

describe('the example manifest', () => {
  it('imports, dates in the zone of their site', async () => {
    const result = readManifest(EXAMPLE);
    if (!result.ok) throw new Error(result.faults.map(faultText).join('\n'));
    const register = await aRegister();
    const { changes, conflicts } = await applyManifest(register, result.value);
    expect(conflicts).toEqual([]);
    expect(changes.every((change) => change.action === 'add')).toBe(true);
    expect(register.sites()).toHaveLength(3);
    expect(register.city()).toEqual({ name: 'Boston', zone: 'America/New_York', fiscal_year_start: 7 });
    const moved = register.device('copley-basement', 'air-7')!;
    const move = Date.parse('2025-09-15T18:00:00Z');
    expect([move - 1, move].map((time) => siteAt(moved, time))).toEqual(['roxbury-library', 'copley-library']);
    expect(register.device('roxbury-cabinet', 'old-gas-meter')?.retired).toBe(true);
    expect(register.device('copley-basement', 'chiller-meter')).toMatchObject({
      interval_stamp: 'end',
      meter: { multiplier: 40, swaps: [{ metric: 'active_energy_kwh', at: Date.parse('2026-05-04T16:00:00Z') }] },
    });
    expect(planManifest(register, result.value).changes).toEqual([]);
  });
});

describe('a faulty manifest', () => {
  it('is told with every fault at once, by line and field', () => {
    const text = `city: Boston
zone: America/Boston
sites:
  - id: copley
    name: Central Library
    kind: palace
    gateways:
      - id: library
        devices:
          - id: Main Meter
          - id: air-1
            interval_s: -5
          - id: air-1
            placements:
              - site: copley
                from: 2025-09-15
              - site: nowhere
                from: 2025-09-14
              - site: copley
                from: someday
              - site: copley
  - id: copley
    name: 12
    kind: building
    flor_area_m2: 20
    gateways:
      - id: library
      - id: observer-7
`;
    const result = parseManifest(text, 'city.yaml');
    if (result.ok) throw new Error('taken');
    const places = result.faults.map((fault) => [fault.line, fault.field]);
    expect(places).toEqual([
      [2, 'zone'],
      [6, 'sites[0].kind'],
      [10, 'sites[0].gateways[0].devices[0].id'],
      [12, 'sites[0].gateways[0].devices[1].interval_s'],
      [13, 'sites[0].gateways[0].devices[2].id'],
      [17, 'sites[0].gateways[0].devices[2].placements[1].site'],
      [18, 'sites[0].gateways[0].devices[2].placements[1].from'],
      [20, 'sites[0].gateways[0].devices[2].placements[2].from'],
      [21, 'sites[0].gateways[0].devices[2].placements[3]'],
      [22, 'sites[1].id'],
      [23, 'sites[1].name'],
      [25, 'sites[1].flor_area_m2'],
      [27, 'sites[1].gateways[0].id'],
      [28, 'sites[1].gateways[1].id'],
    ]);
  });

  it('is told what is wrong with meters, tariffs and the fiscal year, by line', () => {
    const text = `city: Boston
zone: America/New_York
fiscal_year_start: 13
tariffs: { coal: x }
sites:
  - id: copley
    name: Central Library
    kind: building
    contract_demand_kw: 0
    tariffs:
      gas: Not An Id
    gateways:
      - id: library
        devices:
          - id: main
            interval_stamp: middle
            meter:
              multiplier: -1
              register_limit: 0
              swaps:
                - metric: active_power_kw
                  at: 2026-05-04T12:00
                - metric: active_energy
                  at: 2026-05-03
                - at: noon
                  metric: active_energy_kwh
                  last: -1
          - id: sub
            meter:
              register_limit: 1000
              swaps:
                - { metric: active_energy_kwh, at: 2026-05-04, last: 1000, first: 3 }
                - { metric: active_energy_kwh, at: 2026-05-04T00:00-04:00 }
                - { metric: active_energy_export_kwh, at: 2026-05-04 }
                - { metric: gas_volume_m3, at: 1969-05-04 }
`;
    const result = parseManifest(text, 'city.yaml');
    if (result.ok) throw new Error('taken');
    const sub = 'sites[0].gateways[0].devices[1].meter.swaps';
    const main = 'sites[0].gateways[0].devices[0].meter';
    expect(result.faults.map((fault) => [fault.line, fault.field])).toEqual([
      [3, 'fiscal_year_start'],
      [4, 'tariffs.coal'],
      [9, 'sites[0].contract_demand_kw'],
      [11, 'sites[0].tariffs.gas'],
      [16, 'sites[0].gateways[0].devices[0].interval_stamp'],
      [18, `${main}.multiplier`],
      [19, `${main}.register_limit`],
      [21, `${main}.swaps[0].metric`],
      [23, `${main}.swaps[1].metric`],
      [24, `${main}.swaps[1].at`],
      [25, `${main}.swaps[2].at`],
      [27, `${main}.swaps[2].last`],
      [32, `${sub}[0].last`],
      [33, `${sub}[1].at`],
      [35, `${sub}[3].at`],
      [35, `${sub}[3].at`],
    ]);
    const words = result.faults.map(faultText).join('\n');
    expect(words).toContain('is not a counter. Name one of active_energy_kwh');
    expect(words).toContain('there is another swap of active_energy_kwh at this instant');
  });

  it.each([
    '',
    'sites: 5',
    '- a\n- b',
    'city: [',
    'city: A\nzone: UTC\nsites:\n  - 5\n  - gateways: [7, {devices: [x]}]',
  ])('is refused without a throw: %j', (text) => expect(parseManifest(text, 'city.yaml').ok).toBe(false));
});

describe('applying a manifest', () => {
  it('retires what it no longer lists, and takes it back', async () => {
    const register = await aRegister();
    await applyManifest(register, manifest(ONE_SITE));
    const empty = manifest('city: Boston\nzone: America/New_York\n');
    const { changes } = await applyManifest(register, empty);
    expect(changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`)).toEqual([
      'retire device library/main-meter',
      'retire device library/air-1',
      'retire gateway library',
      'retire site copley',
    ]);
    expect(register.gateway('library')?.retired).toBe(true);
    expect(register.device('library', 'air-1')?.retired).toBe(true);
    expect((await applyManifest(register, empty)).changes).toEqual([]);
    await applyManifest(register, manifest(ONE_SITE));
    expect(register.gateway('library')?.retired).toBe(false);
    expect(register.device('library', 'air-1')).not.toHaveProperty('retired');
  });

  it('names what changes', async () => {
    const register = await aRegister();
    await applyManifest(register, manifest(ONE_SITE));
    const plan = planManifest(register, manifest(ONE_SITE.replace('Central Library', 'Library')));
    expect(plan.changes).toMatchObject([{ action: 'change', kind: 'site', id: 'copley', words: 'name' }]);
    expect(register.site('copley')?.name).toBe('Central Library');
  });

  it("leaves the console's entries alone and names conflicts", async () => {
    const register = await aSmallRegister();
    await register.putSite(aSite({ id: 'depot', name: 'Depot' }));
    const { changes, conflicts } = await applyManifest(register, manifest(ONE_SITE));
    expect(changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`)).toEqual([
      'add city ',
      'add device library/air-1',
    ]);
    expect(conflicts).toMatchObject([
      { kind: 'gateway', id: 'library', words: /differs from the manifest in name/ },
      { kind: 'device', id: 'library/main-meter' },
    ]);
    expect(register.gateway('library')).toEqual(aGateway());
    expect(register.device('library', 'main-meter')).toEqual(aDevice());
    expect(register.site('depot')).not.toHaveProperty('retired');
  });

  it('adopts a device that was only seen in readings', async () => {
    const register = await aRegister();
    await applyManifest(register, manifest(ONE_SITE));
    await register.listNewDevice('library', 'air-2', 5);
    await applyManifest(register, manifest(`${ONE_SITE}          - id: air-2\n            name: Reading room\n`));
    expect(register.device('library', 'air-2')).toMatchObject({ name: 'Reading room', is_new: false });
    expect(register.origin('device', 'library/air-2')).toBe('manifest');
  });

  it('keeps its entries from the console until it drops them', async () => {
    const register = await aRegister();
    await applyManifest(register, manifest(ONE_SITE));
    await expect(register.putSite(aSite())).rejects.toMatchObject({ code: 'conflict', message: /manifest/ });
    await expect(register.retireGateway('library')).rejects.toMatchObject({ code: 'conflict' });
    await applyManifest(register, manifest('city: Boston\nzone: America/New_York\n'));
    await register.putSite(aSite());
    expect(register.origin('site', 'copley')).toBe('console');
  });
});

describe('exporting', () => {
  it('gives a manifest that imports to the same state', async () => {
    const register = await aSmallRegister();
    await register.putCity({
      name: 'Boston',
      zone: 'America/New_York',
      fiscal_year_start: 10,
      tariffs: { electricity: 'g-3' },
      factors: 'boston-2025',
    });
    await register.putSite(
      aSite({ id: 'berlin', name: 'Depot: "Süd" #2', zone: 'Europe/Berlin', floor_area_m2: 12.5 }),
    );
    await register.putGateway(aGateway({ id: 'old', retired: true, site: 'berlin' }));
    await register.placeDevice('library', 'main-meter', 'berlin', Date.parse('2025-03-30T00:30:00Z'));
    await register.placeDevice('library', 'main-meter', 'copley', Date.parse('2025-09-15T04:00:00Z'));
    await register.putDevice(aDevice({ id: 'yes', name: '007', kind: 'lamp', interval_s: 60, retired: true }));
    // Hawaii is six hours behind New York: the same date is another instant before and after the move.
    await register.putSite(aSite({ id: 'hilo', zone: 'Pacific/Honolulu', tariffs: { gas: 'gas-2' }, budget_kwh: 1e6 }));
    const [noon, moved] = [Date.parse('2026-05-04T16:00:00Z'), Date.parse('2026-06-01T08:00:00Z')];
    await register.putDevice(
      aDevice({
        id: 'meter',
        interval_stamp: 'begin',
        nominal_w: 60,
        meter: {
          multiplier: 40,
          swaps: [
            { metric: 'active_energy_kwh', at: noon, last: 5, first: 0 },
            { metric: 'active_energy_export_kwh', at: noon },
            { metric: 'active_energy_kwh', at: Date.parse('2026-06-01T04:00:00Z') },
            { metric: 'active_energy_kwh', at: Date.parse('2026-06-02T10:00:00Z'), first: 1.5, multiplier: 10 },
          ],
        },
        placements: [
          { site: 'copley', from: 0 },
          { site: 'hilo', from: moved },
        ],
      }),
    );
    await register.addCredential({ id: 'library', role: 'gateway' });
    const text = exportManifest(register);
    expect(text).toContain('at: 2026-05-04T12:00-04:00\n');
    expect(text).toContain('at: 2026-06-02\n');
    expect(text).toContain('from: 2025-09-15\n');
    expect(text).not.toContain(register.credential('library')!.token_sha256);
    const copy = await aRegister();
    await applyManifest(copy, manifest(text));
    const byId = <T extends { id: string }>(list: readonly T[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(copy.city()).toEqual(register.city());
    expect(byId(copy.sites())).toEqual(byId(register.sites()));
    expect(byId(copy.gateways())).toEqual(byId(register.gateways()));
    expect(byId(copy.devices())).toEqual(byId(register.devices()));
    expect(exportManifest(copy)).toBe(text);
    expect(planManifest(register, manifest(text))).toEqual({ changes: [], conflicts: [] });
  });

  it('of the example is the example again', async () => {
    const first = await aRegister();
    await applyManifest(first, manifest(readFileSync(EXAMPLE, 'utf8')));
    const second = await aRegister();
    await applyManifest(second, manifest(exportManifest(first)));
    expect(exportManifest(second)).toBe(exportManifest(first));
  });
});
