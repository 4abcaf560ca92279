/** What ingest says of itself and of the gateways, and that nothing waits for it. */
import { describe, expect, it } from 'vitest';
import { GATEWAY_FIELDS, PIPELINE_FIELDS } from '../../contract/self-report.ts';
import type { GatewayStatus, IngestStatus } from '../../ingest/ingest-view.ts';
import { SelfReport } from '../../ingest/self-report.ts';
import { createLog } from '../../runtime/log.ts';
import type { Point } from '../../store/point-sink.ts';
import { type LatestValue, StoreFailure } from '../../store/telemetry-store.ts';
import { FakeRegister } from '../fake-register.ts';
import { ManualClock } from '../manual-clock.ts';

const STATUS: IngestStatus = {
  session: 's',
  accepting: true,
  storeFault: '',
  queue: { batches: 1, readings: 7, bytes: 900, capacityBytes: 1_000 },
  undecodable: 2,
  storedPerSecond: 12.5,
  acknowledgement: { p50Ms: 8, p99Ms: 40 },
  lastCommitAt: undefined,
  disk: { freeBytes: 9e9, sizeBytes: 1e11 },
};

const aStatus = (gateway: string, change: Partial<GatewayStatus> = {}): GatewayStatus => ({
  gateway,
  online: true,
  since: 0,
  version: '0.1.0',
  health: undefined,
  healthAt: undefined,
  twoEpochs: false,
  counts: {
    received: 10,
    stored: 6,
    duplicate: 1,
    rejected: { 'value-out-of-range': 2 },
    later: { 'clock-ahead': 1 },
    shed: 0,
    queued: 0,
  },
  ...change,
});

const HEALTH: NonNullable<GatewayStatus['health']> = {
  version: '0.2.0',
  epoch: 'e1',
  epochs: ['e1'],
  at: 0,
  uptime_s: 5,
  outbox: {
    produced: 100,
    stored: 80,
    rejected: { 'unknown-metric': 3 },
    dropped: 1,
    buffered: 16,
    set_aside: 0,
    undated: 0,
    batches: 2,
    bytes: 10,
    capacity_bytes: 1_000,
    oldest_s: 30,
  },
  later: {},
  clock_offset_ms: -250,
  memory_mib: 41.5,
  sources: [],
};

function aStory(gateways: readonly GatewayStatus[]) {
  const clock = new ManualClock();
  const points: Point[] = [];
  const latest: LatestValue[] = [];
  const failures: Error[] = [];
  const said: string[] = [];
  const log = createLog({ level: 'silent', name: 'test' });
  log.warn = ((_: unknown, words: string) => said.push(words)) as unknown as typeof log.warn;
  const register = new FakeRegister();
  const story = { puts: 0, gate: Promise.resolve() };
  const report = new SelfReport({
    ingest: { status: () => STATUS, gateways: () => [...gateways], deadLetters: { counts: () => ({ malformed: 4 }) } },
    register,
    store: {
      latest: async ({ gateway }) => latest.filter((one) => one.gateway === gateway),
      putPoints: async (some) => {
        story.puts++;
        await story.gate;
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        points.push(...some);
      },
    },
    process: 'ingest',
    clock,
    log,
    memoryBytes: () => 100 * 1_048_576,
  });
  const fieldsOf = (measurement: string, tag: string, value: string) =>
    points.filter((point) => point.measurement === measurement && point.tags[tag] === value).at(-1)?.fields;
  return { clock, points, latest, failures, said, register, report, story, fieldsOf };
}

