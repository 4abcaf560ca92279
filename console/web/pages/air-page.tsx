/** Air outdoors by station, indoors by room, the worst first. */
import { useMemo } from 'preact/hooks';
import { AirChart, type AirChoice } from '../air/air-chart.tsx';
import { bandOf, bandsOf, CO2_BANDS } from '../air-bands.ts';
import { BandBadge } from '../band-badge.tsx';
import type { AirReply, AirRoomRow, StationRow } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatAge, formatNumber, formatValue, labelOf, unitOf } from '../formatters.ts';
import { CityMap } from '../map/city-map.tsx';
import type { MapPlace } from '../map/map-marker.tsx';
import { setQuery, usePlace } from '../router.ts';
import { Fault, SkeletonRows } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';
import { zonedMoment, zoneShort } from '../zoned-time.ts';

const NONE: never[] = [];
/** Beside PM2.5; the others are one choice away in the chart. */
const ALSO_SHOWN = ['pm10_ug_per_m3', 'no2_ppb', 'o3_ppb', 'temperature_c'];
/** Three intervals of the slowest stations, which report every five minutes. */
const OLD_S = 900;
const KEY = [
  { label: 'good', swatch: 'air band-good' },
  { label: 'moderate', swatch: 'air band-fair' },
  { label: 'sensitive groups', swatch: 'air band-warn' },
  { label: 'unhealthy', swatch: 'air band-bad' },
] as const;

export function AirPage({ city }: { readonly city: City }) {
  const asked = useAsked<AirReply>('/api/air', { everyMs: 15_000, newsMs: 5_000 });
  const { reply } = asked;
  const { query } = usePlace();
  const stations = reply?.stations ?? NONE;
  const rooms = reply?.rooms ?? NONE;
  const places = useMemo(() => stationPlaces(stations), [stations]);
  const metric = query.get('metric') ?? 'pm2_5_ug_per_m3';
  const metrics = [...new Set(stations.flatMap((station) => station.values.map((value) => value.metric)))];
  const station = stations.find(({ site }) => site === query.get('station')) ?? stations[0];
  const room = rooms.find((one) => `${one.site}/${one.device}` === query.get('room')) ?? rooms[0];
  return (
    <>
      <div class="page-head">
        <h1>Air</h1>
        <p class="note">
          {reply === undefined
            ? 'Reading stations and rooms…'
            : `As of ${zonedMoment(reply.at_ms ?? Date.parse(reply.at), city.zone, city.now())} ${zoneShort(city.zone, city.now())}, local time`}
        </p>
      </div>
      <Fault words={asked.fault} onAgain={asked.again} />
      <div class="split">
        <section class="card" aria-labelledby="stations-title">
          <div class="card-head">
            <h2 id="stations-title">Outdoors</h2>
          </div>
          {reply === undefined ? (
            <SkeletonRows count={6} />
          ) : stations.length === 0 ? (
            <p class="empty">No air station yet. A device with PM2.5, NO₂ or O₃ at a site shows up here.</p>
          ) : (
            <ul class="stations">
              {stations.map((one) => (
                <Station key={one.site} station={one} isChosen={one === station} />
              ))}
            </ul>
          )}
          <p class="hint">
            Bands: US EPA air quality index for PM2.5, breakpoints since 6 May 2024 (9.0, 35.4, 55.4, 125.4, 225.4
            µg/m³). The index is made for the mean of a day; a value of this moment says how a day like it would be
            called.
          </p>
        </section>
        <section class="card flush" aria-labelledby="air-map-title">
          <h2 id="air-map-title" class="visually-hidden">
            Map of the stations
          </h2>
          <CityMap label="Map of the stations" places={places} isLoading={asked.isLoading} key_={KEY} />
        </section>
      </div>
      {station === undefined ? null : (
        <AirChart
          city={city}
          id="station-chart"
          choice={stationChoice(station, metric)}
          bands={bandsOf(metric)}
          isCompared
        >
          <label>
            <span>Value</span>
            <select value={metric} onChange={(event) => setQuery('metric', event.currentTarget.value)}>
              {metrics.map((one) => (
                <option key={one} value={one}>
                  {labelOf(one)} ({unitOf(one)})
                </option>
              ))}
            </select>
          </label>
        </AirChart>
      )}
      <section class="card" aria-labelledby="rooms-title">
        <div class="card-head">
          <h2 id="rooms-title">Rooms, worst first</h2>
        </div>
        {reply === undefined ? (
          <SkeletonRows count={6} />
        ) : rooms.length === 0 ? (
          <p class="empty">No room reports CO₂ yet.</p>
        ) : (
          <Rooms rooms={rooms} chosen={room} city={city} />
        )}
        <p class="hint">Bands: EN 16798-1:2019, classes I to III above 420 ppm outdoors: 970, 1,220 and 1,770 ppm.</p>
      </section>
      {room === undefined ? null : (
        <AirChart city={city} id="room-chart" choice={roomChoice(room, city)} bands={CO2_BANDS} />
      )}
    </>
  );
}

