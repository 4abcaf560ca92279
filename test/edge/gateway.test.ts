import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Health, healthSchema } from '../../contract/health.ts';
import type { ConfirmedInstant } from '../../edge/confirmed-instant.ts';
import { createGateway, type Gateway } from '../../edge/gateway.ts';
import type { GatewayConfig } from '../../edge/gateway-config.ts';
import { createMemoryOutbox } from '../../edge/outbox/memory-outbox.ts';
import type { Outbox } from '../../edge/outbox/outbox.ts';
import type { ReadingSink, Source, SourceReading } from '../../edge/sources/source.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { NOON } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { CutLink, FakeIngest, GATEWAY } from './city.ts';

const config: GatewayConfig = {
  id: GATEWAY,
  broker: { url: 'mqtt://127.0.0.1:1', token: 'secret-token' },
  topicPrefix: 'city/v1',
  dataFolder: '/nowhere',
  outbox: { capacityBytes: 1024 * 1024, dropPolicy: 'oldest' },
  uplink: {},
  sources: [],
};

/** A device that says what the test says. */
class HandSource implements Source {
  readonly name = 'hand';
  #sink: ReadingSink | undefined;
  async start(sink: ReadingSink): Promise<void> {
    this.#sink = sink;
  }
  async stop(): Promise<void> {}
  state() {
    return { name: this.name, kind: 'hand', state: 'running' as const, detail: '', readings: 0, refused: 0 };
  }
  say(...readings: SourceReading[]): Promise<void> {
    return (this.#sink as ReadingSink).append(readings);
  }
}

let clock: ManualClock;
let link: CutLink;
let ingest: FakeIngest;
let outbox: Outbox;
let source: HandSource;
let gateway: Gateway;
let known: number | undefined;

const confirmedInstant: ConfirmedInstant = {
  read: () => known,
  write: (instant) => {
    known = instant;
  },
};

beforeEach(() => {
  clock = new ManualClock(NOON);
  link = new CutLink();
  link.connected = false;
  ingest = new FakeIngest(link, clock);
  known = undefined;
});

async function startGateway(boot = 'boot1'): Promise<void> {
  outbox = createMemoryOutbox({ clock, randomWord, log: silentLog });
  source = new HandSource();
  gateway = createGateway({
    config,
    outbox,
    clock,
    random: () => 0.5,
    log: silentLog,
    link,
    sources: [source],
    version: '1.2.3',
    boot,
    confirmedInstant,
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
}

/** Ingest answers everything that has arrived: probes with the time, batches with "stored". */
async function answerAll(): Promise<void> {
  for (;;) {
    const probes = ingest.probes();
    const batches = ingest.batches();
    const others = link.published.filter(({ topic }) => !topic.endsWith('/readings'));
    ingest.forget();
    link.published.push(...others);
    if (probes.length + batches.length === 0) return;
    for (const { epoch } of probes) ingest.say({ epoch });
    for (const batch of batches) ingest.store(batch);
    received.push(...batches.flatMap((batch) => batch.readings));
    await clock.advance(0);
  }
}

let received: { device: string; time: number }[] = [];
beforeEach(() => {
  received = [];
});

const values = { active_power_kw: 1 };

describe('time', () => {
  test('readings without a time wait for the clock, are then dated, and go', async () => {
    clock.setWall(Date.parse('1970-01-01T00:01:00Z'));
    ingest.aheadMs = NOON - clock.now();
    await startGateway();
    void source.say({ device: 'lamp', values });
    void source.say({ device: 'meter', time: NOON - 5_000, values });
    await clock.advance(60_000);
    expect(gateway.health().outbox).toMatchObject({ produced: 2, undated: 1, batches: 1 });
    link.connect();
    await clock.advance(0);
    await answerAll();
    await answerAll();
    expect(received).toEqual([
      { device: 'meter', time: NOON - 5_000, values },
      { device: 'lamp', time: NOON, values },
    ]);
    expect(gateway.health()).toMatchObject({
      clock_offset_ms: ingest.aheadMs,
      outbox: { produced: 2, stored: 2, undated: 0, buffered: 0 },
    });
    expect(known).toBe(NOON + 60_000);
    void source.say({ device: 'lamp', values });
    await clock.advance(100);
    await answerAll();
    expect(received.at(-1)).toEqual({ device: 'lamp', time: NOON + 60_000, values });
  });

  test('what a power cut left undatable is counted, not invented', async () => {
    await startGateway();
    await outbox.hold([
      { device: 'lamp', values, takenMonotonicMs: 5, boot: 'boot0', takenWallMs: Date.parse('1970-01-01T00:00:09Z') },
    ]);
    link.connect();
    await clock.advance(0);
    await answerAll();
    expect(gateway.health().outbox).toMatchObject({ produced: 1, rejected: { undated: 1 }, undated: 0, buffered: 0 });
  });

  test('held readings that the disk refuses to date stay held and are dated later', async () => {
    await startGateway();
    void source.say({ device: 'lamp', values });
    await clock.advance(100);
    const dateHeld = outbox.dateHeld.bind(outbox);
    outbox.dateHeld = () => Promise.reject(new Error('ENOSPC'));
    link.connect();
    await clock.advance(0);
    await answerAll();
    expect(gateway.health().outbox).toMatchObject({ undated: 1, buffered: 1 });
    outbox.dateHeld = dateHeld;
    await clock.advance(30_000);
    await answerAll();
    expect(gateway.health().outbox).toMatchObject({ stored: 1, buffered: 0 });
  });
});

describe('presence', () => {
  const topic = `city/v1/${GATEWAY}/presence`;
  const said = () => link.bodies<{ online: boolean; since: number; version: string }>(topic);

  test('it is said retained at each connection and when the gateway stops', async () => {
    await startGateway();
    link.connect();
    expect(said()).toEqual([{ online: true, since: NOON, version: '1.2.3' }]);
    expect(link.published.find((message) => message.topic === topic)).toMatchObject({ qos: 1, retain: true });
    await gateway.stop();
    expect(said().at(-1)).toEqual({ online: false, since: NOON, version: '1.2.3' });
  });

  test('a late will or an older state is answered with online again, but not in a tight loop', async () => {
    await startGateway();
    link.connect();
    link.deliver(topic, { online: true, since: NOON, version: '1.2.3' });
    await clock.advance(2_000);
    expect(said().length).toBe(1);
    for (let i = 0; i < 5; i++) link.deliver(topic, { online: false, since: NOON - 1, version: '1.2.3' });
    await clock.advance(2_000);
    expect(said()).toEqual(Array(2).fill({ online: true, since: NOON, version: '1.2.3' }));
    link.deliver(topic, { online: true, since: NOON - 9, version: '1' });
    link.deliver(topic, '');
    await clock.advance(1_000);
    expect(said().length).toBe(3);
    link.disconnect();
    link.deliver(topic, { online: false, since: NOON, version: '1.2.3' });
    await clock.advance(5_000);
    expect(said().length).toBe(3);
  });
});

describe('health', () => {
  test('it follows a connection soon and then every 30 seconds, and keeps the contract', async () => {
    await startGateway();
    const said = () => link.bodies<Health>(`city/v1/${GATEWAY}/health`);
    await clock.advance(29_000);
    link.connect();
    await clock.advance(1_000);
    expect(said().length).toBe(2);
    await clock.advance(60_000);
    expect(said().length).toBe(4);
    for (const health of said()) expect(healthSchema.safeParse(health).error).toBeUndefined();
    expect(said()[0]).toMatchObject({ version: '1.2.3', epoch: outbox.epoch, epochs: [outbox.epoch], uptime_s: 30 });
    link.disconnect();
    await clock.advance(60_000);
    expect(said().length).toBe(4);
  });

  test('a batch that ingest wants later is said, with its reason', async () => {
    await startGateway();
    link.connect();
    await clock.advance(0);
    await answerAll();
    void source.say({ device: 'meter', time: NOON + 86_400_000, values });
    await clock.advance(100);
    ingest.say({ epoch: outbox.epoch, later: [[1, 'clock-ahead']] });
    expect(gateway.health()).toMatchObject({ later: { 'clock-ahead': 1 }, outbox: { buffered: 1 } });
  });

  test('the token stands nowhere in it', async () => {
    await startGateway();
    expect(JSON.stringify(gateway.health())).not.toContain('secret-token');
  });
});

test('a source in the configuration that this process cannot make is told at once', () => {
  const plan = { kind: 'simulated', name: 'school', needsZone: false };
  const create = () => {
    throw new Error('source school: this process has no simulators. Remove the source.');
  };
  const deps = { outbox, clock, random: () => 0.5, log: silentLog };
  expect(() => createGateway({ ...deps, config: { ...config, sources: [{ ...plan, create }] } })).toThrow('simulators');
});