describe('the self report', () => {
  it('has the books of all gateways together, every field every time', async () => {
    const { report, fieldsOf, points } = aStory([aStatus('a'), aStatus('b')]);
    await report.report();
    const pipeline = fieldsOf('lamplighter_pipeline', 'process', 'ingest') ?? {};
    expect(Object.keys(pipeline)).toEqual(PIPELINE_FIELDS);
    expect(pipeline).toEqual({
      received: 20,
      stored: 12,
      duplicate: 2,
      rejected: 4,
      later: 2,
      shed: 0,
      queued: 7,
      queue_bytes: 900,
      queue_capacity_bytes: 1_000,
      accepting: 1,
      store_failing: 0,
      ack_p50_ms: 8,
      ack_p99_ms: 40,
      stored_per_s: 12.5,
      undecodable: 2,
      dead_letters: 4,
      memory_mib: 100,
      disk_known: 1,
      disk_free_bytes: 9e9,
      disk_size_bytes: 1e11,
      disk_short: 1,
    });
    const reasons = points.filter(({ measurement }) => measurement === 'lamplighter_reasons');
    expect(reasons.map(({ tags, fields }) => [tags.kind, tags.reason, fields.count])).toEqual([
      ['rejected', 'value-out-of-range', 4],
      ['later', 'clock-ahead', 2],
      ['dead_letter', 'malformed', 4],
    ]);
  });

  it('says of a gateway what it said last, and of one that never said anything only what ingest knows', async () => {
    const { report, register, fieldsOf, points } = aStory([
      aStatus('a', { health: HEALTH }),
      aStatus('b', { online: undefined, version: undefined, twoEpochs: true }),
    ]);
    register.withGateway('a', { site: 'library' });
    await report.report();
    const a = fieldsOf('lamplighter_gateway', 'gateway', 'a') ?? {};
    expect(Object.keys(a)).toEqual(GATEWAY_FIELDS);
    expect(a).toMatchObject({
      online: 1,
      outbox_readings: 16,
      outbox_oldest_s: 30,
      clock_offset_ms: -250,
      clock_known: 1,
      produced: 100,
      stored: 80,
      rejected: 3,
      dropped: 1,
      version: '0.2.0',
    });
    expect(fieldsOf('lamplighter_gateway', 'gateway', 'b')).toMatchObject({
      online: 0,
      clock_known: 0,
      two_epochs: 1,
      stored: 6,
      rejected: 2,
      has_readings: 0,
      version: 'unknown',
    });
    expect(points.find(({ tags }) => tags.gateway === 'a')?.tags).toEqual({ gateway: 'a', site: 'library' });
  });

  it('has listed gateways that never spoke, and no retired ones', async () => {
    const { report, register, points } = aStory([aStatus('a'), aStatus('old')]);
    register.withGateway('old', { retired: true }).withGateway('new');
    await report.report();
    const gateways = points.filter(({ measurement }) => measurement === 'lamplighter_gateway');
    expect(gateways.map(({ tags, fields }) => [tags.gateway, fields.online])).toEqual([
      ['a', 1],
      ['new', 0],
    ]);
  });

  it('counts the devices that fell silent', async () => {
    const { report, register, latest, clock, fieldsOf } = aStory([aStatus('a')]);
    for (const id of ['speaks', 'silent', 'never']) register.withDevice('a', id);
    const value = { gateway: 'a', metric: 'co2_ppm', value: 1 };
    latest.push({ ...value, device: 'speaks', time: clock.now() - 60_000 });
    latest.push({ ...value, device: 'silent', time: clock.now() - 1_000_000 });
    await report.report();
    expect(fieldsOf('lamplighter_gateway', 'gateway', 'a')).toMatchObject({
      devices: 3,
      silent_devices: 2,
      last_reading_age_s: 60,
      has_readings: 1,
    });
  });

  it('gives intake its turn between 10,000 gateways', async () => {
    const { report, points } = aStory(Array.from({ length: 10_000 }, (_, i) => aStatus(`g${i}`)));
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await report.report();
    isDone = true;
    expect(points).toHaveLength(10_000 + 4);
    expect(turns).toBeGreaterThan(45);
  });

  it('comes every 15 s; a failure is said once, and the next tick tries again', async () => {
    const { report, clock, points, failures, said } = aStory([aStatus('a')]);
    failures.push(new StoreFailure('unavailable', 'down'), new StoreFailure('unavailable', 'still down'));
    await report.start();
    await clock.advance(30_000);
    expect(points).toEqual([]);
    expect(said).toEqual(['no report for boards: down']);
    await clock.advance(15_000);
    expect(points.map(({ measurement }) => measurement)).toContain('lamplighter_pipeline');
    await report.stop();
    const { length } = points;
    await clock.advance(60_000);
    expect(points).toHaveLength(length);
  });

  it('does not pile up behind a store that hangs, and stops with it', async () => {
    const { report, clock, story } = aStory([aStatus('a')]);
    let open = (): void => {};
    story.gate = new Promise((resolve) => {
      open = resolve;
    });
    await report.start();
    await clock.advance(120_000);
    expect(story.puts).toBe(1);
    open();
    await report.stop();
  });
});
