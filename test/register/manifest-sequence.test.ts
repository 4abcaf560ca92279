/** Manifests applied one after the other end where the last one alone ends, but for what was retired on the way. */

import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Manifest, manifestSchema } from '../../register/manifest.ts';
import { applyManifest } from '../../register/manifest-plan.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flag = fc.option(fc.boolean(), { nil: undefined });
const name = fc.constantFrom('One', 'Two', 'Three');
const zone = fc.constantFrom('UTC', 'America/New_York', 'Europe/Berlin');

/** Few ids, so that manifests meet in them. `sites` are those a placement may name. */
function aDeviceOf(sites: readonly string[]) {
  const dates = fc.uniqueArray(fc.integer({ min: 10, max: 28 }), { minLength: 1, maxLength: 3 });
  const placements = fc
    .tuple(dates, fc.infiniteStream(fc.constantFrom(...sites)))
    .map(([days, stream]) =>
      [...days].sort().map((day) => ({ site: stream.next().value as string, from: `2025-02-${day}` })),
    );
  return fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    name: fc.option(name, { nil: undefined }),
    interval_s: fc.option(fc.constantFrom(10, 60), { nil: undefined }),
    retired: flag,
    placements: fc.option(placements, { nil: undefined }),
  });
}

const aManifest: fc.Arbitrary<Manifest> = fc
  .record({
    sites: fc.uniqueArray(fc.constantFrom('s1', 's2', 's3'), { maxLength: 3 }),
    gateways: fc.uniqueArray(fc.constantFrom('g1', 'g2', 'g3'), { maxLength: 3 }),
  })
  .chain(({ sites, gateways }) => {
    const gateway = (id: string) =>
      fc.record({
        id: fc.constant(id),
        name: fc.option(name, { nil: undefined }),
        retired: flag,
        devices: fc.uniqueArray(aDeviceOf(sites), { maxLength: 3, selector: (device) => device.id }),
      });
    const groups = sites.map((id, position) =>
      fc.record({
        id: fc.constant(id),
        name,
        kind: fc.constantFrom('building', 'streetlights'),
        zone: fc.option(zone, { nil: undefined }),
        retired: flag,
        gateways: fc.tuple(...gateways.filter((_, g) => g % sites.length === position).map(gateway)),
      }),
    );
    return fc.record({ city: name, zone, sites: fc.tuple(...groups) });
  })
  .map((raw) => manifestSchema.parse(JSON.parse(JSON.stringify(raw))));

async function stateAfter(manifests: readonly Manifest[], folder: string): Promise<unknown> {
  const register = new Register({ folder, clock: new ManualClock(), log: silentLog });
  await register.start();
  for (const manifest of manifests) {
    const { conflicts } = await applyManifest(register, manifest);
    expect(conflicts).toEqual([]);
  }
  await register.stop();
  // What the disk holds is what counts.
  await register.start();
  const live = <T extends { id: string; retired?: boolean | undefined }>(list: readonly T[]) =>
    list
      .filter((entry) => entry.retired !== true)
      .map((entry) => JSON.stringify(entry))
      .sort();
  const state = {
    city: register.city(),
    sites: live(register.sites()),
    gateways: live(register.gateways()),
    devices: live(register.devices()),
  };
  await register.stop();
  return state;
}

it('manifests in sequence end in the state of the last', async () => {
  const folder = temporaryFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(aManifest, { minLength: 1, maxLength: 4 }), async (manifests) => {
      run += 1;
      const all = await stateAfter(manifests, join(folder, `all-${run}`));
      const last = await stateAfter(manifests.slice(-1), join(folder, `last-${run}`));
      expect(all).toEqual(last);
    }),
    { numRuns: 40 },
  );
});
