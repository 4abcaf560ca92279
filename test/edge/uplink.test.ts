import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Batch } from '../../contract/batch.ts';
import { Topics } from '../../contract/topics.ts';
import { createMemoryOutbox } from '../../edge/outbox/memory-outbox.ts';
import type { Outbox } from '../../edge/outbox/outbox.ts';
import { Uplink, type UplinkOptions } from '../../edge/uplink.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { aReading, NOON } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { CutLink, FakeIngest, GATEWAY } from './city.ts';

let clock: ManualClock;
let outbox: Outbox;
let link: CutLink;
let ingest: FakeIngest;
let uplink: Uplink;

/** No chance in these tests: a back-off waits half of what it might. */
const random = () => 0.5;

beforeEach(async () => {
  clock = new ManualClock();
  outbox = createMemoryOutbox({ clock, randomWord, log: silentLog });
  await outbox.start();
  link = new CutLink();
  ingest = new FakeIngest(link, clock);
});

async function connectUplink(options: Partial<UplinkOptions> = {}): Promise<void> {
  const topics = new Topics();
  uplink = new Uplink({ gateway: GATEWAY, topics, outbox, link, clock, random, log: silentLog, options });
  onTestFinished(() => uplink.stop());
  await uplink.start();
  await clock.advance(0);
}

/** One batch an append. */
async function append(count: number, readings = 1): Promise<void> {
  for (let batch = 0; batch < count; batch++) {
    const time = NOON + outbox.counters().produced;
    await outbox.append(Array.from({ length: readings }, (_, i) => aReading({ time: time + i })));
  }
}

/** Ingest stores everything that arrives, until nothing more comes. */
async function storeAll(): Promise<Batch[]> {
  const stored: Batch[] = [];
  for (;;) {
    const arrived = ingest.batches();
    ingest.forget();
    if (arrived.length === 0) return stored;
    for (const batch of arrived) ingest.store(batch);
    stored.push(...arrived);
    await clock.advance(0);
  }
}

describe('window', () => {
  test('it is one after a connect and grows by one with each acknowledgement', async () => {
    await connectUplink({ window: 4 });
    await append(20);
    expect(ingest.seqs()).toEqual([1]);
    for (const expected of [2, 3, 4, 4]) {
      const [first] = ingest.batches();
      ingest.forget();
      ingest.store(first as Batch);
      await clock.advance(0);
      expect(uplink.state()).toMatchObject({ window: expected, inFlight: expected });
      const waiting = ingest.batches();
      ingest.forget();
      for (const batch of waiting.slice(0, -1)) ingest.link.published.push(publishOf(batch));
      ingest.link.published.push(...waiting.slice(-1).map(publishOf));
    }
    link.disconnect();
    ingest.forget();
    link.connect();
    expect(ingest.seqs().length).toBe(1);
    expect(uplink.state().window).toBe(1);
  });

  test('nothing is published while disconnected, and all of it afterwards', async () => {
    link.connected = false;
    await connectUplink();
    await append(3);
    await clock.advance(60_000);
    expect(link.published).toEqual([]);
    link.connect();
    const stored = await storeAll();
    expect(stored.map((batch) => batch.seq)).toEqual([1, 2, 3]);
    expect(outbox.counters()).toMatchObject({ stored: 3, buffered: 0 });
  });
});

function publishOf(batch: Batch) {
  return { topic: `city/v1/${GATEWAY}/readings`, payload: JSON.stringify(batch), qos: 0 as const, retain: false };
}

