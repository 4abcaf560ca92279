/** The air of the city: stations outdoors, and rooms with the stalest air first. */
import { airBandOf } from '../../../contract/air-bands.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import { type AirReply, airReply } from '../replies-city.ts';
import type { DeviceNow } from './city-now.ts';
import type { CityView } from './city-view.ts';
import { ageS, isStale, symbolOf } from './figures.ts';
import { isRoom, roomRow } from './sites-route.ts';

type Station = AirReply['stations'][number];

export function airRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  app.get(
    '/api/air',
    {
      schema: {
        summary: 'Air stations and rooms',
        description: 'Bands of stations by the US EPA air quality index, of rooms by EN 16798-1; see docs/energy.md.',
        tags: ['city'],
        response: { 200: airReply },
      },
    },
    async () => {
      const [city, findings] = await Promise.all([view.now.get(), view.findings.get()]);
      const now = deps.clock.now();
      const sites = deps.register.sites().filter((site) => site.retired !== true);
      const sinceByRoom = new Map(
        findings.all.flatMap(({ kind, gateway, device, since }) =>
          kind === 'high-co2' && since !== null ? [[`${gateway}/${device}`, since] as const] : [],
        ),
      );
      const rooms = sites
        .filter(({ kind }) => kind === 'building')
        .flatMap(({ id }) =>
          (city.bySite.get(id) ?? [])
            .filter(({ values }) => isRoom(values))
            .map((device) => {
              const { co2_band: band, ...room } = roomRow(device, city.at);
              const since = sinceByRoom.get(`${device.gateway}/${device.device}`);
              const isOld =
                room.age_s === null || [...device.values.values()].every((one) => isStale(device, one, city.at));
              return { row: { site: id, ...room, band, since: since === undefined ? null : isoTime(since) }, isOld };
            }),
        )
        // A room of which nothing is heard now is no worse than any other.
        .sort(
          (one, other) =>
            Number(one.isOld) - Number(other.isOld) || (other.row.co2_ppm ?? -1) - (one.row.co2_ppm ?? -1),
        );
      return {
        at: isoTime(now),
        at_ms: now,
        store_fault: city.fault,
        stations: sites
          .filter(({ kind }) => kind === 'station')
          .map(({ id, name, latitude, longitude }) => ({
            site: id,
            name,
            latitude: latitude ?? null,
            longitude: longitude ?? null,
            ...stationAir(city.bySite.get(id) ?? [], city.at),
          })),
        rooms: rooms.map(({ row }) => row),
      };
    },
  );
}

function stationAir(
  devices: readonly DeviceNow[],
  now: number,
): Pick<Station, 'values' | 'band' | 'gateway' | 'device'> {
  let worst: { id: string; rank: number } | undefined;
  const values = devices.flatMap((device) =>
    [...device.values].map(([metric, { value, time }]) => {
      const band = airBandOf(metric, value);
      const counts = band !== undefined && !isStale(device, { value, time }, now);
      if (counts && (worst === undefined || band.rank > worst.rank)) worst = band;
      return {
        gateway: device.gateway,
        device: device.device,
        metric,
        value,
        unit: symbolOf(metric),
        band: band?.id ?? null,
        age_s: ageS(time, now),
      };
    }),
  );
  const [first] = devices;
  return {
    values,
    band: worst?.id ?? null,
    ...(first === undefined ? {} : { gateway: first.gateway, device: first.device }),
  };
}
