/** Air and climate: is the air good to breathe, outdoors and in our rooms, and where not? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { AIR_BANDS, CO2_LIMIT_PPM } from '../../contract/air-bands.ts';
import { board } from '../board.ts';
import { lines, stat, states, table } from '../panels.ts';
import { gauge } from '../queries.ts';
import { bandSteps, MEASURED, stepsUp } from '../thresholds.ts';
import { AIRED_BUILDINGS, STATIONS } from '../variables.ts';

const NO_STATION = 'No air station measured this in this time';
const NO_ROOM = 'No room sensor measured this in this time';
const AQI =
  'Bands of the US EPA air quality index (May 2024); they are made for means of a day, so a single value only says how such a day would be called.';

const BUILDING = { title: 'Open the building', board: 'lamplighter-building' };

interface Pollutant {
  readonly metric: string;
  readonly name: string;
  readonly unit: string;
}

const POLLUTANTS: readonly Pollutant[] = [
  { metric: 'pm2_5_ug_per_m3', name: 'PM2.5', unit: 'conμgm3' },
  { metric: 'no2_ppb', name: 'NO₂', unit: 'conppb' },
  { metric: 'o3_ppb', name: 'Ozone', unit: 'conppb' },
];

/** End of the best band. */
function goodUpTo(metric: string): number {
  return AIR_BANDS[metric]?.[0]?.most ?? 0;
}

/** Worst station, in each step of time. */
const worst = (metric: string) =>
  `SELECT max("mean") FROM "environment" WHERE ${gauge(metric, 'station')} GROUP BY time($__interval) fill(none)`;

const overStations = (metric: string, title: string, description: string, unit: string, decimals: number) =>
  lines({
    title,
    description,
    unit,
    decimals,
    noData: NO_STATION,
    span: 8,
    height: 8,
    queries: (['max', 'mean', 'min'] as const).map((figure) => ({
      from: 'quarters',
      text: `SELECT ${figure}("mean") FROM "environment" WHERE ${gauge(metric, 'station')} GROUP BY time($__interval) fill(none)`,
      alias: { max: 'Highest', mean: 'Mean', min: 'Lowest' }[figure],
    })),
  });

export function airBoard(zone: string): Dashboard {
  return board({
    uid: 'lamplighter-air',
    title: 'Air and climate',
    question: 'Is the air good to breathe, outdoors and in our rooms, and where is it not?',
    time: { from: 'now-2d', to: 'now' },
    refresh: '1m',
    zone,
    variables: [STATIONS, AIRED_BUILDINGS],
    rows: [
      { title: 'Now', panels: now() },
      { title: 'Outdoors', panels: outdoors() },
      { title: 'Rooms', panels: rooms() },
    ],
  });
}

function now() {
  const small = { span: 4, height: 4, noData: NO_STATION, timeFrom: '3h' } as const;
  return [
    ...POLLUTANTS.map(({ metric, name, unit }) =>
      stat({
        ...small,
        title: `Worst ${name}`,
        description: `Highest quarter-hour mean of a station now. ${AQI}`,
        unit,
        decimals: 1,
        steps: bandSteps(metric),
        queries: [{ from: 'quarters', text: worst(metric), alias: name }],
      }),
    ),
    stat({
      ...small,
      title: 'Temperature outdoors',
      description: 'Mean over the chosen stations in the last quarter hour that is rolled up.',
      unit: 'celsius',
      decimals: 1,
      queries: [
        {
          from: 'quarters',
          text: `SELECT mean("mean") FROM "environment" WHERE ${gauge('temperature_c', 'station')} GROUP BY time($__interval) fill(none)`,
          alias: 'Temperature',
        },
      ],
    }),
    stat({
      ...small,
      title: 'Worst room',
      description:
        'Highest quarter-hour mean of CO₂ in a room now, in the classes of EN 16798-1:2019 above 420 ppm outdoors: from 1,220 ppm on air the room.',
      unit: 'ppm',
      decimals: 0,
      noData: NO_ROOM,
      steps: bandSteps('co2_ppm'),
      queries: [
        {
          from: 'quarters',
          text: `SELECT max("mean") FROM "environment" WHERE ${gauge('co2_ppm', 'building')} GROUP BY time($__interval) fill(none)`,
          alias: 'CO₂',
        },
      ],
    }),
    stat({
      ...small,
      title: 'Measured',
      description: 'How much of the last hours the stations measured, over all that said anything in them.',
      unit: 'percent',
      decimals: 0,
      steps: MEASURED,
      queries: [
        {
          from: 'quarters',
          text: `SELECT mean("coverage") FROM "environment" WHERE ${gauge('pm2_5_ug_per_m3', 'station')}`,
          alias: 'Measured',
        },
      ],
    }),
  ];
}

