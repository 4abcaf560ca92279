import { beforeEach, expect, test } from 'vitest';
import { ReadingQueue } from '../../../edge/sources/reading-queue.ts';
import type { SourceReading } from '../../../edge/sources/source.ts';
import { ManualClock } from '../../manual-clock.ts';

let clock: ManualClock;
let written: SourceReading[];
let isFull: boolean;
const sink = {
  async append(readings: readonly SourceReading[]) {
    if (isFull) throw new Error('ENOSPC');
    written.push(...readings);
  },
  cursor: () => undefined,
};

beforeEach(() => {
  clock = new ManualClock();
  written = [];
  isFull = false;
});

function readings(from: number, count: number): SourceReading[] {
  return Array.from({ length: count }, (_, i) => ({ device: 'lamp', time: from + i, values: {} }));
}

test('readings reach the disk in order, in portions', async () => {
  const queue = new ReadingQueue({ clock, random: () => 0.5 });
  queue.start(sink);
  for (let i = 0; i < 30; i++) queue.add(readings(i * 100, 100));
  await clock.advance(0);
  expect(written.map(({ time }) => time)).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
  expect(queue).toMatchObject({ delivered: 3_000, lost: 0, fault: '' });
});

test('a message without a reading does not hold up the next one', async () => {
  const queue = new ReadingQueue({ clock, random: () => 0.5 });
  queue.start(sink);
  queue.add([]);
  queue.add(readings(0, 1));
  await clock.advance(0);
  expect(written.length).toBe(1);
  // Also when the next one comes in the very moment in which the queue has become empty.
  for (let turns = 0; turns < 12; turns++) {
    queue.add(readings(turns, 1));
    for (let turn = 0; turn < turns; turn++) await undefined;
    queue.add(readings(turns, 1));
    await clock.advance(0);
    expect(written.length).toBe(1 + 2 * (turns + 1));
  }
});

test('while the disk refuses, memory is bounded and what is lost is counted', async () => {
  const queue = new ReadingQueue({ clock, random: () => 0.5, most: 1_000 });
  queue.start(sink);
  isFull = true;
  for (let i = 0; i < 30; i++) queue.add(readings(i * 100, 100));
  await clock.advance(60_000);
  expect(queue).toMatchObject({ delivered: 0, lost: 2_000, fault: 'the disk refuses readings: ENOSPC' });
  isFull = false;
  await clock.advance(60_000);
  expect(queue).toMatchObject({ delivered: 1_000, lost: 2_000, fault: '' });
});

test('a reading without a time remembers when it came, however long the disk refuses', async () => {
  const queue = new ReadingQueue({ clock, random: () => 0.5 });
  queue.start(sink);
  await clock.advance(500);
  isFull = true;
  queue.add([{ device: 'lamp', values: {} }]);
  await clock.advance(90_000);
  isFull = false;
  await clock.advance(60_000);
  expect(written).toEqual([{ device: 'lamp', values: {}, takenMonotonicMs: 500 }]);
});

test('stopping writes what waits, or counts it as lost', async () => {
  const queue = new ReadingQueue({ clock, random: () => 0.5 });
  queue.start(sink);
  queue.add(readings(0, 10));
  await queue.stop();
  expect(written.length).toBe(10);
  const other = new ReadingQueue({ clock, random: () => 0.5 });
  other.start(sink);
  isFull = true;
  other.add(readings(0, 10));
  await clock.advance(0);
  await other.stop();
  expect(other.lost).toBe(10);
});
