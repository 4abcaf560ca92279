import { beforeEach, expect, test } from 'vitest';
import { type Feed, SimulatedSource } from '../../../edge/sources/simulated.ts';
import type { ReadingSink, SourceReading } from '../../../edge/sources/source.ts';
import { silentLog } from '../../../runtime/log.ts';
import { NOON } from '../../builders.ts';
import { ManualClock } from '../../manual-clock.ts';

/** One reading a second from NOON on, five a step; the cursor is the time of the last. */
const feed: Feed = {
  *readingsUpTo(cursor, now) {
    let time = cursor === undefined ? NOON : Number(cursor) + 1_000;
    while (time <= now) {
      const readings: SourceReading[] = [];
      for (; time <= now && readings.length < 5; time += 1_000) {
        readings.push({ device: 'meter', time, values: { active_power_kw: (time / 1_000) % 7 } });
      }
      yield { readings, cursor: String(time - 1_000) };
    }
  },
};

/** A disk that can refuse, even after it has written, as a power cut does. */
class FakeDisk implements ReadingSink {
  readonly readings: SourceReading[] = [];
  place: string | undefined;
  isFull = false;
  appends = 0;

  cursor(): string | undefined {
    return this.place;
  }

  async append(readings: readonly SourceReading[], cursor?: string): Promise<void> {
    this.appends++;
    if (this.isFull) throw new Error('ENOSPC');
    this.readings.push(...readings);
    this.place = cursor ?? this.place;
  }

  times(): number[] {
    return this.readings.map((reading) => ((reading.time ?? 0) - NOON) / 1_000);
  }
}

let clock: ManualClock;
let disk: FakeDisk;

beforeEach(() => {
  clock = new ManualClock(NOON);
  disk = new FakeDisk();
});

function aSource(readingsPerS = 5_000, theFeed = feed): SimulatedSource {
  const options = { name: 'school', feed: theFeed, clock, random: () => 0.5, log: silentLog, readingsPerS };
  return new SimulatedSource(options);
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);

test('it delivers what its feed says, as time passes', async () => {
  const source = aSource();
  await source.start(disk);
  await clock.advance(30_000);
  expect(disk.times()).toEqual(upTo(30));
  expect(source.state()).toMatchObject({ kind: 'simulated', state: 'running', readings: 31 });
  await source.stop();
  expect(source.state().state).toBe('stopped');
});

test('after a restart it goes on from the durable cursor and fills the hole', async () => {
  const first = aSource();
  await first.start(disk);
  await clock.advance(10_000);
  await first.stop();
  await clock.advance(600_000);
  const second = aSource();
  await second.start(disk);
  await clock.advance(60_000);
  await second.stop();
  expect(disk.times()).toEqual(upTo(670));
});

test('a hole is filled at the pace', async () => {
  clock.setWall(NOON + 1_000_000);
  const source = aSource(100);
  await source.start(disk);
  await clock.advance(0);
  expect(disk.times().length).toBe(100);
  await clock.advance(5_000);
  expect(disk.times().length).toBeGreaterThanOrEqual(590);
  expect(disk.times().length).toBeLessThanOrEqual(610);
  await source.stop();
});

test('while the disk refuses it keeps the step, says so, and loses and doubles nothing', async () => {
  const source = aSource();
  await source.start(disk);
  await clock.advance(5_000);
  disk.isFull = true;
  await clock.advance(120_000);
  expect(source.state()).toMatchObject({ state: 'failing', detail: 'the disk refuses readings: ENOSPC' });
  expect(disk.appends).toBeLessThan(40);
  disk.isFull = false;
  await clock.advance(60_000);
  expect(source.state()).toMatchObject({ state: 'running', detail: '' });
  expect(disk.times()).toEqual(upTo(disk.times().length - 1));
  expect(disk.times().length).toBeGreaterThan(180);
  await source.stop();
});

test('it stops while the disk refuses', async () => {
  disk.isFull = true;
  const source = aSource();
  await source.start(disk);
  await clock.advance(5_000);
  await source.stop();
  expect(disk.readings).toEqual([]);
});

test('a feed that fails is told and asked again', async () => {
  let isBroken = true;
  const source = aSource(5_000, {
    readingsUpTo(cursor, now) {
      if (isBroken) throw new Error('no weather');
      return feed.readingsUpTo(cursor, now);
    },
  });
  await source.start(disk);
  await clock.advance(2_000);
  expect(source.state()).toMatchObject({ state: 'failing', detail: 'the feed failed: no weather' });
  isBroken = false;
  await clock.advance(3_000);
  expect(disk.times()).toEqual(upTo(5));
  await source.stop();
});

test('a feed that has more to tell is heard at once, and what is new is asked for before what is old', async () => {
  let more = () => {};
  const told: string[] = [];
  let past = 0;
  const patient: Feed = {
    onMore: (listener) => {
      more = listener;
    },
    *readingsUpTo(_cursor, now) {
      told.push(`asked ${(now - NOON) / 1_000}`);
      while (past > 0) {
        past--;
        yield {
          readings: Array.from({ length: 3_000 }, () => ({ device: 'meter', time: NOON, values: { voltage_v: 1 } })),
          cursor: `${past}`,
        };
      }
    },
  };
  const source = aSource(5_000, patient);
  await source.start(disk);
  await clock.advance(100);
  past = 1;
  more();
  await clock.advance(0);
  expect(told).toEqual(['asked 0', 'asked 0.1']);
  expect(disk.appends).toBe(1);
  // Five seconds of paced past: the feed is asked about the present in between.
  past = 8;
  more();
  await clock.advance(5_000);
  expect(told.length).toBeGreaterThanOrEqual(5);
  expect(disk.appends).toBe(9);
  await source.stop();
});
