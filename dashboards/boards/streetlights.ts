/** Streetlights: are the streets lit when they should be, and if not: lamps, cables or communication? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../board.ts';
import { lines, stat, states, table } from '../panels.ts';
import { byDay, CIRCUITS_15M } from '../queries.ts';
import { NONE_IS_GOOD, stepsUp, WHOLE } from '../thresholds.ts';
import { CIRCUITS } from '../variables.ts';

const NO_LAMPS = 'No lamps in this time: is a circuit chosen?';
const CHOSEN = '"lamps" > 0 AND "site" =~ /^$site$/ AND $timeFilter';
/** Rows of one metric of the chosen circuits' lamps that have values. */
const lamps = (metric: string) => `"metric" = '${metric}' AND "count" > 0 AND "site" =~ /^$site$/ AND $timeFilter`;

/** A number of lamps over all chosen circuits, as it was last. */
const last = (expression: string, fields: readonly string[]) => {
  const inner = fields.map((field) => `last("${field}") AS "${field}"`).join(', ');
  return `SELECT ${expression} FROM (SELECT ${inner} FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY "site") WHERE $timeFilter`;
};

/** The same over time: in each step the most of each circuit, added up. */
const overTime = (field: string) =>
  `SELECT sum("n") FROM (SELECT max("${field}") AS "n" FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY time($__interval), "site" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(none)`;

export function streetlightsBoard(zone: string): Dashboard {
  return board({
    uid: 'lamplighter-streetlights',
    title: 'Streetlights',
    question: 'Are the streets lit when they should be, and if not: is it lamps, cables or communication?',
    time: { from: 'now-2d', to: 'now' },
    refresh: '1m',
    zone,
    variables: [CIRCUITS],
    rows: [
      { title: 'At a glance', panels: glance() },
      { title: 'Over time', panels: overview(zone) },
      { title: 'Faults', panels: faults() },
    ],
  });
}

function glance() {
  const small = { span: 4, height: 4, noData: NO_LAMPS, decimals: 0 } as const;
  return [
    stat({
      ...small,
      title: 'Lit when commanded',
      description:
        'Of all quarter hours in which a lamp was told to burn, the share in which it burnt. Below 99 % send somebody; below 95 % people notice.',
      unit: 'percentunit',
      decimals: 1,
      steps: WHOLE,
      queries: [
        {
          from: 'quarters',
          text: `SELECT sum("lit_of_commanded") / sum("commanded") FROM ${CIRCUITS_15M} WHERE ${CHOSEN} AND "commanded" > 0`,
          alias: 'Lit',
        },
      ],
    }),
    stat({
      ...small,
      title: 'Lamps that report a failure',
      description: 'Lamps whose controller reports a lamp failure now. Put them on the list of the next round.',
      unit: 'none',
      steps: NONE_IS_GOOD,
      queries: [{ from: 'quarters', text: last('sum("failed")', ['failed']), alias: 'Failed' }],
    }),
    stat({
      ...small,
      title: 'Told to burn, without power',
      description:
        'Most lamps at once that were told to burn, took no power and reported no failure: a fuse, a contactor, a cable. Of a whole circuit: send a crew to the switch cabinet.',
      unit: 'none',
      steps: NONE_IS_GOOD,
      queries: [
        {
          from: 'quarters',
          text: `SELECT sum("n") FROM (SELECT max("dark") AS "n" FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY "site") WHERE $timeFilter`,
          alias: 'Dark',
        },
      ],
    }),
    stat({
      ...small,
      title: 'Silent lamps',
      description:
        'Lamps that have said nothing for three of their intervals: a fault of communication. Whether they burn is not known.',
      unit: 'none',
      steps: NONE_IS_GOOD,
      queries: [
        { from: 'quarters', text: last('sum("lamps") - sum("reporting")', ['lamps', 'reporting']), alias: 'Silent' },
      ],
    }),
    stat({
      ...small,
      title: 'Day burners',
      description:
        'Most lamps of each circuit that burnt at once while the sun was up: a stuck relay, or a lost command.',
      unit: 'none',
      steps: NONE_IS_GOOD,
      queries: [
        {
          from: 'quarters',
          text: `SELECT sum("n") FROM (SELECT max("day_burners") AS "n" FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY "site") WHERE $timeFilter`,
          alias: 'Day burners',
        },
      ],
    }),
    stat({
      ...small,
      title: 'Energy against expected',
      description:
        'What the lamps counted, over what their nominal power and their commands let expect. Above 110 % something burns that should not; far below 100 % lamps are out.',
      unit: 'percentunit',
      steps: [
        { from: null, colour: 'red' },
        { from: 0.8, colour: 'yellow' },
        { from: 0.9, colour: 'green' },
        { from: 1.1, colour: 'yellow' },
        { from: 1.25, colour: 'red' },
      ],
      queries: [
        {
          from: 'quarters',
          text: `SELECT sum("kwh") / sum("expected_kwh") FROM ${CIRCUITS_15M} WHERE ${CHOSEN}`,
          alias: 'Energy',
        },
      ],
    }),
  ];
}

