import { beforeEach, expect, test } from 'vitest';
import type { Batch } from '../../contract/batch.ts';
import { createMemoryOutbox } from '../../edge/outbox/memory-outbox.ts';
import type { Outbox } from '../../edge/outbox/outbox.ts';
import { SourceSink } from '../../edge/source-sink.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { NOON } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';

const values = { active_power_kw: 1 };
let clock: ManualClock;
let outbox: Outbox;
let sink: SourceSink;
let gatewayClock: { isConfirmed: boolean; instantOf(monotonicMs: number): number };
let heldLate: number;

beforeEach(async () => {
  clock = new ManualClock(0);
  outbox = createMemoryOutbox({ clock, randomWord, log: silentLog });
  await outbox.start();
  heldLate = 0;
  gatewayClock = { isConfirmed: true, instantOf: (monotonicMs) => NOON + monotonicMs };
  const onHeldLate = () => void heldLate++;
  sink = new SourceSink({ source: 'plugs', outbox, gatewayClock, clock, boot: 'boot1', onHeldLate });
});

function batches(): Batch[] {
  const held = outbox.batches({ after: 0, upTo: outbox.lastId, limit: 1_000 });
  return held.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as Batch);
}

test('small appends are written together, each promise resolves only after the disk has them', async () => {
  let done = 0;
  for (let reading = 0; reading < 5; reading++) {
    void sink.append([{ device: 'lamp', time: NOON + reading, values }]).then(() => done++);
  }
  await clock.advance(99);
  expect([done, batches().length]).toEqual([0, 0]);
  await clock.advance(1);
  expect([done, batches().length]).toEqual([5, 1]);
  expect(batches()[0]?.readings.length).toBe(5);
});

test('many readings or a cursor do not wait', async () => {
  await sink.append(Array.from({ length: 500 }, (_, i) => ({ device: 'lamp', time: NOON + i, values })));
  await sink.append([{ device: 'lamp', time: NOON - 1, values }], 'here');
  expect(sink.cursor()).toBe('here');
  await sink.append([], 'there');
  expect(sink.cursor()).toBe('there');
  expect(outbox.counters().produced).toBe(501);
});

test('a reading without a time is dated by when it was taken, not by when it was written', async () => {
  await clock.advance(1_000);
  void sink.append([{ device: 'lamp', values }]);
  void sink.append([{ device: 'lamp', values, takenMonotonicMs: 400 }]);
  await clock.advance(100);
  expect(batches()[0]?.readings.map(({ time }) => time)).toEqual([NOON + 1_000, NOON + 400]);
});

test('until the clock is confirmed only readings with a time are numbered', async () => {
  gatewayClock.isConfirmed = false;
  await sink.append(
    [
      { device: 'lamp', values },
      { device: 'lamp', time: NOON, values },
    ],
    'place',
  );
  expect(outbox.counters()).toMatchObject({ produced: 2, undated: 1, batches: 1 });
  expect(sink.cursor()).toBe('place');
  await sink.append([{ device: 'lamp', values }], 'next');
  expect(outbox.counters()).toMatchObject({ produced: 3, undated: 2, batches: 1 });
  expect(sink.cursor()).toBe('next');
});

test('a clock confirmed while the disk writes what was to be held is told', async () => {
  gatewayClock.isConfirmed = false;
  const written = sink.append([{ device: 'lamp', values }], 'place');
  gatewayClock.isConfirmed = true;
  await written;
  expect(heldLate).toBe(1);
});

test('when the disk refuses, every append that waited together is told', async () => {
  outbox.append = () => Promise.reject(new Error('ENOSPC'));
  const all = Promise.allSettled([1, 2].map((time) => sink.append([{ device: 'lamp', time, values }])));
  await clock.advance(100);
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