function Station({ station, isChosen }: { readonly station: StationRow; readonly isChosen: boolean }) {
  const particles = station.values.find(({ metric }) => metric === 'pm2_5_ug_per_m3');
  const others = station.values.filter(({ metric }) => ALSO_SHOWN.includes(metric));
  const age = station.values.length === 0 ? undefined : Math.min(...station.values.map((value) => value.age_s));
  return (
    <li>
      <button
        type="button"
        class={`station${isChosen ? ' chosen' : ''}${age !== undefined && age > OLD_S ? ' old' : ''}`}
        aria-pressed={isChosen}
        data-station={station.site}
        onClick={() => setQuery('station', station.site)}
      >
        <span class="station-name">{station.name}</span>
        <BandBadge band={bandOf('pm2_5_ug_per_m3', station.band)} />
        <span class="station-value">
          <span class="number">{particles === undefined ? '–' : formatValue(particles.metric, particles.value)}</span>{' '}
          <span class="unit">µg/m³ PM2.5</span>
        </span>
        <span class="note">
          {others
            .map((value) => `${labelOf(value.metric)} ${formatValue(value.metric, value.value)} ${value.unit}`)
            .join(' · ')}
          {age === undefined ? 'no value yet' : ` · ${formatAge(age)} ago${age > OLD_S ? ', late' : ''}`}
        </span>
      </button>
    </li>
  );
}

function Rooms(props: {
  readonly rooms: readonly AirRoomRow[];
  readonly chosen: AirRoomRow | undefined;
  readonly city: City;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="scroll" tabIndex={0} aria-label="Table of the rooms">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Room</th>
            <th scope="col" class="right">
              CO₂
            </th>
            <th scope="col">Band</th>
            <th scope="col" class="right">
              A problem for
            </th>
            <th scope="col" class="right">
              Temperature
            </th>
            <th scope="col" class="right">
              Humidity
            </th>
            <th scope="col">
              <span class="visually-hidden">Curve</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rooms.map((room) => (
            <tr key={`${room.site}/${room.device}`} class={room === props.chosen ? 'chosen' : ''}>
              <td class="lead">
                <a href={`/sites/${room.site}?room=${encodeURIComponent(`${room.gateway}/${room.device}`)}#rooms`}>
                  {room.name}
                </a>
                <span class="under">{props.city.siteName(room.site) ?? room.site}</span>
              </td>
              <td class="right strong" data-label="CO₂">
                <span>
                  {formatNumber(room.co2_ppm)} <span class="unit">ppm</span>
                </span>
              </td>
              <td class="state">
                <BandBadge band={bandOf('co2_ppm', room.band)} />
              </td>
              <td class="right" data-label="Since">
                <span>
                  {room.since === null ? '–' : formatAge((props.city.now() - Date.parse(room.since)) / 1_000)}
                </span>
              </td>
              <td class="right" data-label="Temperature">
                <span>
                  {formatNumber(room.temperature_c, 1)} <span class="unit">°C</span>
                </span>
              </td>
              <td class="right" data-label="Humidity">
                <span>
                  {formatNumber(room.humidity_percent)} <span class="unit">%</span>
                </span>
              </td>
              <td class="right row-button">
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Curve of ${room.name}`}
                  onClick={() => setQuery('room', `${room.site}/${room.device}`)}
                >
                  Curve
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function stationChoice(station: StationRow, metric: string): AirChoice {
  const value = station.values.find((one) => one.metric === metric);
  return {
    title: `${station.name}: ${labelOf(metric)}`,
    metric,
    site: station.site,
    gateway: value?.gateway ?? station.gateway,
    device: value?.device ?? station.device,
  };
}

function roomChoice(room: AirRoomRow, city: City): AirChoice {
  return {
    title: `${room.name}, ${city.siteName(room.site) ?? room.site}: CO₂`,
    metric: 'co2_ppm',
    site: room.site,
    gateway: room.gateway,
    device: room.device,
  };
}

function stationPlaces(stations: readonly StationRow[]): MapPlace[] {
  return stations.flatMap((station) => {
    const { latitude, longitude } = station;
    if (latitude === null || longitude === null) return [];
    const band = bandOf('pm2_5_ug_per_m3', station.band);
    const particles = station.values.find(({ metric }) => metric === 'pm2_5_ug_per_m3');
    return [
      {
        id: station.site,
        name: station.name,
        href: `/air?station=${station.site}`,
        latitude,
        longitude,
        shape: 'air' as const,
        tone: `band-${band?.tone ?? 'none'}`,
        severity: null,
        radius: 9,
        words:
          particles === undefined
            ? 'no PM2.5 value'
            : `${formatNumber(particles.value, 1)} µg/m³ PM2.5, ${band?.label ?? ''}`,
      },
    ];
  });
}
