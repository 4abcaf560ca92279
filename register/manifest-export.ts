/** The register as a manifest: YAML that imports to the same sites, gateways, devices and placements. */
import { stringify } from 'yaml';
import { formatInstantAt } from './device-instant.ts';
import { formatInstant } from './local-instant.ts';
import type { ManifestCity } from './manifest-plan.ts';
import {
  type City,
  type Device,
  EARLIEST_PLACEMENT,
  type Gateway,
  type Meter,
  type Placement,
  type Site,
} from './model.ts';

/** The city's name and zone where the register has none yet. */
const UNNAMED: City = { name: 'City', zone: 'UTC' };

/**
 * Holds no secrets: credentials are not part of it. Devices that were only seen in readings are exported as listed ones,
 * since writing them into a manifest is how they become that.
 */
export function exportManifest(register: ManifestCity): string {
  const city = register.city() ?? UNNAMED;
  const gatewaysOf = (site: string) => byId(register.gateways().filter((gateway) => gateway.site === site));
  const zones = new Map(register.sites().map((site) => [site.id, site.zone]));
  const sites = byId(register.sites()).map((site) => ({
    ...siteFields(site, city.zone),
    gateways: gatewaysOf(site.id).map((gateway) => ({
      ...gatewayFields(gateway, zones),
      devices: byId(register.devices(gateway.id)).map((device) => deviceFields(device, gateway.site, zones)),
    })),
  }));
  const { name, ...fields } = city;
  return stringify({ city: name, ...fields, sites }, { lineWidth: 0 });
}

function siteFields({ zone, retired, id, ...site }: Site, cityZone: string): object {
  return { id, ...site, ...(zone === cityZone ? {} : { zone }), ...(retired === true ? { retired } : {}) };
}

function gatewayFields({ id, name, site, ...entry }: Gateway, zones: ReadonlyMap<string, string>): object {
  return { id, name, ...retiredFields(entry, [{ site, from: EARLIEST_PLACEMENT }], zones) };
}

function retiredFields(
  { retired, retired_at: at }: Pick<Device, 'retired' | 'retired_at'>,
  placements: readonly Placement[],
  zones: ReadonlyMap<string, string>,
): object {
  if (retired !== true) return {};
  if (at === undefined) return { retired };
  return { retired, retired_at: formatInstantAt(at, placements, (site) => zones.get(site) ?? 'UTC') };
}

function deviceFields(device: Device, gatewaySite: string, zones: ReadonlyMap<string, string>): object {
  const { gateway: _, is_new: __, placements, retired, retired_at, meter, ...fields } = device;
  const [first] = placements;
  const isAlwaysHere = placements.length === 1 && first?.site === gatewaySite && first.from === EARLIEST_PLACEMENT;
  const dated = placements.map(({ site, from }) => ({
    site,
    ...(from === EARLIEST_PLACEMENT ? {} : { from: formatInstant(from, zones.get(site) ?? 'UTC') }),
  }));
  return {
    ...fields,
    ...(meter === undefined ? {} : { meter: meterFields(meter, placements, zones) }),
    ...(isAlwaysHere ? {} : { placements: dated }),
    ...retiredFields({ retired, retired_at }, placements, zones),
  };
}

function meterFields(
  { swaps, ...meter }: Meter,
  placements: readonly Placement[],
  zones: ReadonlyMap<string, string>,
): object {
  if (swaps === undefined) return meter;
  const zoneOf = (site: string) => zones.get(site) ?? 'UTC';
  return { ...meter, swaps: swaps.map((swap) => ({ ...swap, at: formatInstantAt(swap.at, placements, zoneOf) })) };
}

function byId<T extends { readonly id: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((one, other) => (one.id < other.id ? -1 : 1));
}
