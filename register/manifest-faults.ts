/**
 * Faults of a manifest between its entries. Reads a value whose shape may still be wrong, so it trusts nothing:
 * what has the wrong shape is passed over here and told by the schema.
 */

import { placementTimeFaults } from './change.ts';
import { parseInstant } from './local-instant.ts';

export interface ManifestFault {
  readonly path: readonly (string | number)[];
  readonly words: string;
}

type Loose = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** `gatewayIdFaults` says what is wrong with a gateway's id beside its form. */
export function manifestFaults(manifest: unknown, gatewayIdFaults: (id: string) => readonly string[]): ManifestFault[] {
  const faults: ManifestFault[] = [];
  const sites = items(manifest, 'sites');
  const cityZone = word(manifest, 'zone');
  const zones = new Map<string, string | undefined>();
  for (const site of sites) zones.set(word(site, 'id') ?? '', word(site, 'zone') ?? cityZone);

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
      const deviceIds = new Set<string>();
      for (const [d, device] of items(gateway, 'devices').entries()) {
        const devicePath = [...path, 'devices', d];
        faults.push(...duplicate(deviceIds, word(device, 'id'), [...devicePath, 'id'], 'device of this gateway'));
        faults.push(...placementFaults(items(device, 'placements'), [...devicePath, 'placements'], zones));
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

function placementFaults(
  placements: readonly unknown[],
  path: Path,
  zones: ReadonlyMap<string, string | undefined>,
): ManifestFault[] {
  const faults: ManifestFault[] = [];
  let before: number | undefined;
  for (const [index, placement] of placements.entries()) {
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
      before ??= 0;
      continue;
    }
    const from = instant(text, site === undefined ? undefined : zones.get(site));
    if (from === undefined) {
      faults.push({
        path: [...here, 'from'],
        words: 'is not a date or time. Write 2025-09-15, 2025-09-15T14:00 or 2025-09-15T14:00-04:00.',
      });
      continue;
    }
    for (const words of placementTimeFaults('', from, before)) faults.push({ path: [...here, 'from'], words });
    before = from;
  }
  return faults;
}

/** In UTC when the zone is itself faulty: whether the text is a date does not depend on it. */
function instant(text: string, zone: string | undefined): number | undefined {
  try {
    return parseInstant(text, zone ?? 'UTC');
  } catch (error) {
    if (error instanceof RangeError) return parseInstant(text, 'UTC');
    throw error;
  }
}

function isGroup(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function items(value: unknown, key: string): readonly unknown[] {
  const list = isGroup(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}

function word(value: unknown, key: string): string | undefined {
  const text = isGroup(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : undefined;
}

function isMissing(value: unknown, key: string): boolean {
  return isGroup(value) && value[key] === undefined;
}
