/** Air in rooms and at stations, from quarter-hour rows. Each throws StoreFailure. */
import type { RoomInput } from '../../energy/findings/finding.ts';
import { isStaleThroughout, ROOM_READ_MS, STALE_ROOM_READ_MS } from '../../energy/findings/high-co2.ts';
import { nameOf } from '../../energy/rollup/device-facts.ts';
import type { Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { StationInput } from '../alert-inputs.ts';
import type { LatestCity, LatestDevice } from './latest-city.ts';
import { gaugeQuarters } from './rolled-up.ts';

const STATION_MS = 4 * 3_600_000;

type Store = Pick<RollUpStore, 'rollUps' | 'meterEvents'>;

export async function roomInputs(
  store: Store,
  register: RegisterView,
  latest: LatestCity,
  now: number,
): Promise<RoomInput[]> {
  const devices = devicesWith(register, latest, 'building', 'co2_ppm');
  const lately = await gaugeQuarters(store, 'co2_ppm', devices, now, ROOM_READ_MS);
  const stale = devices.filter((device) => {
    const co2 = lately.get(nameOf(device));
    return co2 !== undefined && isStaleThroughout(co2);
  });
  const longer = await gaugeQuarters(store, 'co2_ppm', stale, now, STALE_ROOM_READ_MS);
  return devices.flatMap((device) => {
    const co2 = longer.get(nameOf(device)) ?? lately.get(nameOf(device));
    return co2 === undefined ? [] : [{ ...placeOf(register, device), co2 }];
  });
}

export async function stationInputs(
  store: Store,
  register: RegisterView,
  latest: LatestCity,
  now: number,
): Promise<StationInput[]> {
  const devices = devicesWith(register, latest, 'station', 'pm2_5_ug_per_m3');
  const series = await gaugeQuarters(store, 'pm2_5_ug_per_m3', devices, now, STATION_MS);
  return devices.flatMap((device) => {
    const particles = series.get(nameOf(device));
    return particles === undefined ? [] : [{ ...placeOf(register, device), particles }];
  });
}

function devicesWith(register: RegisterView, latest: LatestCity, kind: Site['kind'], metric: string): LatestDevice[] {
  const sites = register.sites().filter((site) => site.kind === kind && site.retired !== true);
  return sites.flatMap(({ id }) => (latest.bySite.get(id) ?? []).filter(({ metrics }) => metrics.has(metric)));
}

function placeOf(register: RegisterView, { site, gateway, device, name }: LatestDevice) {
  const listed = register.site(site);
  return { site, siteName: listed?.name ?? site, zone: listed?.zone ?? 'UTC', gateway, device, name };
}
