/** Gateways: do all of them deliver, and which one needs a technician? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { GATEWAY } from '../../contract/self-report.ts';
import { board } from '../board.ts';
import { lines, stat, states, table } from '../panels.ts';
import { NONE_IS_GOOD, stepsUp, WHOLE } from '../thresholds.ts';
import { GATEWAYS } from '../variables.ts';

const NOTHING = 'Ingest has not reported on gateways in this time';
const CHOSEN = '"gateway" =~ /^$gateway$/ AND $timeFilter';
const FROM = `FROM "${GATEWAY}" WHERE ${CHOSEN}`;

/** Of what each gateway said last, all together. */
const now = (expression: string, fields: readonly string[]) => {
  const inner = fields.map((field) => `last("${field}") AS "${field}"`).join(', ');
  return `SELECT ${expression} FROM (SELECT ${inner} ${FROM} GROUP BY "gateway") WHERE $timeFilter`;
};

/** The same over time. */
const overTime = (figure: string, inner: string, field: string) =>
  `SELECT ${figure}("n") FROM (SELECT ${inner}("${field}") AS "n" ${FROM} GROUP BY time($__interval), "gateway" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(none)`;

export function gatewaysBoard(zone: string): Dashboard {
  return board({
    uid: 'lamplighter-gateways',
    title: 'Gateways',
    question: 'Do all gateways deliver, and which one needs a technician?',
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    zone,
    variables: [GATEWAYS],
    rows: [
      { title: 'Now', panels: glance() },
      { title: 'Over time', panels: overview() },
      { title: 'Each gateway', panels: each() },
    ],
  });
}

function glance() {
  const small = { span: 4, height: 4, noData: NOTHING, decimals: 0 } as const;
  const figure = (title: string, description: string, text: string, more: object = {}) =>
    stat({ ...small, title, description, unit: 'none', ...more, queries: [{ from: 'raw', text, alias: title }] });
  return [
    figure(
      'Online',
      'Share of the chosen gateways, those that never came included, that are connected. Their readings wait on their disks meanwhile.',
      now('mean("online")', ['online']),
      { unit: 'percentunit', decimals: 1, steps: WHOLE },
    ),
    figure(
      'Offline',
      'Chosen gateways that are not connected. Look at power and network there; nothing is lost while their disks have room.',
      now('count("online") - sum("online")', ['online']),
      { steps: NONE_IS_GOOD },
    ),
    figure(
      'Readings waiting',
      'Readings in the outboxes of the chosen gateways, as they said last. It falls when ingest keeps up.',
      now('sum("outbox_readings")', ['outbox_readings']),
      { unit: 'short', steps: stepsUp(10_000, 1_000_000) },
    ),
    figure(
      'Oldest waiting',
      'Age of the oldest reading that waits in an outbox. Above an hour roll-ups and boards are behind.',
      now('max("outbox_oldest_s")', ['outbox_oldest_s']),
      { unit: 's', steps: stepsUp(300, 3_600) },
    ),
    figure(
      'Silent devices',
      'Listed devices without a reading for three intervals and at least a quarter of an hour.',
      now('sum("silent_devices")', ['silent_devices']),
      { steps: NONE_IS_GOOD },
    ),
    figure(
      'Running twice',
      'Gateways of which two starts are alive at once: a disk or image was copied. Stop one of the two and give it a name of its own.',
      now('sum("two_epochs")', ['two_epochs']),
      { steps: NONE_IS_GOOD },
    ),
  ];
}

