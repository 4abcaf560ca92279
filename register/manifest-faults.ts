/**
 * Faults of a manifest between its entries. Reads a value whose shape may still be wrong, so it trusts nothing:
 * what has the wrong shape is passed over here and told by the schema.
 */
import { isZone } from '../runtime/zone.ts';
import { placementTimeFaults } from './change.ts';
import { parseInstantAt } from './device-instant.ts';
import { instantFaults } from './instant-faults.ts';
import { parseInstant } from './local-instant.ts';
import { figure, group, isMissing, items, word } from './loose.ts';
import { meterFaults } from './meter-faults.ts';
import { EARLIEST_PLACEMENT, type Placement } from './model.ts';
import { retirementFaults } from './retirement.ts';

export interface ManifestFault {
  readonly path: readonly (string | number)[];
  readonly words: string;
}

type Path = readonly (string | number)[];
/** Of the sites of the file. In UTC where the zone is itself faulty: whether a text is a date does not depend on it. */
type Zones = ReadonlyMap<string, string>;

const NO_DATE = 'is not a date or time. Write 2025-09-15, 2025-09-15T14:00 or 2025-09-15T14:00-04:00.';

/** `gatewayIdFaults` says what is wrong with a gateway's id beside its form. */
export function manifestFaults(manifest: unknown, gatewayIdFaults: (id: string) => readonly string[]): ManifestFault[] {
  const faults: ManifestFault[] = [];
  const sites = items(manifest, 'sites');
  const cityZone = word(manifest, 'zone');
  const zones = new Map<string, string>();
  for (const site of sites) {
    const zone = word(site, 'zone') ?? cityZone;
    zones.set(word(site, 'id') ?? '', zone !== undefined && isZone(zone) ? zone : 'UTC');
  }

  const siteIds = new Set<string>();
  const gatewayIds = new Set<string>();
  for (const [s, site] of sites.entries()) {
    faults.push(...duplicate(siteIds, word(site, 'id'), ['sites', s, 'id'], 'site'));
    for (const [g, gateway] of items(site, 'gateways').entries()) {
      const path: Path = ['sites', s, 'gateways', g];
      const gatewayId = word(gateway, 'id');
      faults.push(...duplicate(gatewayIds, gatewayId, [...path, 'id'], 'gateway'));
      for (const words of gatewayIdFaults(gatewayId ?? '')) {
        faults.push({ path: [...path, 'id'], words: words.replace(/^id: /, '') });
      }
      const hangs = always(word(site, 'id') ?? '');
      faults.push(...faultsOfRetirement(gateway, [...path, 'retired_at'], hangs, zones));
      const deviceIds = new Set<string>();
      for (const [d, device] of items(gateway, 'devices').entries()) {
        const devicePath = [...path, 'devices', d];
        faults.push(...duplicate(deviceIds, word(device, 'id'), [...devicePath, 'id'], 'device of this gateway'));
        const placed = placementsOf(items(device, 'placements'), [...devicePath, 'placements'], zones);
        faults.push(...placed.faults);
        const placements = placed.placements.length > 0 ? placed.placements : hangs;
        faults.push(...faultsOfRetirement(device, [...devicePath, 'retired_at'], placements, zones));
        faults.push(...faultsOfMeter(group(device, 'meter'), [...devicePath, 'meter'], placements, zones));
      }
    }
  }
  return faults;
}

function duplicate(seen: Set<string>, id: string | undefined, path: Path, kind: string): ManifestFault[] {
  if (id === undefined) return [];
  if (seen.has(id)) return [{ path, words: `there is another ${kind} with the id '${id}'. Give one of them another.` }];
  seen.add(id);
  return [];
}

/** What is wrong with a device's placements, and those that can be made sense of. */
function placementsOf(
  list: readonly unknown[],
  path: Path,
  zones: Zones,
): { faults: ManifestFault[]; placements: Placement[] } {
  const faults: ManifestFault[] = [];
  const placements: Placement[] = [];
  let before: number | undefined;
  for (const [index, placement] of list.entries()) {
    const site = word(placement, 'site');
    const text = word(placement, 'from');
    const here = [...path, index];
    if (site !== undefined && !zones.has(site)) {
      faults.push({
        path: [...here, 'site'],
        words: `there is no site '${site}' in this file. Add it, or correct its id.`,
      });
    }
    if (text === undefined) {
      if (index > 0 && isMissing(placement, 'from')) {
        faults.push({ path: here, words: 'from is missing. Say since when the device is here, such as 2025-09-15.' });
      }
      before ??= EARLIEST_PLACEMENT;
      if (index === 0 && site !== undefined) placements.push({ site, from: EARLIEST_PLACEMENT });
      continue;
    }
    const from = parseInstant(text, zones.get(site ?? '') ?? 'UTC');
    if (from === undefined) {
      faults.push({ path: [...here, 'from'], words: NO_DATE });
      continue;
    }
    if (site !== undefined) placements.push({ site, from });
    for (const words of placementTimeFaults('', from, before)) faults.push({ path: [...here, 'from'], words });
    before = from;
  }
  return { faults, placements };
}

function always(site: string): Placement[] {
  return [{ site, from: EARLIEST_PLACEMENT }];
}

function faultsOfRetirement(
  entry: unknown,
  path: Path,
  placements: readonly Placement[],
  zones: Zones,
): ManifestFault[] {
  const text = word(entry, 'retired_at');
  if (text === undefined) return [];
  const at = parseInstantAt(text, placements, (site) => zones.get(site) ?? 'UTC');
  if (at === undefined) return [{ path, words: NO_DATE }];
  const { retired } = entry as { retired?: boolean };
  return [...instantFaults('', at), ...retirementFaults({ retired, retired_at: at })].map((words) => ({ path, words }));
}

function faultsOfMeter(meter: unknown, path: Path, placements: readonly Placement[], zones: Zones): ManifestFault[] {
  const faults: ManifestFault[] = [];
  const swaps = items(meter, 'swaps').map((swap, index) => {
    const text = word(swap, 'at');
    const at = text === undefined ? undefined : parseInstantAt(text, placements, (site) => zones.get(site) ?? 'UTC');
    if (text !== undefined && at === undefined) faults.push({ path: [...path, 'swaps', index, 'at'], words: NO_DATE });
    return { metric: word(swap, 'metric'), at, last: figure(swap, 'last'), first: figure(swap, 'first') };
  });
  for (const fault of meterFaults({ register_limit: figure(meter, 'register_limit'), swaps })) {
    faults.push({ path: [...path, ...fault.path], words: fault.words });
  }
  return faults;
}
