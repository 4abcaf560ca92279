/** The manifest's nested lists as entries of the register. */
import { LamplighterError } from '../contract/error-codes.ts';
import type { Change } from './change.ts';
import { parseInstantAt } from './device-instant.ts';
import { parseInstant } from './local-instant.ts';
import type { Manifest, ManifestDevice, ManifestSite } from './manifest.ts';
import { type City, type Device, EARLIEST_PLACEMENT, type Meter, type Placement } from './model.ts';

type Entry = Exclude<Change, { kind: 'credential' | 'no-credential' | 'decision' }>;

/** City, sites, gateways, devices, in this order. `retired: false` is written as its absence where that is the model's way. */
export function entriesOf(manifest: Manifest): Entry[] {
  const origin = 'manifest';
  const zones = new Map(manifest.sites.map((site) => [site.id, site.zone ?? manifest.zone]));
  const sites: Entry[] = [];
  const gateways: Entry[] = [];
  const devices: Entry[] = [];
  for (const site of manifest.sites) {
    sites.push({ kind: 'site', value: siteOf(site, manifest.zone), origin });
    for (const { devices: its, ...gateway } of site.gateways) {
      const { id, name = id, retired = false, retired_at } = gateway;
      const at = retiredAt(retired_at, [{ site: site.id, from: EARLIEST_PLACEMENT }], zones);
      gateways.push({ kind: 'gateway', value: { id, name, site: site.id, retired, ...at }, origin });
      for (const device of its) devices.push({ kind: 'device', value: deviceOf(device, id, site.id, zones), origin });
    }
  }
  const city: Entry = { kind: 'city', value: cityOf(manifest), origin };
  return [city, ...sites, ...gateways, ...devices];
}

function cityOf({ city: name, sites: _, ...fields }: Manifest): City {
  return { name, ...fields };
}

function siteOf({ gateways: _, retired, ...site }: ManifestSite, cityZone: string) {
  return { ...site, zone: site.zone ?? cityZone, ...(retired === true ? { retired } : {}) };
}

function deviceOf(
  { retired, retired_at, name, placements, meter, ...device }: ManifestDevice,
  gateway: string,
  site: string,
  zones: ReadonlyMap<string, string>,
): Device {
  const placed = (placements ?? [{ site }]).map((placement) => placementOf(placement, zones));
  const counts = meterOf(meter ?? {}, placed, zones);
  return {
    gateway,
    ...device,
    name: name ?? device.id,
    ...(Object.keys(counts).length > 0 ? { meter: counts } : {}),
    placements: placed,
    is_new: false,
    ...(retired === true ? { retired } : {}),
    ...retiredAt(retired_at, placed, zones),
  };
}

function retiredAt(
  text: string | undefined,
  placements: readonly Placement[],
  zones: ReadonlyMap<string, string>,
): { retired_at?: number } {
  if (text === undefined) return {};
  const at = parseInstantAt(text, placements, (site) => zones.get(site) ?? 'UTC');
  if (at === undefined) throw new LamplighterError('bad-request', `retired_at: '${text}' is not a date.`);
  return { retired_at: at };
}

function meterOf(
  { swaps, ...meter }: NonNullable<ManifestDevice['meter']>,
  placements: readonly Placement[],
  zones: ReadonlyMap<string, string>,
): Meter {
  if (swaps === undefined || swaps.length === 0) return meter;
  const dated = swaps.map(({ metric, at: text, ...readings }) => {
    const at = parseInstantAt(text, placements, (site) => zones.get(site) ?? 'UTC');
    if (at === undefined) throw new LamplighterError('bad-request', `meter.swaps.at: '${text}' is not a date.`);
    return { metric, at, ...readings };
  });
  return { ...meter, swaps: dated };
}

function placementOf(
  { site, from }: { site: string; from?: string | undefined },
  zones: ReadonlyMap<string, string>,
): Placement {
  if (from === undefined) return { site, from: EARLIEST_PLACEMENT };
  const instant = parseInstant(from, zones.get(site) ?? 'UTC');
  if (instant === undefined) throw new LamplighterError('bad-request', `placements.from: '${from}' is not a date.`);
  return { site, from: instant };
}