describe('sending again', () => {
  test('what is not settled after ten seconds goes again with back-off, the same bytes', async () => {
    await connectUplink();
    await append(1);
    await clock.advance(9_999);
    expect(link.published.length).toBe(1);
    await clock.advance(1);
    expect(link.published.length).toBe(2);
    // 10 s and half of 1 s, then 10 s and half of 2 s
    await clock.advance(10_499);
    expect(link.published.length).toBe(2);
    await clock.advance(1);
    expect(link.published.length).toBe(3);
    await clock.advance(11_000);
    expect(link.published.length).toBe(4);
    expect(new Set(link.published.map(({ payload }) => String(payload))).size).toBe(1);
    expect(uplink.state()).toMatchObject({ resent: 3, inFlight: 1 });
    await storeAll();
    expect(outbox.counters()).toMatchObject({ stored: 1, buffered: 0 });
  });

  test('a new session sends everything unanswered again at once', async () => {
    await connectUplink();
    await append(10);
    ingest.store(ingest.batches()[0] as Batch);
    await clock.advance(0);
    expect(ingest.seqs()).toEqual([1, 2, 3]);
    ingest.forget();
    ingest.session = 'session2';
    ingest.say({});
    expect(ingest.seqs()).toEqual([2, 3]);
    ingest.forget();
    ingest.say({});
    expect(ingest.seqs()).toEqual([]);
  });

  test('the batch that the acknowledgement of a new session settles does not go again', async () => {
    await connectUplink();
    ingest.say({});
    await append(1);
    const [batch] = ingest.batches();
    ingest.forget();
    ingest.session = 'session2';
    ingest.store(batch as Batch);
    await clock.advance(60_000);
    expect(ingest.seqs()).toEqual([]);
    expect(outbox.counters().stored).toBe(1);
  });

  test('a batch dropped because the outbox was full is no longer sent', async () => {
    await connectUplink();
    await append(1);
    const [batch] = ingest.batches();
    await outbox.settle({
      session: 's',
      accepting: true,
      epoch: (batch as Batch).epoch,
      stored: [[1, 1]],
      rejected: [],
      later: [],
      at: 0,
    });
    ingest.forget();
    await clock.advance(30_000);
    expect(ingest.seqs()).toEqual([]);
    expect(uplink.state().inFlight).toBe(0);
  });

  test('a disk that refuses to settle costs a second sending, not the batch', async () => {
    await connectUplink();
    await append(1);
    const settle = outbox.settle.bind(outbox);
    outbox.settle = () => Promise.reject(new Error('ENOSPC'));
    ingest.store(ingest.batches()[0] as Batch);
    await clock.advance(0);
    ingest.forget();
    expect(outbox.counters()).toMatchObject({ stored: 0, buffered: 1 });
    outbox.settle = settle;
    await clock.advance(10_000);
    await storeAll();
    expect(outbox.counters()).toMatchObject({ stored: 1, buffered: 0 });
  });
});

describe('holding', () => {
  test('while ingest does not accept, only a probe is sent now and then, until it accepts', async () => {
    await connectUplink();
    ingest.accepting = false;
    ingest.say({});
    await append(5);
    await clock.advance(9_000);
    expect(ingest.seqs()).toEqual([]);
    expect(ingest.probes().length).toBe(6);
    expect(ingest.probes()[0]).toEqual({ v: 1, epoch: outbox.epoch, seq: 0, readings: [] });
    ingest.forget();
    ingest.accepting = true;
    ingest.say({ epoch: outbox.epoch });
    expect(ingest.seqs()).toEqual([1]);
    expect((await storeAll()).length).toBe(5);
    await clock.advance(5_000);
    expect(ingest.probes()).toEqual([]);
  });

  test('what was in flight when the hold began goes again after it, and that says nothing against it', async () => {
    await connectUplink({ sendsBeforeSetAside: 1 });
    await append(3);
    ingest.store(ingest.batches()[0] as Batch);
    await clock.advance(0);
    ingest.accepting = false;
    ingest.say({});
    await clock.advance(60_000);
    ingest.forget();
    ingest.accepting = true;
    ingest.say({});
    expect(ingest.seqs()).toEqual([2, 3]);
    expect(outbox.counters().setAside).toBe(0);
  });
});

