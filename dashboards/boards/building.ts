/** Building: when does one building use energy, how much of it outside its hours of use, and how well was it measured? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { HOUR_NAMES, LOAD_HOURS } from '../../contract/site-figures.ts';
import { board } from '../board.ts';
import { lines, type PanelSpec, stat, states, table } from '../panels.ts';
import { byDay, gauge, measuredOf, ofSites, SITE_DAYS, SITE_QUARTERS } from '../queries.ts';
import { bandSteps, MEASURED, stepsUp } from '../thresholds.ts';
import { BUILDING, GATEWAYS_OF_SITE } from '../variables.ts';

const NOT_YET = 'No rolled-up figures of this building in this time yet';
const NO_METER = 'This building has no meter of this kind';

/** Mean load of the chosen building, kW. */
const LOAD = {
  from: 'quarters',
  text: `SELECT mean("consumption") * 4 FROM ${SITE_QUARTERS} WHERE ${ofSites('load')} GROUP BY time($__interval) fill(none)`,
  alias: 'Load',
} as const;

/** One figure of the days of the chosen building. */
function figure(
  spec: Pick<PanelSpec, 'title' | 'description' | 'unit' | 'decimals' | 'steps'> & { readonly noData?: string },
  text: string,
  from: 'long' | 'quarters' = 'long',
) {
  return stat({
    noData: NOT_YET,
    ...spec,
    span: 3,
    height: 4,
    queries: [{ from, text, alias: spec.title }],
  });
}

export function buildingBoard(zone: string): Dashboard {
  return board({
    uid: 'lamplighter-building',
    title: 'Building',
    question:
      'When does this building use energy, how much of it outside its hours of use, and how well was it measured?',
    time: { from: 'now-7d', to: 'now' },
    refresh: '1m',
    zone,
    variables: [BUILDING, GATEWAYS_OF_SITE],
    rows: [
      { title: 'At a glance', panels: glance() },
      { title: 'Load', panels: loads(zone) },
      { title: 'Other carriers', panels: carriers(zone) },
      { title: 'Indoor air and meters', panels: airAndMeters() },
    ],
  });
}

function glance() {
  const peak = `SELECT max("peak") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_peak" = 1`;
  return [
    figure(
      {
        title: 'Electricity',
        description: 'Taken from the grid on the civil days of the time shown.',
        unit: 'kwatth',
        decimals: 0,
      },
      `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')}`,
    ),
    figure(
      {
        title: 'Peak',
        description:
          'Highest demand of a clock-aligned quarter hour, as utilities bill it. One that was not wholly measured cannot be the peak.',
        unit: 'kwatt',
        decimals: 1,
      },
      peak,
    ),
    figure(
      {
        title: 'When the peak was',
        description: 'Beginning of the quarter hour of the peak, in the time zone of the board.',
        unit: 'dateTimeAsLocal',
      },
      `SELECT "peak_at" FROM (SELECT max("peak"), "peak_at" FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_peak" = 1) WHERE $timeFilter`,
    ),
    figure(
      {
        title: 'Load factor',
        description:
          'Mean load of the quarter hours that were wholly measured, as a share of the highest: near 100 % an even load, near 20 % short peaks that a demand charge makes dear.',
        unit: 'percentunit',
        decimals: 0,
      },
      `SELECT mean("consumption") / max("consumption") FROM ${SITE_QUARTERS} WHERE ${ofSites('load')} AND "coverage" >= 100`,
      'quarters',
    ),
    figure(
      {
        title: 'Base load',
        description:
          'What the building takes when it is least in use (docs/analytics.md): mean of the days shown. It runs all year: one kilowatt is 8,760 kWh.',
        unit: 'kwatt',
        decimals: 1,
        noData: 'No day of the time shown was measured for 90 %',
      },
      `SELECT mean("base") FROM ${SITE_DAYS} WHERE ${ofSites('load')} AND "has_base" = 1`,
    ),
    figure(
      {
        title: 'After hours',
        description:
          'Share of the load that falls outside the hours of use of the building’s schedule. A closed office takes a third or less.',
        unit: 'percentunit',
        decimals: 0,
        noData: 'The building has no schedule, or too little is measured',
        steps: stepsUp(0.35, 0.5),
      },
      `SELECT sum("after_hours") / sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('load')} AND "has_after_hours" = 1`,
    ),
    figure(
      {
        title: 'Cost',
        description:
          'Charges by the unit for the electricity of the days shown, without demand and fixed charges (docs/analytics.md).',
        unit: 'currencyUSD',
        decimals: 0,
        noData: 'Neither the building nor the city has a tariff',
      },
      `SELECT sum("cost") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_cost" = 1`,
    ),
    figure(
      {
        title: 'Measured',
        description: 'How much of the days shown was measured, today as far as it is over.',
        unit: 'percent',
        decimals: 1,
        steps: MEASURED,
      },
      `SELECT mean("coverage") FROM ${SITE_DAYS} WHERE ${measuredOf('electricity')}`,
    ),
  ];
}

