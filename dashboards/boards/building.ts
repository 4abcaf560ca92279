/** Building: how does one building use energy: when, how much beside its hours of use, and how well was it measured? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../board.ts';
import { heatmap, lines, stat, table } from '../panels.ts';
import { byDay, ofSites, SITE_DAYS, SITE_QUARTERS } from '../queries.ts';
import { bandSteps, stepsDown } from '../thresholds.ts';
import { SITE } from '../variables.ts';

const NOT_YET = 'No rolled-up figures of this building in this time yet';
const NO_METER = 'This building has no meter of this kind';

/** Load of the chosen building in quarter hours, kW. */
function load(alias: string, shift = ''): { from: 'quarters'; text: string; alias: string } {
  return {
    from: 'quarters',
    text: `SELECT mean("consumption") * 4 FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')}${shift} GROUP BY time($__interval) fill(none)`,
    alias,
  };
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
    variables: [SITE],
    rows: [
      {
        title: 'At a glance',
        panels: [
          stat({
            title: 'Energy',
            description: 'Electricity taken from the grid on the civil days of the time shown.',
            unit: 'kwatth',
            decimals: 0,
            noData: NOT_YET,
            span: 4,
            height: 4,
            queries: [
              {
                from: 'long',
                text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')}`,
                alias: 'Energy',
              },
            ],
          }),
          stat({
            title: 'Peak',
            description:
              'Highest demand of a clock-aligned quarter hour, as utilities bill it. Quarter hours that were not measured cannot be the peak.',
            unit: 'kwatt',
            decimals: 1,
            noData: NOT_YET,
            span: 4,
            height: 4,
            queries: [
              {
                from: 'long',
                text: `SELECT max("peak") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')}`,
                alias: 'Peak',
              },
            ],
          }),
          stat({
            title: 'Base load',
            description:
              'What the building takes when nobody uses it (docs/analytics.md): mean of the days shown. It runs all year: one kilowatt is 8,760 kWh.',
            unit: 'kwatt',
            decimals: 1,
            noData: NOT_YET,
            span: 4,
            height: 4,
            queries: [
              {
                from: 'long',
                text: `SELECT mean("base") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "base" > 0`,
                alias: 'Base load',
              },
            ],
          }),
          stat({
            title: 'After hours',
            description:
              'Share of the electricity that was used outside the hours of use of the building’s schedule. A closed office uses a third or less.',
            unit: 'percentunit',
            decimals: 0,
            noData: 'The building has no schedule, or nothing is measured',
            span: 4,
            height: 4,
            queries: [
              {
                from: 'long',
                text: `SELECT sum("after_hours") / sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_after_hours" = 1`,
                alias: 'After hours',
              },
            ],
          }),
          stat({
            title: 'Load factor',
            description:
              'Mean load as a share of the peak: near 100 % an even load, near 20 % short peaks that a demand charge makes dear.',
            unit: 'percentunit',
            decimals: 0,
            noData: NOT_YET,
            span: 4,
            height: 4,
            queries: [
              {
                from: 'quarters',
                text: `SELECT mean("consumption") / max("consumption") FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')}`,
                alias: 'Load factor',
              },
            ],
          }),
          stat({
            title: 'Measured',
            description: 'How much of the time shown was measured.',
            unit: 'percent',
            decimals: 1,
            noData: NOT_YET,
            span: 4,
            height: 4,
            steps: stepsDown(80, 95),
            queries: [
              {
                from: 'long',
                text: `SELECT mean("coverage") FROM ${SITE_DAYS} WHERE "carrier" = 'electricity' AND "site" =~ /^$site$/ AND $timeFilter`,
                alias: 'Measured',
              },
            ],
          }),
        ],
      },
      {
        title: 'Load',
        panels: [
          lines({
            title: 'Load',
            description: 'Mean power taken from the grid. What was not measured is a gap.',
            unit: 'kwatt',
            decimals: 1,
            min: 0,
            noData: NOT_YET,
            span: 24,
            height: 9,
            fill: true,
            legend: false,
            queries: [load('Load')],
          }),
          lines({
            title: 'Electricity by day',
            description: 'Taken from the grid on each civil day, and what of it was used outside the hours of use.',
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
                text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} ${byDay(zone)}`,
                alias: 'All',
              },
              {
                from: 'long',
                text: `SELECT sum("after_hours") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_after_hours" = 1 ${byDay(zone)}`,
                alias: 'After hours',
              },
            ],
          }),
          heatmap({
            title: 'Hours of the days',
            description:
              'Mean load of every hour: dark nights mean a low base load, a bright weekend means something stayed on.',
            unit: 'kwatt',
            decimals: 1,
            noData: NOT_YET,
            span: 12,
            height: 8,
            queries: [
              {
                from: 'quarters',
                text: `SELECT mean("consumption") * 4 FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')} GROUP BY time(1h) fill(none)`,
                alias: 'Load',
              },
            ],
          }),
        ],
      },
      {
        title: 'Other carriers',
        panels: (['gas', 'water', 'solar', 'export'] as const).map((carrier) =>
          lines({
            title: {
              gas: 'Gas by day',
              water: 'Water by day',
              solar: 'Solar by day',
              export: 'Fed into the grid by day',
            }[carrier],
            description: `What the meters counted on each civil day (carrier ${carrier}).`,
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
                alias: carrier,
              },
            ],
          }),
        ),
      },
      {
        title: 'Indoor air and meters',
        panels: [
          lines({
            title: 'CO₂ in rooms',
            description:
              'Quarter-hour means. Bands of EN 16798-1:2019 above 420 ppm outdoors: above 1,220 ppm air the room.',
            unit: 'ppm',
            decimals: 0,
            noData: 'This building has no air sensors',
            span: 12,
            height: 8,
            steps: bandSteps('co2_ppm'),
            showLimits: true,
            queries: [
              {
                from: 'quarters',
                text: `SELECT mean("mean") FROM "environment" WHERE "metric" = 'co2_ppm' AND "count" > 0 AND "site" =~ /^$site$/ AND $timeFilter GROUP BY time($__interval), "device" fill(none)`,
                alias: '$tag_device',
              },
            ],
          }),
          table({
            title: 'Events of meters',
            description:
              'Resets, roll-overs, swaps, gaps and what was booked for them, newest first. A person may override each: lamplighter meter decide --help.',
            unit: 'none',
            noData: 'Nothing but normal counting',
            span: 12,
            height: 8,
            queries: [
              {
                from: 'long',
                text: `SELECT "kind", "before", "after", "booked", "decided_by" FROM "meter_events" WHERE "kind" != '' AND "gateway" =~ /^$site.*$/ AND $timeFilter GROUP BY "device", "metric" ORDER BY time DESC LIMIT 200`,
                format: 'table',
              },
            ],
          }),
        ],
      },
    ],
  });
}
