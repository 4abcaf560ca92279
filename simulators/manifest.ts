/** The simulated city as entries of the register. */
import type { Device, Gateway, Schedule, Site } from '../register/model.ts';
import type { BuildingSite, SimulatedCity, SimulatedSite } from './city.ts';
import { devicesOf, gatewayOf } from './simulated-devices.ts';
import { type BuildingUseName, type Hours, USES } from './uses.ts';

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
    devices: devicesOf(city).map(({ gateway, id, name, kind, intervalMs, nominalW, site, meter }) => ({
      gateway,
      id,
      name,
      kind,
      interval_s: intervalMs / 1_000,
      ...(nominalW === undefined ? {} : { nominal_w: nominalW }),
      ...(meter === undefined ? {} : { meter }),
      placements: [{ site, from: 0 }],
      is_new: false,
    })),
  };
}

function siteOf(site: SimulatedSite, zone: string): Site {
  const { id, name, kind, address, latitude, longitude } = site;
  const building = site.kind === 'building' ? buildingOf(site) : {};
  return { id, name, kind, ...building, latitude, longitude, address, zone };
}

function buildingOf({ use, floorAreaM2, contractKw, budgetKwh }: BuildingSite) {
  const planned = { contract_demand_kw: contractKw, budget_kwh: budgetKwh };
  return { use, floor_area_m2: floorAreaM2, ...scheduleOf(use), ...planned };
}

/** The widest hours of the week; none where it never closes. */
function scheduleOf(use: BuildingUseName): { readonly schedule?: Schedule } {
  const { weekday, saturday, sunday } = USES[use];
  const week: readonly Hours[] = [sunday, weekday, weekday, weekday, weekday, weekday, saturday];
  const days = week.flatMap((hours, day) => (hours === undefined ? [] : [day]));
  const hours = week.filter((one) => one !== undefined);
  const open = Math.min(...hours.map(([opens]) => opens));
  const close = Math.max(...hours.map(([, closes]) => closes));
  return close - open >= 24 ? {} : { schedule: { days, open: civilTime(open), close: civilTime(close) } };
}

function civilTime(hour: number): string {
  const minutes = Math.round(hour * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
