/** What the worker does when: live quarter hours, late readings, faults, a first start over old data, and retention. */
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RollUpWorker, type RollUpWorkerOptions } from '../../../energy/rollup/roll-up-worker.ts';
import { FileRollUpMarks } from '../../../ingest/roll-up-marks.ts';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { ManualClock } from '../../manual-clock.ts';
import { aDevice, StoryRegister } from '../../suites/rollup-worker.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const NOON = Date.parse('2026-11-03T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ENERGY = 'active_energy_kwh';
const METER = { gateway: 'library', device: 'meter' };
const ALL = { from: NOON - 900 * DAY, to: NOON + 900 * DAY };

async function aWorker(options: Partial<RollUpWorkerOptions> = {}, now = NOON) {
  const folder = temporaryFolder();
  const clock = new ManualClock(now);
  const register = new StoryRegister();
  register.put(aDevice(METER.gateway, METER.device, { interval_s: 60 }));
  const store = new DuckDBStore({ options: { path: `${folder}/telemetry.duckdb` }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  await store.init();
  const marks = new FileRollUpMarks({ folder: `${folder}/marks`, clock });
  await marks.start();
  onTestFinished(() => marks.stop());
  // How many answers of store and marks are waited for.
  let waiting = 0;
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get:
        (_, name) =>
        async (...args: unknown[]) => {
          waiting++;
          try {
            return await (Reflect.get(target, name) as (...args: unknown[]) => unknown).apply(target, args);
          } finally {
            waiting--;
          }
        },
    });
  const create = () =>
    new RollUpWorker({
      options: { folder: `${folder}/state`, ...options },
      store: counted(store),
      marks: counted(marks),
      register,
      clock,
      random: () => 0.5,
      log: silentLog,
      registry: new Registry(),
    });
  const worker = create();
  onTestFinished(() => worker.stop());
  let seq = 0;
  return {
    clock,
    register,
    store,
    marks,
    worker,
    create,
    /** A value each minute of [from, to), counting 1 an hour. */
    tell: async (from: number, to: number, change: { marked?: boolean; device?: string } = {}) => {
      const readings = [];
      for (let time = from; time < to; time += MINUTE) {
        const value = (time - ALL.from) / HOUR;
        readings.push({ device: change.device ?? METER.device, time, values: { [ENERGY]: value } });
      }
      const batch = { gateway: METER.gateway, epoch: 'e', seq: ++seq, readings, rejected: [] };
      if (change.marked !== false) await marks.beforeCommit([batch]);
      await store.commit([batch], async () => {});
      if (change.marked !== false) marks.settled();
    },
    /** Lets so much time pass; the store works in real time. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advance(1_000);
        // Its own file is written between two answers.
        for (let quiet = 0; quiet < 3; quiet = waiting > 0 ? 0 : quiet + 1) {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    },
    rows: (width: '15m' | '1h' | '1d') => store.rollUps({ width, ...ALL }),
  };
}

describe('live', () => {
  test('a quarter hour is there within a minute of its end, its hour and day when the hour is over', async () => {
    const { worker, tell, pass, rows, clock } = await aWorker();
    await worker.start();
    await tell(NOON, NOON + 16 * MINUTE);
    clock.setWall(NOON + 15 * MINUTE);
    await pass(30_000);
    expect(await rows('15m')).toEqual([]);
    await pass(30_000);
    expect(await rows('15m')).toMatchObject([{ start: NOON, count: 15, consumption: 0.25, coverage: 100 }]);
    expect(await rows('1h')).toEqual([]);
    await tell(NOON + 16 * MINUTE, NOON + 61 * MINUTE);
    clock.setWall(NOON + HOUR);
    await pass(60_000);
    expect(await rows('15m')).toHaveLength(4);
    expect(await rows('1h')).toMatchObject([{ start: NOON, count: 60, consumption: 1, expected: 60 }]);
    expect(await rows('1d')).toMatchObject([{ start: Date.parse('2026-11-03T05:00:00Z'), consumption: 1 }]);
    // Of what remains marked nothing is over.
    expect(await worker.status()).toMatchObject({ pendingQuarters: 0, oldestMs: 0, fault: '' });
  });

  test('what arrives late is in within a minute, in quarter hour, hour and day', async () => {
    const { worker, tell, pass, rows } = await aWorker();
    await worker.start();
    await tell(NOON - 3 * HOUR, NOON - 2 * HOUR);
    await tell(NOON - 90 * MINUTE, NOON - 80 * MINUTE);
    await pass(60_000);
    expect((await rows('1d'))[0]).toMatchObject({ count: 70, interpolated: expect.closeTo(31 / 60, 3) });
    await tell(NOON - 2 * HOUR, NOON - 90 * MINUTE);
    await pass(60_000);
    expect((await rows('1d'))[0]).toMatchObject({
      count: 100,
      interpolated: 0,
      consumption: expect.closeTo(99 / 60, 3),
    });
    expect(await rows('1h')).toMatchObject([{ count: 60 }, { count: 40 }]);
  });
});

describe('what is in the way', () => {
  test('a store that fails is tried again, and said', async () => {
    const { worker, tell, pass, rows, store } = await aWorker();
    const values = store.values.bind(store);
    store.values = async () => {
      throw new StoreFailure('unavailable', 'the disk is on holiday');
    };
    await worker.start();
    await tell(NOON - 2 * HOUR, NOON - HOUR);
    await pass(30_000);
    expect(await worker.status()).toMatchObject({ fault: 'the disk is on holiday', pendingQuarters: 5 });
    store.values = values;
    await pass(60_000);
    expect(await worker.status()).toMatchObject({ fault: '', pendingQuarters: 0 });
    expect(await rows('1h')).toHaveLength(1);
  });

  test('one device that cannot be counted does not keep the others from it, and its marks stay', async () => {
    const { worker, tell, pass, rows, store, create } = await aWorker();
    const values = store.values.bind(store);
    store.values = async (query) => {
      if (query.devices.some(({ device }) => device === 'poison')) throw new TypeError('cannot read it');
      return await values(query);
    };
    await worker.start();
    await tell(NOON - 2 * HOUR, NOON - HOUR);
    await tell(NOON - 2 * HOUR, NOON - HOUR, { device: 'poison' });
    await pass(60_000);
    expect(await worker.status()).toMatchObject({ failedDevices: ['library/poison'], pendingQuarters: 5, fault: '' });
    expect(new Set((await rows('15m')).map(({ device }) => device))).toEqual(new Set(['meter']));
    await worker.stop();
    store.values = values;
    const again = create();
    onTestFinished(() => again.stop());
    await again.start();
    await pass(60_000);
    expect(await again.status()).toMatchObject({ failedDevices: [], pendingQuarters: 0 });
    // The register does not know it: it stands where its gateway hangs.
    expect((await rows('1h')).map(({ device, site }) => [device, site])).toContainEqual(['poison', 'new-york']);
  });
});

test('a first start rolls up what the store held before anybody kept marks', async () => {
  const { worker, tell, pass, rows } = await aWorker();
  await tell(NOON - 3 * DAY, NOON - 3 * DAY + HOUR, { marked: false });
  await worker.start();
  await pass(60_000);
  expect(await rows('1d')).toMatchObject([{ count: 60 }]);
});

describe('retention', () => {
  const options = { rawMs: 10 * DAY, quarterMs: 20 * DAY };

  test('deletes only what is rolled up, and never counts again what may be gone', async () => {
    const { worker, tell, pass, rows, store, register, marks } = await aWorker(options);
    await tell(NOON - 30 * DAY, NOON - 30 * DAY + HOUR);
    await tell(NOON - 12 * DAY, NOON - 12 * DAY + HOUR);
    await tell(NOON - 2 * HOUR, NOON - HOUR);
    const { keep } = store;
    const kept: unknown[] = [];
    store.keep = async (what, now) => {
      kept.push({ ...what, waiting: (await marks.status(now)).quarters });
      await keep.call(store, what, now);
    };
    await worker.start();
    await pass(90_000);
    expect(kept).toEqual([{ raw: expect.any(Number), quarters: expect.any(Number), waiting: 0 }]);
    // Those older than 20 days are gone; hours and days stay.
    const firstStart = async (width: '15m' | '1h' | '1d') => Math.min(...(await rows(width)).map(({ start }) => start));
    expect(await firstStart('15m')).toBeGreaterThan(NOON - 21 * DAY);
    expect(await firstStart('15m')).toBeLessThan(NOON - 12 * DAY);
    expect(await firstStart('1h')).toBe(NOON - 30 * DAY);
    expect(await firstStart('1d')).toBeLessThan(NOON - 30 * DAY);
    const before = await rows('1d');
    // Another multiplier holds from when on readings are there, of the difference across the seal as well.
    register.put(aDevice(METER.gateway, METER.device, { interval_s: 60, meter: { multiplier: 10 } }));
    await pass(90_000);
    const after = await rows('1d');
    expect(after).toHaveLength(before.length);
    const isSealed = ({ start }: { start: number }) => start < NOON - 10 * DAY;
    expect(after.filter(isSealed)).toEqual(before.filter(isSealed));
    for (const [place, row] of after.slice(-8).entries()) {
      expect(row.consumption).toBeCloseTo(10 * before.at(place - 8)!.consumption!, 1);
    }
    expect(await store.meterEvents(ALL)).toMatchObject([{ kind: 'gap' }, { kind: 'gap' }]);
    expect(await worker.status()).toMatchObject({ pendingQuarters: 0 });
  }, 60_000);
});
