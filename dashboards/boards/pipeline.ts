/** Pipeline: does every reading end where it should, and how fast? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { PIPELINE, REASONS } from '../../contract/self-report.ts';
import { board } from '../board.ts';
import { lines, stat, table } from '../panels.ts';
import { NONE_IS_GOOD, stepsUp } from '../thresholds.ts';

const NOTHING = 'Ingest has not reported in this time: is it running, and can it reach the store?';
const FROM = `FROM "${PIPELINE}" WHERE $timeFilter`;

/** Of what each process said last. */
const now = (figure: 'sum' | 'max' | 'min', field: string) =>
  `SELECT ${figure}("n") FROM (SELECT last("${field}") AS "n" ${FROM} GROUP BY "process") WHERE $timeFilter`;

/** Readings a second, all processes together; a restart, after which counts begin at 0, is no fall. */
const perSecond = (field: string) =>
  `SELECT sum("n") FROM (SELECT non_negative_derivative(max("${field}"), 1s) AS "n" ${FROM} GROUP BY time($__interval), "process") WHERE $timeFilter GROUP BY time($__interval) fill(none)`;

const worst = (figure: 'max' | 'min', field: string, more = '') =>
  `SELECT ${figure}("${field}") ${FROM}${more} GROUP BY time($__interval) fill(none)`;

const byReason = (kind: string) =>
  `SELECT non_negative_derivative(max("count"), 1m) FROM "${REASONS}" WHERE "kind" = '${kind}' AND $timeFilter GROUP BY time($__interval), "reason" fill(none)`;

export function pipelineBoard(zone: string): Dashboard {
  return board({
    uid: 'lamplighter-pipeline',
    title: 'Pipeline',
    question: 'Does every reading end where it should, and how fast?',
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    zone,
    variables: [],
    rows: [
      { title: 'Now', panels: glance() },
      { title: 'Readings', panels: readings() },
      { title: 'Work', panels: work() },
    ],
  });
}

function glance() {
  const small = { span: 4, height: 4, noData: NOTHING, decimals: 0 } as const;
  const figure = (title: string, description: string, text: string, more: object = {}) =>
    stat({ ...small, title, description, unit: 'none', ...more, queries: [{ from: 'raw', text, alias: title }] });
  return [
    figure(
      'Stored a second',
      'Readings that ingest stored and acknowledged, a second, over ten seconds.',
      now('sum', 'stored_per_s'),
      { unit: 'short', decimals: 1 },
    ),
    figure(
      'Acknowledged within',
      'Time from arrival to acknowledgement that 99 of 100 batches keep, over the last minute; the store’s answer is in it.',
      now('max', 'ack_p99_ms'),
      { unit: 'ms', steps: stepsUp(250, 2_000) },
    ),
    figure(
      'Store',
      'Whether the store takes readings. While it does not, they wait on the gateways; the console says what to do.',
      now('max', 'store_failing'),
      {
        steps: NONE_IS_GOOD,
        mappings: [
          { type: 'value', options: { 0: { text: 'takes readings', index: 0 }, 1: { text: 'FAILS', index: 1 } } },
        ],
      },
    ),
    figure(
      'Intake',
      'Whether ingest takes readings; when its queue is full it tells the gateways to hold.',
      now('min', 'accepting'),
      {
        steps: [
          { from: null, colour: 'red' },
          { from: 1, colour: 'green' },
        ],
        mappings: [{ type: 'value', options: { 0: { text: 'HOLDS', index: 0 }, 1: { text: 'open', index: 1 } } }],
      },
    ),
    figure(
      'Queue',
      'How full the queue of ingest is. It is bounded: above 80 % gateways will soon be told to hold.',
      `SELECT max("queue_bytes") / max("queue_capacity_bytes") FROM "${PIPELINE}" WHERE $timeFilter`,
      { unit: 'percentunit', steps: stepsUp(0.5, 0.8) },
    ),
    figure(
      'Dead letters',
      'Readings that were rejected and kept. Each says what is wrong with it: lamplighter dead-letters list.',
      now('sum', 'dead_letters'),
      { steps: NONE_IS_GOOD },
    ),
  ];
}