function loads(zone: string) {
  const hours = HOUR_NAMES.map((hour) => `sum("kwh_${hour}") / sum("hours_${hour}") AS "${hour}"`).join(', ');
  return [
    lines({
      title: 'Load and base load',
      description:
        'Mean power that the building takes, its solar roof included, beside the base load of each day. What was not measured is a gap.',
      unit: 'kwatt',
      decimals: 1,
      min: 0,
      noData: NOT_YET,
      span: 12,
      height: 9,
      fill: true,
      queries: [
        LOAD,
        {
          from: 'long',
          text: `SELECT mean("base") FROM ${SITE_DAYS} WHERE ${ofSites('load')} AND "has_base" = 1 ${byDay(zone)}`,
          alias: 'Base load of the day',
        },
      ],
    }),
    lines({
      title: 'Load a week before',
      description: 'The same for the week before: weekday stands under weekday.',
      unit: 'kwatt',
      decimals: 1,
      min: 0,
      noData: 'No figures of the week before',
      span: 12,
      height: 9,
      fill: true,
      legend: false,
      timeShift: '7d',
      queries: [LOAD],
    }),
    lines({
      title: 'Load by day',
      description:
        'What the building took on each civil day, its solar roof included, and what of it outside its hours of use.',
      unit: 'kwatth',
      decimals: 0,
      min: 0,
      noData: NOT_YET,
      span: 12,
      height: 8,
      bars: true,
      queries: [
        {
          from: 'long',
          text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('load')} ${byDay(zone)}`,
          alias: 'All',
        },
        {
          from: 'long',
          text: `SELECT sum("after_hours") FROM ${SITE_DAYS} WHERE ${ofSites('load')} AND "has_after_hours" = 1 ${byDay(zone)}`,
          alias: 'After hours',
        },
      ],
    }),
    lines({
      title: 'Electricity by day',
      description:
        'Taken from the grid on each civil day (23 or 25 hours when the clocks change): what the utility bills.',
      unit: 'kwatth',
      decimals: 1,
      min: 0,
      noData: NOT_YET,
      span: 12,
      height: 8,
      bars: true,
      legend: false,
      queries: [
        {
          from: 'long',
          text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} ${byDay(zone)}`,
          alias: 'Electricity',
        },
      ],
    }),
    table({
      title: 'Hours of the week',
      description:
        'Mean load by weekday and hour of the clock on the wall, of the last four weeks, kW. Cool nights mean a low base load; a warm weekend means that something stayed on.',
      unit: 'none',
      decimals: 0,
      noData: NOT_YET,
      span: 24,
      height: 8,
      timeFrom: '28d',
      isHeat: true,
      rename: { weekday: 'Weekday' },
      queries: [
        {
          from: 'long',
          text: `SELECT ${hours} FROM "${LOAD_HOURS}" WHERE "site" =~ /^$site$/ AND $timeFilter GROUP BY "weekday"`,
          format: 'table',
        },
      ],
    }),
  ];
}

const TITLES = { gas: 'Gas by day', water: 'Water by day', solar: 'Solar by day', export: 'Fed into the grid by day' };

function carriers(zone: string) {
  return (['gas', 'water', 'solar', 'export'] as const).map((carrier) =>
    lines({
      title: TITLES[carrier],
      description: `What the meters of this carrier (${carrier}) counted on each civil day.`,
      unit: carrier === 'gas' || carrier === 'water' ? 'suffix: m³' : 'kwatth',
      decimals: 1,
      min: 0,
      noData: NO_METER,
      span: 6,
      height: 7,
      bars: true,
      legend: false,
      queries: [
        {
          from: 'long',
          text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites(carrier)} ${byDay(zone)}`,
          alias: TITLES[carrier],
        },
      ],
    }),
  );
}

function airAndMeters() {
  return [
    states({
      title: 'CO₂ in rooms',
      description:
        'A row for each sensor, quarter-hour means in the classes of EN 16798-1:2019 above 420 ppm outdoors: from 1,220 ppm on air the room.',
      unit: 'ppm',
      decimals: 0,
      noData: 'This building has no air sensors',
      span: 24,
      height: 7,
      steps: bandSteps('co2_ppm'),
      queries: [
        {
          from: 'quarters',
          text: `SELECT mean("mean") FROM "environment" WHERE ${gauge('co2_ppm')} GROUP BY time($__interval), "device" fill(none)`,
          alias: '$tag_device',
        },
      ],
    }),
    table({
      title: 'Meters',
      description:
        'What each meter of the building counted in the time shown, in the unit at the end of its metric, with its highest quarter hour (unit per hour) and how much was measured.',
      unit: 'none',
      decimals: 1,
      noData: 'No meter of this building counted anything in this time',
      span: 12,
      height: 8,
      rename: { device: 'Meter', metric: 'Counter' },
      columns: { Measured: { unit: 'percent', steps: MEASURED } },
      queries: [
        {
          from: 'long',
          text: `SELECT sum("consumption") AS "Used", max("peak") AS "Highest", mean("coverage") AS "Measured" FROM "energy_1d", "water_1d" WHERE "known" = 1 AND "site" =~ /^$site$/ AND $timeFilter GROUP BY "device", "metric"`,
          format: 'table',
        },
      ],
    }),
    table({
      title: 'Events of meters',
      description:
        'Resets, roll-overs, swaps and gaps of the meters behind the building’s gateways, and what was booked for them. A person may decide otherwise: lamplighter meter decide --help.',
      unit: 'none',
      noData: 'Nothing but normal counting',
      span: 12,
      height: 8,
      hide: [],
      most: 'Time',
      rename: { kind: 'What', device: 'Meter', metric: 'Counter', decided_by: 'Decided by' },
      queries: [
        {
          from: 'long',
          text: `SELECT "kind", "before", "after", "booked", "decided_by" FROM "meter_events" WHERE "kind" != '' AND "gateway" =~ /^$gateway_of_site$/ AND $timeFilter GROUP BY "device", "metric"`,
          format: 'table',
        },
      ],
    }),
  ];
}
