/** The simulated city as entries of the register. */
import type { Device, Gateway, Site } from '../register/model.ts';
import type { SimulatedCity, SimulatedSite } from './city.ts';
import { devicesOf, gatewayOf } from './simulated-devices.ts';

export interface CityEntries {
  readonly sites: readonly Site[];
  readonly gateways: readonly Gateway[];
  readonly devices: readonly Device[];
}

/** In an order in which they can be written: each list refers to the ones before it. */
export function entriesOf(city: SimulatedCity): CityEntries {
  return {
    sites: city.sites.map((site) => siteOf(site, city.zone)),
    gateways: city.sites.map(({ id, name }) => ({
      id: gatewayOf(id),
      name: `Gateway, ${name}`,
      site: id,
      retired: false,
    })),
    devices: devicesOf(city).map(({ gateway, id, name, kind, intervalMs, site }) => ({
      gateway,
      id,
      name,
      kind,
      interval_s: intervalMs / 1_000,
      placements: [{ site, from: 0 }],
      is_new: false,
    })),
  };
}

function siteOf(site: SimulatedSite, zone: string): Site {
  const { id, name, kind, address, latitude, longitude } = site;
  const building = site.kind === 'building' ? { use: site.use, floor_area_m2: site.floorAreaM2 } : {};
  return { id, name, kind, ...building, latitude, longitude, address, zone };
}
