import { expect, it } from 'vitest';
import { gatewayMetrics } from '../../ingest/gateway-metrics.ts';
import type { GatewayCounts } from '../../ingest/ingest-view.ts';

function counts(part: Partial<GatewayCounts>): GatewayCounts {
  return { received: 0, stored: 0, duplicate: 0, rejected: {}, later: {}, shed: 0, queued: 0, ...part };
}

it('writes every outcome of a gateway, each family in one group', () => {
  const books = [
    {
      gateway: 'a',
      counts: counts({ received: 9, stored: 3, rejected: { 'too-old': 2 }, later: { 'clock-ahead': 1 } }),
    },
    { gateway: 'b', counts: counts({ received: 4, queued: 4 }) },
  ];
  expect([...gatewayMetrics(books)].join('').split('\n')).toEqual([
    expect.stringMatching(/^# HELP lamplighter_ingest_readings_total /),
    '# TYPE lamplighter_ingest_readings_total counter',
    'lamplighter_ingest_readings_total{gateway="a",outcome="received",reason=""} 9',
    'lamplighter_ingest_readings_total{gateway="a",outcome="stored",reason=""} 3',
    'lamplighter_ingest_readings_total{gateway="a",outcome="duplicate",reason=""} 0',
    'lamplighter_ingest_readings_total{gateway="a",outcome="shed",reason=""} 0',
    'lamplighter_ingest_readings_total{gateway="a",outcome="rejected",reason="too-old"} 2',
    'lamplighter_ingest_readings_total{gateway="a",outcome="later",reason="clock-ahead"} 1',
    'lamplighter_ingest_readings_total{gateway="b",outcome="received",reason=""} 4',
    'lamplighter_ingest_readings_total{gateway="b",outcome="stored",reason=""} 0',
    'lamplighter_ingest_readings_total{gateway="b",outcome="duplicate",reason=""} 0',
    'lamplighter_ingest_readings_total{gateway="b",outcome="shed",reason=""} 0',
    expect.stringMatching(/^# HELP lamplighter_ingest_readings_queued /),
    '# TYPE lamplighter_ingest_readings_queued gauge',
    'lamplighter_ingest_readings_queued{gateway="a"} 0',
    'lamplighter_ingest_readings_queued{gateway="b"} 4',
    '',
  ]);
});

it('comes in parts, none of them long, also for no gateway and for a full last part', () => {
  const books = Array.from({ length: 1_500 }, (_, i) => ({ gateway: `g-${i}`, counts: counts({ received: i }) }));
  const parts = [...gatewayMetrics(books)];
  expect(parts.length).toBeGreaterThan(6);
  expect(parts.join('').split('\n')).toHaveLength(4 + 5 * 1_500 + 1);
  expect([...gatewayMetrics([])].join('').split('\n')).toHaveLength(5);
});

it('takes the queue of a gateway at the moment of its other numbers', () => {
  const moving = { ...counts({ received: 5, queued: 5 }) };
  const parts = gatewayMetrics([{ gateway: 'a', counts: moving }]);
  parts.next();
  parts.next();
  Object.assign(moving, { stored: 5, queued: 0 });
  expect([...parts].join('')).toContain('readings_queued{gateway="a"} 5\n');
});