describe('order', () => {
  test('new readings go before the backlog, which goes oldest first', async () => {
    await append(50);
    await connectUplink();
    expect(ingest.seqs()).toEqual([1]);
    await append(10);
    const stored = (await storeAll()).map((batch) => batch.seq);
    expect(stored.length).toBe(60);
    const lastNew = Math.max(...stored.map((seq, place) => (seq > 50 ? place : 0)));
    expect(lastNew).toBeLessThan(20);
    const backlog = stored.filter((seq) => seq <= 50);
    expect(backlog).toEqual([...backlog].sort((a, b) => a - b));
  });

  test('the backlog takes half of the window at most', async () => {
    await append(100);
    await connectUplink({ window: 8 });
    for (let turn = 0; turn < 20; turn++) {
      const [batch] = ingest.batches();
      ingest.forget();
      ingest.store(batch as Batch);
      await clock.advance(0);
    }
    expect(uplink.state()).toMatchObject({ window: 8, inFlight: 4 });
    ingest.forget();
    await append(6);
    expect(ingest.seqs()).toEqual([101, 102, 103, 104]);
  });

  test('the backlog is paced in readings a second, new readings are not', async () => {
    await append(100, 100);
    await connectUplink({ backlogReadingsPerS: 1_000 });
    // a second's credit
    expect((await storeAll()).length).toBe(10);
    await clock.advance(1_000);
    expect((await storeAll()).length).toBeLessThanOrEqual(11);
    let seconds = 0;
    for (; outbox.counters().buffered > 0; seconds++) {
      await clock.advance(1_000);
      await storeAll();
    }
    expect(seconds).toBeGreaterThanOrEqual(7);
    expect(seconds).toBeLessThanOrEqual(12);
    await append(30, 100);
    expect((await storeAll()).length).toBe(30);
  });
});

describe('later', () => {
  test('a batch for later leaves the window, is counted by reason and tried again slowly', async () => {
    await connectUplink({ window: 1 });
    await append(2);
    ingest.say({ epoch: outbox.epoch, later: [[1, 'clock-ahead']] });
    await clock.advance(0);
    expect(ingest.seqs()).toEqual([1, 2]);
    expect(uplink.state().later).toEqual({ 'clock-ahead': 1 });
    ingest.store(ingest.batches()[1] as Batch);
    ingest.forget();
    await clock.advance(59_000);
    expect(ingest.seqs()).toEqual([]);
    await clock.advance(1_000);
    expect(ingest.seqs()).toEqual([1]);
    ingest.say({ epoch: outbox.epoch, later: [[1, 'owner-unknown']] });
    await clock.advance(0);
    expect(uplink.state().later).toEqual({ 'owner-unknown': 1 });
    ingest.forget();
    await clock.advance(60_000);
    await storeAll();
    expect(uplink.state().later).toEqual({});
    expect(outbox.counters()).toMatchObject({ stored: 2, buffered: 0 });
    await clock.advance(300_000);
    expect(ingest.seqs()).toEqual([]);
  });

  test('many batches for later are all tried again, and settle when ingest takes them', async () => {
    await connectUplink({ laterRetryMs: 10_000 });
    await append(200);
    for (let turn = 0; turn < 200; turn++) {
      const arrived = ingest.batches();
      if (arrived.length === 0) break;
      ingest.forget();
      for (const { epoch, seq } of arrived) ingest.say({ epoch, later: [[seq, 'owner-unknown']] });
      await clock.advance(0);
    }
    expect(uplink.state()).toMatchObject({ later: { 'owner-unknown': 200 }, inFlight: 0 });
    await clock.advance(10_000);
    await storeAll();
    await clock.advance(0);
    expect(uplink.state().later).toEqual({});
    expect(outbox.counters()).toMatchObject({ stored: 200, buffered: 0 });
  });
});

