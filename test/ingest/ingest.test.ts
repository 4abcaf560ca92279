import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { Ingest, type IngestOptions } from '../../ingest/ingest.ts';
import type { Committed, GatewayCounts } from '../../ingest/ingest-view.ts';
import { silentLog } from '../../runtime/log.ts';
import { StoreFailure } from '../../store/telemetry-store.ts';
import { aBatch, aReading, NOON } from '../builders.ts';
import { FakeLink } from '../fake-link.ts';
import { FakeRegister } from '../fake-register.ts';
import { FakeStore } from '../fake-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const READINGS = 'city/v1/library/readings';
const ACK = 'city/v1/library/ack';

async function anIngest(change: Partial<IngestOptions> = {}, store = new FakeStore(), folder = temporaryFolder()) {
  const link = new FakeLink();
  const clock = new ManualClock(NOON);
  const newDevices: string[] = [];
  const ingest = new Ingest({
    options: { topicPrefix: 'city/v1', deadLettersPath: `${folder}/dead-letters`, ...change },
    link,
    register: new FakeRegister().withGateway('library').withDevice('library', 'main-meter'),
    store,
    clock,
    random: () => 0.5,
    log: silentLog,
    registry: new Registry(),
    onNewDevice: (gateway, device) => newDevices.push(`${gateway}/${device}`),
  });
  await ingest.start();
  onTestFinished(() => ingest.stop());
  const acks = () => link.bodies<Acknowledgement>(ACK);
  const counts = (): GatewayCounts => ingest.gateways().find(({ gateway }) => gateway === 'library')!.counts;
  /** Dead letters are really written to disk: wait for that. */
  const until = async (condition: () => boolean) => {
    for (let turn = 0; turn < 2_000 && !condition(); turn++) {
      await clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(condition()).toBe(true);
  };
  return { ingest, link, clock, store, acks, counts, newDevices, until, folder };
}

function expectBalanced(c: GatewayCounts): void {
  const sum = (by: Readonly<Record<string, number>>) => Object.values(by).reduce((a, b) => a + b, 0);
  expect(c.received).toBe(c.stored + c.duplicate + sum(c.rejected) + sum(c.later) + c.shed + c.queued);
}

test('a batch is acknowledged only after the store has it', async () => {
  const { link, clock, store, acks, counts } = await anIngest();
  let open = (): void => {};
  store.gate = new Promise((resolve) => (open = resolve));
  link.deliver(READINGS, aBatch());
  await clock.advance(1_000);
  expect(acks()).toEqual([]);
  expect(counts()).toMatchObject({ received: 1, queued: 1, stored: 0 });
  open();
  await clock.advance(0);
  expect(acks()).toMatchObject([{ epoch: 'epoch1', stored: [[1, 1]], rejected: [], later: [], accepting: true }]);
  expect(counts()).toMatchObject({ received: 1, queued: 0, stored: 1 });
});

test('acknowledgements are gathered per gateway and commit', async () => {
  const { link, clock, acks } = await anIngest();
  for (let seq = 1; seq <= 5; seq++) link.deliver(READINGS, aBatch({ seq }));
  link.deliver(READINGS, aBatch({ seq: 9 }));
  link.deliver(READINGS, aBatch({ epoch: 'other', seq: 1 }));
  await clock.advance(100);
  expect(acks()).toMatchObject([
    {
      epoch: 'epoch1',
      stored: [
        [1, 5],
        [9, 9],
      ],
    },
    { epoch: 'other', stored: [[1, 1]] },
  ]);
});

test('a duplicate gets the same answer, before the commit only once', async () => {
  const { link, clock, acks, counts, store, until } = await anIngest();
  const batch = aBatch({ readings: [aReading(), aReading({ values: { smell: 1 } })] });
  link.deliver(READINGS, batch);
  link.deliver(READINGS, batch);
  await until(() => acks().length === 1);
  link.deliver(READINGS, batch);
  await clock.advance(100);
  expect(store.committed).toHaveLength(1);
  expect(acks()).toHaveLength(2);
  const answer = { epoch: 'epoch1', stored: [[1, 1]], rejected: [[1, 1, 'unknown-metric']] };
  expect(acks()).toMatchObject([answer, answer]);
  expect(counts()).toMatchObject({ received: 6, stored: 1, duplicate: 4, rejected: { 'unknown-metric': 1 } });
  expectBalanced(counts());
});

test('a probe is answered with the time', async () => {
  const { link, clock, acks } = await anIngest();
  link.deliver(READINGS, aBatch({ seq: 0, readings: [] }));
  await clock.advance(10);
  expect(acks()).toMatchObject([{ at: expect.closeTo(NOON, -2), stored: [], epoch: 'epoch1' }]);
});

describe('bad input', () => {
  test('each kind ends as a counted outcome and the next good batch is stored', async () => {
    const { ingest, link, clock, acks, counts, store, until } = await anIngest();
    link.deliver(READINGS, 'garbage');
    link.deliver(READINGS, { ...aBatch({ seq: 1 }), colour: 'red' });
    link.deliver(
      READINGS,
      aBatch({
        seq: 2,
        readings: [aReading({ time: 0 }), aReading(), aReading({ values: { humidity_percent: 500 } })],
      }),
    );
    link.deliver(READINGS, aBatch({ seq: 3, readings: [aReading({ time: NOON + 1e10 })] }));
    link.deliver(READINGS, { ...aBatch({ seq: 4 }), v: 2 });
    link.deliver(READINGS, aBatch({ seq: 5 }));
    await until(() => counts().stored === 2);
    await clock.advance(100);
    expect(counts()).toMatchObject({
      received: 7,
      rejected: { 'unknown-key': 1, 'too-old': 1, 'value-out-of-range': 1 },
      later: { 'clock-ahead': 1, 'version-unknown': 1 },
    });
    expectBalanced(counts());
    expect(ingest.status().undecodable).toBe(1);
    const answers = acks();
    expect(answers.flatMap(({ later }) => later).toSorted()).toEqual([
      [3, 'clock-ahead'],
      [4, 'version-unknown'],
    ]);
    expect(answers.flatMap(({ rejected }) => rejected).toSorted()).toEqual([
      [1, -1, 'unknown-key'],
      [2, 0, 'too-old'],
      [2, 2, 'value-out-of-range'],
    ]);
    expect(answers.flatMap(({ stored }) => stored)).toEqual([
      [2, 2],
      [5, 5],
    ]);
    await until(() => ingest.deadLetters.list({ limit: 10 }).length === 4);
    expect(ingest.deadLetters.counts()).toEqual({
      malformed: 1,
      'unknown-key': 1,
      'too-old': 1,
      'value-out-of-range': 1,
    });
    const letter = ingest.deadLetters.get('library/epoch1/2/2')!;
    expect(JSON.parse(letter.content)).toEqual(aReading({ values: { humidity_percent: 500 } }));
    expect(letter.detail).toContain('humidity_percent');
    // A batch rejected whole is settled in the store's ledger too, so that it stays so.
    expect(store.committed.map(({ seq }) => seq).toSorted()).toEqual([1, 2, 5]);
  });

  test('an unknown gateway is told to come later', async () => {
    const { link, clock } = await anIngest();
    link.deliver('city/v1/stranger/readings', aBatch());
    await clock.advance(10);
    expect(link.bodies('city/v1/stranger/ack')).toMatchObject([{ later: [[1, 'owner-unknown']] }]);
  });

  test('an unknown device is stored and told', async () => {
    const { link, clock, newDevices, counts } = await anIngest();
    link.deliver(READINGS, aBatch({ readings: [aReading({ device: 'heat-pump' })] }));
    await clock.advance(100);
    expect(newDevices).toEqual(['library/heat-pump']);
    expect(counts().stored).toBe(1);
  });
});

describe('a failing store', () => {
  test('keeps the batch unanswered, tries again, and says why meanwhile', async () => {
    const { ingest, link, clock, store, acks, counts } = await anIngest();
    store.failures.push(new StoreFailure('unavailable', 'the disk is full'), new Error('surprise'), undefined);
    link.deliver(READINGS, aBatch());
    await clock.advance(50);
    expect(ingest.status().storeFault).toBe('the disk is full');
    expect(acks()).toEqual([]);
    await clock.advance(10_000);
    expect(ingest.status().storeFault).toBe('');
    expect(store.committed).toHaveLength(1);
    expect(acks()).toHaveLength(1);
    expectBalanced(counts());
  });

  test('new batches do not cut its back-off short', async () => {
    const { link, clock, store } = await anIngest({ commit: { mostReadings: 1 } });
    for (let i = 0; i < 3; i++) store.failures.push(new StoreFailure('misconfigured', 'no database'));
    for (let seq = 1; seq <= 100; seq++) link.deliver(READINGS, aBatch({ seq }));
    await clock.advance(500);
    expect(store.failures).toHaveLength(2);
  });

  test('a full queue sheds, says so, and says when intake is open again', async () => {
    const { ingest, link, clock, store, acks, counts } = await anIngest({ queueBytes: 1_000 });
    store.failures.push(new StoreFailure('unavailable', 'down'));
    for (let seq = 1; seq <= 50; seq++) link.deliver(READINGS, aBatch({ seq }));
    await clock.advance(20);
    expect(ingest.status().accepting).toBe(false);
    expect(acks().at(-1)).toMatchObject({ accepting: false, stored: [] });
    expect(counts().shed).toBeGreaterThan(30);
    expectBalanced(counts());
    await clock.advance(10_000);
    expect(ingest.status().accepting).toBe(true);
    expect(acks().at(-1)).toMatchObject({ accepting: true });
    // What was shed comes again and is taken.
    for (let seq = 1; seq <= 5; seq++) link.deliver(READINGS, aBatch({ seq: 45 + seq }));
    await clock.advance(1_000);
    expect(
      acks()
        .flatMap(({ stored }) => stored)
        .at(-1)?.[1],
    ).toBe(50);
    expectBalanced(counts());
  });

  test('what the store refuses for good becomes a dead letter; the rest is stored', async () => {
    const { ingest, link, store, acks, counts, until } = await anIngest();
    store.refuse = () => [{ index: 1, reason: 'store-refused', detail: 'field type conflict' }];
    link.deliver(READINGS, aBatch({ readings: [aReading(), aReading({ device: 'b' })] }));
    await until(() => acks().length === 1);
    expect(acks()).toMatchObject([{ stored: [[1, 1]], rejected: [[1, 1, 'store-refused']] }]);
    expect(counts()).toMatchObject({ stored: 1, rejected: { 'store-refused': 1 } });
    expect(ingest.deadLetters.get('library/epoch1/1/1')).toMatchObject({
      reason: 'store-refused',
      detail: 'field type conflict',
    });
  });
});

test('after a restart the ledger answers as before, under a new session', async () => {
  const store = new FakeStore();
  store.entries = [{ gateway: 'library', epoch: 'epoch1', range: [1, 3], rejected: [[2, 0, 'too-old']] }];
  const { link, clock, acks } = await anIngest({}, store);
  link.deliver(READINGS, aBatch({ seq: 2 }));
  await clock.advance(10);
  expect(store.committed).toEqual([]);
  expect(acks()).toMatchObject([{ stored: [[2, 2]], rejected: [[2, 0, 'too-old']] }]);
  const other = await anIngest();
  expect(other.ingest.status().session).not.toBe(acks()[0]!.session);
});

test('a gateway that comes online is greeted with the session', async () => {
  const { link, clock, acks, ingest } = await anIngest();
  link.deliver('city/v1/library/presence', { online: true, since: NOON, version: '1' });
  link.deliver('city/v1/library/presence', { online: true, since: NOON, version: '1' });
  await clock.advance(10);
  expect(acks()).toMatchObject([{ session: ingest.status().session, stored: [] }]);
});

describe('health', () => {
  const health = (epoch: string, epochs: string[]) => ({
    version: '1',
    epoch,
    epochs,
    at: NOON,
    uptime_s: 1,
    outbox: {
      produced: 0,
      stored: 0,
      rejected: {},
      dropped: 0,
      buffered: 0,
      set_aside: 0,
      undated: 0,
      batches: 0,
      bytes: 0,
      capacity_bytes: 1,
      oldest_s: 0,
    },
    later: {},
    clock_offset_ms: null,
    memory_mib: 1,
    sources: [],
  });

  test('folds the epochs that the gateway no longer holds', async () => {
    const { link, clock, store } = await anIngest();
    link.deliver(READINGS, aBatch({ epoch: 'old' }));
    await clock.advance(100);
    link.deliver('city/v1/library/health', health('new', ['old', 'new']));
    expect(store.forgotten).toEqual([]);
    link.deliver('city/v1/library/health', health('new', ['new']));
    expect(store.forgotten).toEqual([{ gateway: 'library', held: ['new', 'new'] }]);
  });

  test('of two starts in turn means a cloned disk; a restart does not', async () => {
    const { link, ingest, clock } = await anIngest();
    const two = () => ingest.gateways()[0]!.twoEpochs;
    link.deliver('city/v1/library/health', health('a', ['a']));
    link.deliver('city/v1/library/health', health('b', ['a', 'b']));
    expect(two()).toBe(false);
    link.deliver('city/v1/library/health', health('a', ['a']));
    expect(two()).toBe(true);
    await clock.advance(11 * 60_000);
    expect(two()).toBe(false);
  });
});

describe('dead letters', () => {
  test('survive a restart, are replayed once the cause is gone, or stay under their new reason', async () => {
    const first = await anIngest({ admission: { retentionMs: 1_000 } });
    first.link.deliver(
      READINGS,
      aBatch({ readings: [aReading({ time: NOON - 5_000 }), aReading({ values: { smell: 1 } })] }),
    );
    await first.until(() => first.acks().length === 1);
    await first.ingest.stop();

    const { ingest, store, counts, until } = await anIngest({}, new FakeStore(), first.folder);
    expect(ingest.deadLetters.counts()).toEqual({ 'too-old': 1, 'unknown-metric': 1 });
    const replay = ingest.deadLetters.replay({});
    await until(() => store.committed.length === 1);
    expect(await replay).toEqual({ stored: 1, rejected: { 'unknown-metric': 1 } });
    expect(store.committed[0]).toMatchObject({ epoch: 'replay' });
    expect(ingest.deadLetters.list({ limit: 10 }).map(({ id }) => id)).toEqual(['library/epoch1/1/1']);
    expectBalanced(counts());
    expect(await ingest.deadLetters.drop({ reason: 'unknown-metric' })).toBe(1);
    expect(ingest.deadLetters.counts()).toEqual({});
  });

  test('are listed newest first, by page', async () => {
    const { ingest, link, acks, until } = await anIngest();
    for (let seq = 1; seq <= 5; seq++) link.deliver(READINGS, aBatch({ seq, readings: [aReading({ time: 0 })] }));
    await until(() => acks().length === 1);
    const page = ingest.deadLetters.list({ limit: 2 });
    expect(page.map(({ seq }) => seq)).toEqual([5, 4]);
    expect(ingest.deadLetters.list({ limit: 9, after: page[1]!.id }).map(({ seq }) => seq)).toEqual([3, 2, 1]);
    expect(ingest.deadLetters.list({ limit: 9, gateway: 'school' })).toEqual([]);
  });

  test('are bounded: the oldest give way', async () => {
    const { ingest, link, acks, until } = await anIngest({ mostDeadLetters: 3 });
    for (let seq = 1; seq <= 5; seq++) link.deliver(READINGS, aBatch({ seq, readings: [aReading({ time: 0 })] }));
    await until(() => acks().length === 1);
    expect(ingest.deadLetters.list({ limit: 9 }).map(({ seq }) => seq)).toEqual([5, 4, 3]);
  });
});

test('news of a commit names what was stored and leaves out what was not', async () => {
  const { ingest, link, until } = await anIngest();
  const news: Committed[] = [];
  ingest.onCommitted((committed) => news.push(committed));
  link.deliver(READINGS, aBatch({ readings: [aReading(), aReading({ time: 0 })] }));
  await until(() => news.length === 1);
  expect(news).toEqual([{ gateway: 'library', readings: [aReading()] }]);
});

test('stopping commits what is queued', async () => {
  const { ingest, link, store, acks } = await anIngest();
  link.deliver(READINGS, aBatch());
  await ingest.stop();
  expect(store.committed).toHaveLength(1);
  expect(acks()).toHaveLength(1);
});

describe('imported batches', () => {
  const bytes = (batch: object) => Buffer.from(JSON.stringify(batch));

  test('take the steps of any other and are answered to whoever brought them, not on the wire', async () => {
    const { ingest, clock, acks, counts, store, until } = await anIngest();
    const readings = [aReading(), aReading({ values: { smell: 1 } })];
    const batch = bytes(aBatch({ epoch: 'import1', readings }));
    let outcome: unknown;
    const settled = ingest.takeImported('library', batch).then((told) => (outcome = told));
    expect(await ingest.takeImported('library', batch)).toEqual({ kind: 'pending' });
    await until(() => outcome !== undefined);
    expect(await settled).toMatchObject({ kind: 'settled', rejected: [{ index: 1, reason: 'unknown-metric' }] });
    expect(await ingest.takeImported('library', batch)).toEqual({
      kind: 'duplicate',
      rejected: [[1, 'unknown-metric']],
    });
    await clock.advance(100);
    expect(acks()).toEqual([]);
    expect(store.committed).toHaveLength(1);
    expect(ingest.deadLetters.counts()).toEqual({ 'unknown-metric': 1 });
    expect(counts()).toMatchObject({ received: 6, stored: 1, duplicate: 4, rejected: { 'unknown-metric': 1 } });
    expectBalanced(counts());
  });

  test('that cannot be taken say why', async () => {
    const { ingest, counts } = await anIngest({ queueBytes: 10 });
    const batch = bytes(aBatch({ epoch: 'import1' }));
    expect(await ingest.takeImported('library', batch)).toEqual({ kind: 'shed' });
    expect(await ingest.takeImported('unknown', batch)).toEqual({ kind: 'later', reason: 'owner-unknown' });
    expect(await ingest.takeImported('library', Buffer.from('{'))).toMatchObject({ kind: 'malformed' });
    expect(await ingest.takeImported('library', bytes(aBatch({ v: 2 as 1 })))).toMatchObject({ kind: 'later' });
    expectBalanced(counts());
    await ingest.stop();
    expect(await ingest.takeImported('library', batch)).toEqual({ kind: 'shed' });
  });
});