function overview() {
  return [
    lines({
      title: 'Gateways online',
      description: 'Gateways that were connected, and all that are listed or were heard of.',
      unit: 'none',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 8,
      height: 8,
      queries: [
        { from: 'raw', text: overTime('count', 'last', 'online'), alias: 'All' },
        { from: 'raw', text: overTime('sum', 'last', 'online'), alias: 'Online' },
      ],
    }),
    lines({
      title: 'Outbox depth',
      description: 'Readings that wait on the gateways: all together, and the most on one.',
      unit: 'short',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 8,
      height: 8,
      queries: [
        { from: 'raw', text: overTime('sum', 'last', 'outbox_readings'), alias: 'Together' },
        { from: 'raw', text: overTime('max', 'last', 'outbox_readings'), alias: 'Most on one' },
      ],
    }),
    lines({
      title: 'Outbox age',
      description: 'Age of the oldest waiting reading: of the gateway that is furthest behind, and mean.',
      unit: 's',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 8,
      height: 8,
      queries: [
        { from: 'raw', text: overTime('max', 'last', 'outbox_oldest_s'), alias: 'Furthest behind' },
        { from: 'raw', text: overTime('mean', 'last', 'outbox_oldest_s'), alias: 'Mean' },
      ],
    }),
    lines({
      title: 'Clock offset',
      description:
        'By how much ingest’s clock is ahead of a gateway’s, of those that know it: most and least. Readings are dated by the gateway; beyond two minutes ahead they are put off.',
      unit: 'ms',
      decimals: 0,
      noData: 'No gateway has compared its clock yet',
      span: 12,
      height: 8,
      queries: (['max', 'min'] as const).map((figure) => ({
        from: 'raw',
        text: `SELECT ${figure}("clock_offset_ms") ${FROM} AND "clock_known" = 1 GROUP BY time($__interval) fill(none)`,
        alias: figure === 'max' ? 'Most' : 'Least',
      })),
    }),
    lines({
      title: 'Memory of gateways',
      description: 'Resident memory of the gateway programs: the largest, and mean.',
      unit: 'mbytes',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 12,
      height: 8,
      queries: (['max', 'mean'] as const).map((figure) => ({
        from: 'raw',
        text: `SELECT ${figure}("memory_mib") ${FROM} AND "memory_mib" > 0 GROUP BY time($__interval) fill(none)`,
        alias: figure === 'max' ? 'Largest' : 'Mean',
      })),
    }),
  ];
}

function each() {
  return [
    states({
      title: 'Online and offline',
      description: 'A row for each gateway: green while it is connected.',
      unit: 'none',
      decimals: 0,
      noData: NOTHING,
      span: 24,
      height: 9,
      steps: [
        { from: null, colour: 'red' },
        { from: 1, colour: 'green' },
      ],
      queries: [
        {
          from: 'raw',
          text: `SELECT min("online") ${FROM} GROUP BY time($__interval), "gateway" fill(none)`,
          alias: '$tag_gateway',
        },
      ],
    }),
    table({
      title: 'Gateways',
      description:
        'What each gateway said last: the oldest waiting reading first. Its books balance: produced = stored + rejected + dropped + waiting.',
      unit: 'none',
      decimals: 0,
      noData: NOTHING,
      span: 24,
      height: 12,
      most: 'Oldest',
      rename: { gateway: 'Gateway', site: 'Site' },
      columns: {
        Site: {
          link: { title: 'Open the building', board: 'lamplighter-building', site: '__value.raw' },
        },
        Online: {
          steps: [
            { from: null, colour: 'red' },
            { from: 1, colour: 'green' },
          ],
        },
        Oldest: { unit: 's', steps: stepsUp(300, 3_600) },
        'Last reading': { unit: 's', steps: stepsUp(900, 3_600) },
        Clock: { unit: 'ms' },
        Dropped: { steps: NONE_IS_GOOD },
        'Silent devices': { steps: NONE_IS_GOOD },
      },
      queries: [
        {
          from: 'raw',
          text: `SELECT last("online") AS "Online", last("version") AS "Version", last("outbox_readings") AS "Waiting", last("outbox_oldest_s") AS "Oldest", last("last_reading_age_s") AS "Last reading", last("clock_offset_ms") AS "Clock", last("devices") AS "Devices", last("silent_devices") AS "Silent devices", last("produced") AS "Produced", last("stored") AS "Stored", last("rejected") AS "Rejected", last("dropped") AS "Dropped" ${FROM} GROUP BY "gateway", "site"`,
          format: 'table',
        },
      ],
    }),
  ];
}