function readings() {
  return [
    lines({
      title: 'Received and stored',
      description:
        'Readings a second by where they ended: received = stored + duplicate + rejected + later + shed + queued.',
      unit: 'short',
      decimals: 1,
      min: 0,
      noData: NOTHING,
      span: 12,
      height: 9,
      queries: (['received', 'stored', 'duplicate'] as const).map((field) => ({
        from: 'raw',
        text: perSecond(field),
        alias: { received: 'Received', stored: 'Stored', duplicate: 'Duplicate' }[field],
      })),
    }),
    lines({
      title: 'Not stored',
      description:
        'Readings a second that were rejected (kept as dead letters), put off (the gateway keeps them) and shed (they come again).',
      colours: { Rejected: 'red', Later: 'yellow', Shed: 'orange' },
      unit: 'short',
      decimals: 2,
      min: 0,
      noData: NOTHING,
      span: 12,
      height: 9,
      queries: (['rejected', 'later', 'shed'] as const).map((field) => ({
        from: 'raw',
        text: perSecond(field),
        alias: { rejected: 'Rejected', later: 'Later', shed: 'Shed' }[field],
      })),
    }),
    lines({
      title: 'Rejected by reason',
      description: 'Readings a minute that ingest rejected, by reason. Each is a dead letter that names its fault.',
      unit: 'short',
      decimals: 1,
      min: 0,
      noData: 'Nothing was rejected',
      span: 8,
      height: 8,
      queries: [{ from: 'raw', text: byReason('rejected'), alias: '$tag_reason' }],
    }),
    lines({
      title: 'Put off by reason',
      description: 'Readings a minute that gateways were asked to send later, by reason; they keep them.',
      unit: 'short',
      decimals: 1,
      min: 0,
      noData: 'Nothing was put off',
      span: 8,
      height: 8,
      queries: [{ from: 'raw', text: byReason('later'), alias: '$tag_reason' }],
    }),
    table({
      title: 'Dead letters by reason',
      description:
        'Rejected readings that are kept, by reason. Mend the cause, then send them again or drop them: lamplighter dead-letters.',
      unit: 'none',
      decimals: 0,
      noData: 'There are no dead letters',
      span: 8,
      height: 8,
      most: 'Kept',
      rename: { reason: 'Reason' },
      queries: [
        {
          from: 'raw',
          text: `SELECT last("count") AS "Kept" FROM "${REASONS}" WHERE "kind" = 'dead_letter' AND $timeFilter GROUP BY "reason"`,
          format: 'table',
        },
      ],
    }),
  ];
}

function work() {
  return [
    lines({
      title: 'Time to acknowledgement',
      description:
        'From the arrival of a batch to its acknowledgement, the store’s durable answer included: median and 99th percentile.',
      unit: 'ms',
      decimals: 0,
      min: 0,
      noData: 'No batch was acknowledged',
      span: 12,
      height: 8,
      queries: (['ack_p50_ms', 'ack_p99_ms'] as const).map((field) => ({
        from: 'raw',
        text: worst('max', field, ` AND "${field}" > 0`),
        alias: field === 'ack_p50_ms' ? 'Median' : '99 of 100',
      })),
    }),
    lines({
      title: 'Queue',
      description: 'Readings that were taken in and are not yet committed.',
      unit: 'short',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 12,
      height: 8,
      legend: false,
      queries: [{ from: 'raw', text: worst('max', 'queued'), alias: 'Queued' }],
    }),
    lines({
      title: 'Memory of ingest',
      description: 'Resident memory of the ingest process. It stays flat while the store is down.',
      unit: 'mbytes',
      decimals: 0,
      min: 0,
      noData: NOTHING,
      span: 8,
      height: 8,
      legend: false,
      queries: [{ from: 'raw', text: worst('max', 'memory_mib'), alias: 'Memory' }],
    }),
    lines({
      title: 'Store and intake',
      description: '1 while the store failed, and 1 while intake was held.',
      colours: { 'Store failing': 'red', 'Intake held': 'yellow' },
      unit: 'none',
      decimals: 0,
      min: 0,
      max: 1,
      noData: NOTHING,
      span: 8,
      height: 8,
      bars: true,
      queries: [
        { from: 'raw', text: worst('max', 'store_failing'), alias: 'Store failing' },
        {
          from: 'raw',
          text: `SELECT 1 - min("accepting") ${FROM} GROUP BY time($__interval) fill(none)`,
          alias: 'Intake held',
        },
      ],
    }),
    lines({
      title: 'Free on the disk',
      description:
        'Of the disk that the data folder of ingest lies on. Below 10 % (of large disks: 20 GB) an alert asks for room; when it is full nothing can be stored. The disk of InfluxDB shows here only where it is the same.',
      unit: 'decbytes',
      decimals: 1,
      min: 0,
      noData: NOTHING,
      span: 8,
      height: 8,
      fill: true,
      legend: false,
      queries: [{ from: 'raw', text: worst('min', 'disk_free_bytes', ' AND "disk_known" = 1'), alias: 'Free' }],
    }),
  ];
}