function outdoors() {
  return [
    ...POLLUTANTS.map(({ metric, name, unit }) =>
      states({
        title: `${name} at each station`,
        description: `A row for each station, quarter-hour means. ${AQI}`,
        unit,
        decimals: 1,
        noData: NO_STATION,
        span: 8,
        height: 8,
        steps: bandSteps(metric),
        queries: [
          {
            from: 'quarters',
            text: `SELECT mean("mean") FROM "environment" WHERE ${gauge(metric, 'station')} GROUP BY time($__interval), "site" fill(none)`,
            alias: '$tag_site',
          },
        ],
      }),
    ),
    overStations(
      'pm2_5_ug_per_m3',
      'PM2.5',
      'Highest, mean and lowest of the chosen stations, quarter-hour means.',
      'conμgm3',
      1,
    ),
    overStations('temperature_c', 'Temperature', 'Warmest, mean and coolest of the chosen stations.', 'celsius', 1),
    overStations(
      'humidity_percent',
      'Relative humidity',
      'Most humid, mean and driest of the chosen stations.',
      'humidity',
      0,
    ),
    table({
      title: 'Hours above good',
      description: `Hours in which the quarter-hour mean of PM2.5 was above ${goodUpTo('pm2_5_ug_per_m3')} µg/m³, where the band “good” ends, by station, the most first.`,
      unit: 'h',
      decimals: 1,
      noData: 'No station was above the band “good” in this time',
      span: 24,
      height: 6,
      most: 'Hours',
      rename: { site: 'Station' },
      columns: { Hours: { steps: stepsUp(1, 24) }, Highest: { unit: 'conμgm3', steps: bandSteps('pm2_5_ug_per_m3') } },
      queries: [
        {
          from: 'quarters',
          text: `SELECT count("mean") / 4 AS "Hours", max("mean") AS "Highest" FROM "environment" WHERE ${gauge('pm2_5_ug_per_m3', 'station')} AND "mean" > ${goodUpTo('pm2_5_ug_per_m3')} GROUP BY "site"`,
          format: 'table',
        },
      ],
    }),
  ];
}

function rooms() {
  return [
    table({
      title: 'Rooms that need air',
      description: `Hours in which the quarter-hour mean of CO₂ was above ${CO2_LIMIT_PPM.toLocaleString('en')} ppm (worse than class III of EN 16798-1), the highest mean, and the mean of the time shown, by room, the most first. A click opens the building.`,
      unit: 'none',
      decimals: 0,
      noData: `No room was above ${CO2_LIMIT_PPM.toLocaleString('en')} ppm in this time`,
      span: 12,
      height: 9,
      most: 'Hours',
      rename: { site: 'Building', device: 'Sensor' },
      columns: {
        Building: { link: { ...BUILDING, site: '__value.raw' } },
        Hours: { unit: 'h', decimals: 1, steps: stepsUp(1, 4) },
        Highest: { unit: 'ppm', steps: bandSteps('co2_ppm') },
      },
      queries: [
        {
          from: 'quarters',
          text: `SELECT count("mean") / 4 AS "Hours", max("mean") AS "Highest" FROM "environment" WHERE ${gauge('co2_ppm', 'building')} AND "mean" > ${CO2_LIMIT_PPM} GROUP BY "site", "device"`,
          format: 'table',
        },
      ],
    }),
    lines({
      title: 'CO₂ in rooms',
      description: 'Worst room and mean of all rooms of the chosen buildings, quarter-hour means.',
      unit: 'ppm',
      decimals: 0,
      noData: NO_ROOM,
      span: 12,
      height: 9,
      queries: (['max', 'mean'] as const).map((figure) => ({
        from: 'quarters',
        text: `SELECT ${figure}("mean") FROM "environment" WHERE ${gauge('co2_ppm', 'building')} GROUP BY time($__interval) fill(none)`,
        alias: figure === 'max' ? 'Worst room' : 'Mean',
      })),
    }),
    lines({
      title: 'Room temperature',
      description: 'Warmest, mean and coolest room of the chosen buildings, quarter-hour means.',
      unit: 'celsius',
      decimals: 1,
      noData: NO_ROOM,
      span: 12,
      height: 8,
      queries: (['max', 'mean', 'min'] as const).map((figure) => ({
        from: 'quarters',
        text: `SELECT ${figure}("mean") FROM "environment" WHERE ${gauge('temperature_c', 'building')} GROUP BY time($__interval) fill(none)`,
        alias: { max: 'Warmest', mean: 'Mean', min: 'Coolest' }[figure],
      })),
    }),
    lines({
      title: 'Room humidity',
      description: 'Most humid, mean and driest room of the chosen buildings, quarter-hour means.',
      unit: 'humidity',
      decimals: 0,
      noData: NO_ROOM,
      span: 12,
      height: 8,
      queries: (['max', 'mean', 'min'] as const).map((figure) => ({
        from: 'quarters',
        text: `SELECT ${figure}("mean") FROM "environment" WHERE ${gauge('humidity_percent', 'building')} GROUP BY time($__interval) fill(none)`,
        alias: { max: 'Most humid', mean: 'Mean', min: 'Driest' }[figure],
      })),
    }),
  ];
}