function overview(zone: string) {
  return [
    lines({
      title: 'Lamps commanded and lit',
      description:
        'Lamps of the chosen circuits that were told to burn, and that burnt. Lit above commanded by day: day burners; below by night: faults.',
      unit: 'none',
      decimals: 0,
      min: 0,
      noData: NO_LAMPS,
      span: 12,
      height: 9,
      fill: true,
      queries: [
        { from: 'quarters', text: overTime('commanded'), alias: 'Commanded' },
        { from: 'quarters', text: overTime('lit'), alias: 'Lit' },
      ],
    }),
    lines({
      title: 'Faults by kind',
      description:
        'Lamps without light (reported, or told to burn and without power), lamps that burn by day, and lamps that say nothing: three errands for three people.',
      colours: { 'Lamp failure': 'red', 'Without power': 'dark-red', 'Day burner': 'yellow', Silent: 'purple' },
      unit: 'none',
      decimals: 0,
      min: 0,
      noData: NO_LAMPS,
      span: 12,
      height: 9,
      queries: [
        { from: 'quarters', text: overTime('failed'), alias: 'Lamp failure' },
        { from: 'quarters', text: overTime('dark'), alias: 'Without power' },
        { from: 'quarters', text: overTime('day_burners'), alias: 'Day burner' },
        {
          from: 'quarters',
          text: `SELECT sum("n") FROM (SELECT max("lamps") - min("reporting") AS "n" FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY time($__interval), "site" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(none)`,
          alias: 'Silent',
        },
      ],
    }),
    states({
      title: 'Dimming of each circuit',
      description:
        'Mean level of the lamps of each circuit: dark by day, bright in the evening, dimmed after midnight.',
      unit: 'percent',
      decimals: 0,
      min: 0,
      max: 100,
      noData: NO_LAMPS,
      span: 24,
      height: 9,
      queries: [
        {
          from: 'quarters',
          text: `SELECT mean("level_percent") FROM ${CIRCUITS_15M} WHERE ${CHOSEN} AND "reporting" > 0 GROUP BY time($__interval), "site" fill(none)`,
          alias: '$tag_site',
        },
      ],
    }),
    lines({
      title: 'Energy of lamps by day',
      description: 'What the lamps counted on each civil day, beside what nominal power and commands let expect.',
      unit: 'kwatth',
      decimals: 0,
      min: 0,
      noData: NO_LAMPS,
      span: 12,
      height: 8,
      bars: true,
      queries: (['kwh', 'expected_kwh'] as const).map((field) => ({
        from: 'quarters',
        text: `SELECT sum("${field}") FROM ${CIRCUITS_15M} WHERE ${CHOSEN} ${byDay(zone)}`,
        alias: field === 'kwh' ? 'Counted' : 'Expected',
      })),
    }),
    lines({
      title: 'Burn hours by day',
      description: 'Hours that a lamp burnt on each civil day, mean and most over the lamps of the chosen circuits.',
      unit: 'h',
      decimals: 1,
      min: 0,
      noData: 'No lamp of the chosen circuits counts its hours',
      span: 12,
      height: 8,
      bars: true,
      queries: (['mean', 'max'] as const).map((figure) => ({
        from: 'long',
        text: `SELECT ${figure}("consumption") FROM "lighting_1d" WHERE "metric" = 'lamp_burn_h' AND "known" = 1 AND "site" =~ /^$site$/ AND $timeFilter ${byDay(zone)}`,
        alias: figure === 'mean' ? 'Mean' : 'Most',
      })),
    }),
  ];
}

function faults() {
  return [
    table({
      title: 'Circuits',
      description:
        'Each circuit in the time shown: lamps, light delivered when commanded, the most lamps at once with each fault, and energy. The most lamps without power first.',
      unit: 'none',
      decimals: 0,
      noData: NO_LAMPS,
      span: 14,
      height: 10,
      most: 'Without power',
      rename: { site: 'Circuit' },
      columns: {
        Lit: { unit: 'percentunit', decimals: 1, steps: WHOLE },
        Failed: { steps: NONE_IS_GOOD },
        'Without power': { steps: NONE_IS_GOOD },
        'Day burners': { steps: NONE_IS_GOOD },
        Energy: { unit: 'kwatth', decimals: 1 },
        'Of expected': { unit: 'percentunit', steps: stepsUp(1.1, 1.25) },
      },
      queries: [
        {
          from: 'quarters',
          text: `SELECT max("lamps") AS "Lamps", sum("lit_of_commanded") / sum("commanded") AS "Lit", max("failed") AS "Failed", max("dark") AS "Without power", max("day_burners") AS "Day burners", sum("kwh") AS "Energy", sum("kwh") / sum("expected_kwh") AS "Of expected" FROM ${CIRCUITS_15M} WHERE ${CHOSEN} GROUP BY "site"`,
          format: 'table',
        },
      ],
    }),
    table({
      title: 'Lamp failures by age',
      description:
        'Lamps whose controller reported a failure, with the days of the last month on which it did, the longest first.',
      unit: 'none',
      decimals: 0,
      noData: 'No lamp reported a failure',
      span: 10,
      height: 10,
      most: 'Days',
      timeFrom: '30d',
      rename: { site: 'Circuit', device: 'Lamp' },
      columns: { Days: { steps: stepsUp(2, 7) } },
      queries: [
        {
          from: 'long',
          text: `SELECT count("max") AS "Days" FROM "lighting_1d" WHERE ${lamps('lamp_failure')} AND "max" >= 1 GROUP BY "site", "device"`,
          format: 'table',
        },
      ],
    }),
  ];
}