describe('setting aside', () => {
  test('a batch sent ten times while others settled is set aside, kept and counted', async () => {
    await connectUplink();
    await append(1);
    for (let minute = 0; minute < 30 && outbox.counters().setAside === 0; minute++) {
      await append(1);
      for (const batch of ingest.batches()) if (batch.seq !== 1) ingest.store(batch);
      await clock.advance(20_000);
    }
    const sends = ingest.seqs().filter((seq) => seq === 1).length;
    expect(sends).toBeGreaterThanOrEqual(10);
    expect(sends).toBeLessThanOrEqual(16);
    expect(outbox.counters()).toMatchObject({ setAside: 1, buffered: 1 });
    ingest.forget();
    await clock.advance(600_000);
    expect(ingest.seqs()).toEqual([]);
    expect(await uplink.retrySetAside()).toBe(1);
    expect(ingest.seqs()).toEqual([1]);
    await storeAll();
    expect(outbox.counters()).toMatchObject({ setAside: 0, buffered: 0 });
  });

  test('a batch that nobody answers while nothing else settles is never set aside', async () => {
    await connectUplink();
    await append(3);
    await clock.advance(3_600_000);
    expect(outbox.counters().setAside).toBe(0);
    expect(ingest.seqs().length).toBeGreaterThan(50);
  });

  test('the oldest batch in flight at three disconnects in a row is set aside, and the rest goes on', async () => {
    await connectUplink();
    await append(3);
    for (let turn = 0; turn < 3; turn++) {
      expect(ingest.seqs()).toEqual([1]);
      ingest.forget();
      link.disconnect();
      await clock.advance(1_000);
      link.connect();
      await clock.advance(0);
      if (turn < 2) expect(outbox.counters().setAside).toBe(0);
    }
    expect(outbox.counters()).toMatchObject({ setAside: 1, buffered: 3 });
    const stored = await storeAll();
    expect(stored.map((batch) => batch.seq)).toEqual([2, 3]);
  });

  test('disconnects between which it was settled or another was the oldest are not in a row', async () => {
    await connectUplink();
    await append(1);
    for (let turn = 0; turn < 6; turn++) {
      ingest.forget();
      link.disconnect();
      link.connect();
      await clock.advance(0);
      if (turn % 2 === 0) {
        await storeAll();
        await append(1);
      }
    }
    expect(outbox.counters().setAside).toBe(0);
  });
});

test('a silent batch at the head of a new connection does not keep the others back for long', async () => {
  await append(5);
  await connectUplink();
  await clock.advance(30_000);
  for (let turn = 0; turn < 10; turn++) {
    const arrived = ingest.batches();
    ingest.forget();
    for (const batch of arrived) if (batch.seq !== 1) ingest.store(batch);
    await clock.advance(0);
  }
  expect(outbox.counters()).toMatchObject({ stored: 4, buffered: 1 });
});

test('however long ingest is silent, no more than the window is in flight', async () => {
  await append(100);
  await connectUplink({ window: 8 });
  await clock.advance(3_600_000);
  expect(uplink.state().inFlight).toBe(8);
  expect(outbox.counters().setAside).toBe(0);
});

describe('acknowledgements', () => {
  test('one that cannot be understood is counted and harms nothing', async () => {
    await connectUplink();
    await append(1);
    const topic = `city/v1/${GATEWAY}/ack`;
    for (const bad of ['', '{', '[]', '{"session":1}', '{"session":"s","accepting":true,"stored":[[0]],"at":1}']) {
      link.deliver(topic, bad);
    }
    link.deliver(topic, new Uint8Array([255, 254, 0]));
    expect(uplink.state()).toMatchObject({ invalidAcknowledgements: 6, inFlight: 1 });
    await storeAll();
    expect(outbox.counters().stored).toBe(1);
  });

  test('one of a batch of an earlier connection or epoch settles it all the same', async () => {
    await connectUplink();
    await append(1);
    const [batch] = ingest.batches();
    link.disconnect();
    ingest.store(batch as Batch);
    await clock.advance(0);
    expect(outbox.counters()).toMatchObject({ stored: 1, buffered: 0 });
  });

  test('a whole batch rejected and single readings rejected are settled and counted', async () => {
    await connectUplink();
    await append(2, 3);
    const { epoch } = outbox;
    ingest.say({ epoch, rejected: [[1, -1, 'too-large']] });
    await clock.advance(0);
    ingest.say({ epoch, stored: [[2, 2]], rejected: [[2, 0, 'unknown-metric']] });
    await clock.advance(0);
    expect(outbox.counters()).toMatchObject({
      stored: 2,
      rejected: { 'too-large': 3, 'unknown-metric': 1 },
      buffered: 0,
    });
    expect(uplink.state().inFlight).toBe(0);
  });
});
