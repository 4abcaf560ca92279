/**
 * What every TelemetryStore guarantees, whatever the engine. Run over each of them:
 * test/store/duckdb/duckdb-store.test.ts and test/store/influxdb/.
 */
import { describe, expect, it } from 'vitest';
import { LamplighterError } from '../../contract/error-codes.ts';
import { IMPORT_EPOCH_PREFIX, REPLAY_EPOCH } from '../../contract/ids.ts';
import type { Reading } from '../../contract/reading.ts';
import { WHOLE_BATCH } from '../../contract/verdicts.ts';
import {
  type AdmittedBatch,
  type LatestQuery,
  type Series,
  type SeriesPoint,
  type SeriesQuery,
  StoreFailure,
  type StoreRejection,
  type TelemetryStore,
} from '../../store/telemetry-store.ts';
import { anAdmittedBatch, aReading, NOON } from '../builders.ts';

/** How the suite gets at an engine. */
export interface TelemetryStoreEngine {
  readonly name: string;
  /** A store that is open, initialised and empty; the engine closes and removes it when the test is finished. */
  create(): Promise<TelemetryStore>;
  /** Closes the store and opens another one on the same data. */
  reopen(store: TelemetryStore): Promise<TelemetryStore>;
}

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const METER = { gateway: 'library', device: 'main-meter' };

export function describeTelemetryStore(engine: TelemetryStoreEngine): void {
  describe(`${engine.name} as a TelemetryStore`, () => {
    describe('stores readings', () => {
      it('gives back what was committed', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch()]);
        expect(await values(store, 'active_power_kw')).toEqual([[NOON, 41.2]]);
        expect(await values(store, 'active_energy_kwh')).toEqual([[NOON, 918_273.5]]);
      });

      it('holds them after it was closed and opened again', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch()]);
        const again = await engine.reopen(store);
        expect(await values(again, 'active_power_kw')).toEqual([[NOON, 41.2]]);
        await commit(again, [anAdmittedBatch({ seq: 2, readings: [power(NOON + 1, 42)] })]);
        expect(await values(again, 'active_power_kw')).toEqual([
          [NOON, 41.2],
          [NOON + 1, 42],
        ]);
      });

      it('says that all is well, and init touches nothing that is there', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch()]);
        expect(await store.init()).toMatchObject({ ok: true, engine: store.engine });
        const check = await store.check();
        expect(check).toMatchObject({ ok: true, engine: store.engine });
        expect(check.words).not.toBe('');
        expect(check.version).toMatch(/\d/);
        expect(await values(store, 'active_power_kw')).toEqual([[NOON, 41.2]]);
      });

      it('keeps numbers exactly', async () => {
        const store = await engine.create();
        const numbers = [0, -0, 1, -1, 0.1, 1 / 3, 1e-9, -1e-9, 1e12, 999_999_999_999.9, 123_456_789, 5e-324, 1e300];
        const readings = numbers.map((value, i) => power(NOON + i, value));
        await commit(store, [anAdmittedBatch({ readings })]);
        for (const reopen of [false, true]) {
          const opened = reopen ? await engine.reopen(store) : store;
          const stored = await values(opened, 'active_power_kw');
          expect(stored.map(([time]) => time)).toEqual(numbers.map((_, i) => NOON + i));
          for (const [i, number] of numbers.entries()) expect(stored[i]?.[1] === number, `${number}`).toBe(true);
        }
      });

      it('keeps apart names at the border of the id pattern', async () => {
        const store = await engine.create();
        const names = [
          '0',
          'a-',
          '0--0',
          'true',
          'null',
          '1e5',
          '42',
          'time',
          'select',
          'device',
          'gateway',
          'constructor',
          'hasownproperty',
          'x'.repeat(63),
          `9${'-'.repeat(62)}`,
        ];
        const batches = names.map((gateway, g) =>
          anAdmittedBatch({
            gateway,
            readings: names.map((device, d) => power(NOON, g * 100 + d, device)),
          }),
        );
        await commit(store, batches);
        const again = await engine.reopen(store);
        for (const [g, gateway] of names.entries()) {
          const devices = names.map((device) => ({ gateway, device }));
          const found = await series(again, { devices, limit: 1 });
          expect(found.length).toBe(names.length);
          for (const [d, device] of names.entries()) {
            expect(pointsOf(found, { gateway, device })).toEqual([{ time: NOON, value: g * 100 + d }]);
          }
        }
        expect((await again.latest({})).length).toBe(names.length ** 2);
      });

      it('takes many devices, and several families in one reading', async () => {
        const store = await engine.create();
        const devices = Array.from({ length: 300 }, (_, i) => `lamp-${i}`);
        const readings = devices.map((device, i) => ({
          device,
          time: NOON + i,
          values: {
            active_power_kw: i,
            temperature_c: 20.5,
            lamp_power_w: 80,
            water_volume_m3: i / 7,
            battery_percent: 1,
          },
        }));
        await commit(store, [anAdmittedBatch({ readings })]);
        for (const metric of Object.keys(readings[0]?.values ?? {})) {
          const found = await series(store, {
            metric,
            devices: devices.map((device) => ({ gateway: 'library', device })),
          });
          expect(found.length).toBe(300);
          for (const { device, time, values } of readings) {
            const value = values[metric as keyof typeof values];
            expect(pointsOf(found, { gateway: 'library', device })).toEqual([{ time, value }]);
          }
        }
        expect((await store.latest({})).length).toBe(1_500);
      });

      it('keeps values of one device and instant that came in different readings', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({
            readings: [aReading({ values: { active_power_kw: 1 } }), aReading({ values: { voltage_v: 230 } })],
          }),
          anAdmittedBatch({ seq: 2, readings: [aReading({ values: { current_a: 4 } })] }),
        ]);
        await commit(store, [anAdmittedBatch({ seq: 3, readings: [aReading({ values: { frequency_hz: 60 } })] })]);
        expect(await values(store, 'active_power_kw')).toEqual([[NOON, 1]]);
        expect(await values(store, 'voltage_v')).toEqual([[NOON, 230]]);
        expect(await values(store, 'current_a')).toEqual([[NOON, 4]]);
        expect(await values(store, 'frequency_hz')).toEqual([[NOON, 60]]);
      });

      it('does nothing on a commit without batches', async () => {
        const store = await engine.create();
        await commit(store, []);
        expect(await store.ledger()).toEqual([]);
        expect(await store.totals({})).toEqual([]);
        expect(await store.latest({})).toEqual([]);
      });
    });

    describe('holds one value per gateway, device, metric and time', () => {
      it('the last commit wins', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch({ readings: [power(NOON, 1)] })]);
        await commit(store, [anAdmittedBatch({ seq: 2, readings: [power(NOON, 3)] })]);
        await commit(store, [anAdmittedBatch({ seq: 3, readings: [power(NOON, 2)] })]);
        await expectOneValue(store, 2);
        await expectOneValue(await engine.reopen(store), 2);
      });

      it('the last commit wins after a restart too', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch({ readings: [power(NOON, 9)] })]);
        const again = await engine.reopen(store);
        await commit(again, [anAdmittedBatch({ seq: 2, readings: [power(NOON, 2)] })]);
        await expectOneValue(again, 2);
      });

      it('the later batch of a commit wins', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ seq: 2, readings: [power(NOON, 9)] }),
          anAdmittedBatch({ seq: 1, readings: [power(NOON, 2)] }),
        ]);
        await expectOneValue(store, 2);
      });

      it('the later reading of a batch wins', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch({ readings: [power(NOON, 1), power(NOON, 9), power(NOON, 2)] })]);
        await expectOneValue(store, 2);
      });

      it('a batch committed twice is stored once', async () => {
        const store = await engine.create();
        const batch = anAdmittedBatch({ readings: [power(NOON, 1), power(NOON + MINUTE, 2)] });
        await commit(store, [batch]);
        await commit(store, [batch]);
        await commit(store, [batch, batch]);
        expect(await store.totals({})).toEqual([
          { ...METER, metric: 'active_power_kw', count: 2, sum: 3, firstTime: NOON, lastTime: NOON + MINUTE },
        ]);
        expect(await store.ledger()).toEqual([entry('library', 'epoch1', 1, 1)]);
      });
    });

    describe('settles batches in its ledger', () => {
      it('stores no rejected reading, and the ledger carries it', async () => {
        const store = await engine.create();
        const batch = anAdmittedBatch({
          readings: [power(NOON, 0), power(NOON + 1, 1), power(NOON + 2, 2), power(NOON + 3, 3)],
          rejected: [
            { index: 0, reason: 'value-out-of-range', detail: 'active_power_kw 0' },
            { index: 2, reason: 'too-old' },
          ],
        });
        await commit(store, [batch]);
        const again = await engine.reopen(store);
        expect(await values(again, 'active_power_kw')).toEqual([
          [NOON + 1, 1],
          [NOON + 3, 3],
        ]);
        expect(await again.ledger()).toEqual([
          entry('library', 'epoch1', 1, 1, [
            [1, 0, 'value-out-of-range'],
            [1, 2, 'too-old'],
          ]),
        ]);
      });

      it('only settles a batch that is rejected whole or has no readings', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ seq: 1, rejected: [{ index: WHOLE_BATCH, reason: 'too-large' }] }),
          anAdmittedBatch({ seq: 2, readings: [] }),
          anAdmittedBatch({ seq: 3, readings: [], rejected: [{ index: WHOLE_BATCH, reason: 'malformed' }] }),
          anAdmittedBatch({ seq: 4, rejected: [{ index: 0, reason: 'too-old' }] }),
        ]);
        expect(await store.totals({})).toEqual([]);
        expect(await store.latest({})).toEqual([]);
        expect(await (await engine.reopen(store)).ledger()).toEqual([
          entry('library', 'epoch1', 1, 4, [
            [1, WHOLE_BATCH, 'too-large'],
            [3, WHOLE_BATCH, 'malformed'],
            [4, 0, 'too-old'],
          ]),
        ]);
      });

      it('merges ranges, keeps gaps, and survives a restart', async () => {
        const store = await engine.create();
        for (const seq of [1, 2, 7, 4, 3, 9]) await commit(store, [empty({ seq })]);
        await commit(store, [empty({ seq: 11 }), empty({ seq: 10 }), empty({ seq: 2 })]);
        const expected = [
          entry('library', 'epoch1', 1, 4),
          entry('library', 'epoch1', 7, 7),
          entry('library', 'epoch1', 9, 11),
        ];
        expect(await ledgerOf(store)).toEqual(expected);
        const again = await engine.reopen(store);
        expect(await ledgerOf(again)).toEqual(expected);
        await commit(again, [empty({ seq: 8 })]);
        expect(await ledgerOf(await engine.reopen(again))).toEqual([
          entry('library', 'epoch1', 1, 4),
          entry('library', 'epoch1', 7, 11),
        ]);
      });

      it('keeps gateways and epochs apart', async () => {
        const store = await engine.create();
        await commit(store, [
          empty({ seq: 1 }),
          empty({ seq: 2, epoch: 'epoch2' }),
          empty({ seq: 3, gateway: 'museum' }),
          empty({
            seq: 4,
            gateway: 'museum',
            epoch: 'epoch2',
            rejected: [{ index: WHOLE_BATCH, reason: 'malformed' }],
          }),
        ]);
        expect(await ledgerOf(await engine.reopen(store))).toEqual([
          entry('library', 'epoch1', 1, 1),
          entry('library', 'epoch2', 2, 2),
          entry('museum', 'epoch1', 3, 3),
          entry('museum', 'epoch2', 4, 4, [[4, WHOLE_BATCH, 'malformed']]),
        ]);
      });

      it('forgets the epochs a gateway no longer holds, never those of replays and imports', async () => {
        const store = await engine.create();
        await commit(store, [
          empty({ epoch: 'epoch1' }),
          empty({ epoch: 'epoch2' }),
          empty({ epoch: 'epoch3' }),
          empty({ epoch: REPLAY_EPOCH }),
          empty({ epoch: `${IMPORT_EPOCH_PREFIX}1` }),
          empty({ gateway: 'museum', epoch: 'epoch1' }),
          anAdmittedBatch({ epoch: 'epoch1', seq: 2 }),
        ]);
        await store.forgetEpochs('library', ['epoch2', 'epoch9']);
        await store.forgetEpochs('unknown', []);
        const expected = [
          entry('library', 'epoch2', 1, 1),
          entry('library', `${IMPORT_EPOCH_PREFIX}1`, 1, 1),
          entry('library', REPLAY_EPOCH, 1, 1),
          entry('museum', 'epoch1', 1, 1),
        ];
        expect(await ledgerOf(store)).toEqual(expected);
        const again = await engine.reopen(store);
        expect(await ledgerOf(again)).toEqual(expected);
        expect(await values(again, 'active_power_kw')).toEqual([[NOON, 41.2]]);
        await again.forgetEpochs('library', []);
        expect(await ledgerOf(again)).toEqual(expected.slice(1));
      });
    });

    describe('knows the newest value of each series', () => {
      it('by its time, not by its arrival', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch({ seq: 1, readings: [power(NOON, 5)] })]);
        await commit(store, [anAdmittedBatch({ seq: 2, readings: [power(NOON - 1, 4), power(NOON - 9, 3)] })]);
        expect(await latestOf(store)).toEqual([{ ...METER, metric: 'active_power_kw', time: NOON, value: 5 }]);
        await commit(store, [anAdmittedBatch({ seq: 3, readings: [power(NOON + 1, 6), power(NOON - 2, 1)] })]);
        await commit(store, [anAdmittedBatch({ seq: 4, readings: [power(NOON + 1, 7), power(NOON, 2)] })]);
        const expected = [{ ...METER, metric: 'active_power_kw', time: NOON + 1, value: 7 }];
        expect(await latestOf(store)).toEqual(expected);
        expect(await latestOf(await engine.reopen(store))).toEqual(expected);
      });

      it('of one gateway, device or metric when asked', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ readings: [aReading(), power(NOON, 2, 'roof')] }),
          anAdmittedBatch({ gateway: 'museum', readings: [power(NOON, 3, 'roof')] }),
        ]);
        const found = async (query: LatestQuery) => (await latestOf(store, query)).map(({ value }) => value);
        expect(await found({})).toEqual([918_273.5, 41.2, 2, 3]);
        expect(await found({ gateway: 'library' })).toEqual([918_273.5, 41.2, 2]);
        expect(await found({ device: 'roof' })).toEqual([2, 3]);
        expect(await found({ metric: 'active_power_kw' })).toEqual([41.2, 2, 3]);
        expect(await found({ gateway: 'museum', device: 'roof', metric: 'active_power_kw' })).toEqual([3]);
        expect(await found({ gateway: 'unknown' })).toEqual([]);
        expect(await found({ device: 'unknown' })).toEqual([]);
        expect(await found({ metric: 'voltage_v' })).toEqual([]);
        expect(await found({ metric: 'no_such_metric' })).toEqual([]);
      });
    });

    describe('answers for a stretch of time', () => {
      it('from is included, to is not', async () => {
        const store = await engine.create();
        const times = [NOON - 1, NOON, NOON + 1, NOON + MINUTE - 1, NOON + MINUTE];
        await commit(store, [anAdmittedBatch({ readings: times.map((time, i) => power(time, i)) })]);
        const stretch = { from: NOON, to: NOON + MINUTE };
        expect(pointsOf(await series(store, stretch), METER)).toEqual([
          { time: NOON, value: 1 },
          { time: NOON + 1, value: 2 },
          { time: NOON + MINUTE - 1, value: 3 },
        ]);
        expect(await series(store, { from: NOON + 2, to: NOON + 3 })).toEqual([]);
        expect(await series(store, { from: NOON, to: NOON })).toEqual([]);
        const [bucket] = pointsOf(await series(store, { ...stretch, every: MINUTE }), METER);
        expect(bucket).toMatchObject({ time: NOON, count: 3, min: 1, max: 3, last: 3 });
      });

      it('in rising order of time, whatever the order of arrival', async () => {
        const store = await engine.create();
        const minutes = [5, 1, 4, 2, 3, 0];
        for (const [i, minute] of minutes.entries()) {
          await commit(store, [anAdmittedBatch({ seq: i + 1, readings: [power(NOON + minute * MINUTE, minute)] })]);
        }
        expect((await values(store, 'active_power_kw')).map(([, value]) => value)).toEqual([0, 1, 2, 3, 4, 5]);
      });

      it('in buckets aligned to the epoch, empty ones absent', async () => {
        const store = await engine.create();
        const points = [
          [NOON, 1],
          [NOON + QUARTER - 1, 4],
          [NOON + QUARTER, 10.25],
          [NOON + 3 * QUARTER + 5, -7],
          [NOON + 3 * QUARTER + 7, 0.1],
          [NOON + 3 * QUARTER + 6, 0.2],
        ] as const;
        await commit(store, [anAdmittedBatch({ readings: points.map(([time, value]) => power(time, value)) })]);
        const query = { from: NOON, to: NOON + 4 * QUARTER, every: QUARTER };
        expectBuckets(pointsOf(await series(store, query), METER), [
          { time: NOON, count: 2, value: 2.5, min: 1, max: 4, last: 4 },
          { time: NOON + QUARTER, count: 1, value: 10.25, min: 10.25, max: 10.25, last: 10.25 },
          { time: NOON + 3 * QUARTER, count: 3, value: -6.7 / 3, min: -7, max: 0.2, last: 0.1 },
        ]);
      });

      it('in buckets that start before from or end after to, of what lies between', async () => {
        const store = await engine.create();
        const readings = Array.from({ length: 61 }, (_, minute) => power(NOON + minute * MINUTE, minute));
        await commit(store, [anAdmittedBatch({ readings })]);
        const query = { from: NOON + 10 * MINUTE, to: NOON + 47 * MINUTE, every: QUARTER };
        expectBuckets(pointsOf(await series(store, query), METER), [
          { time: NOON, count: 5, value: 12, min: 10, max: 14, last: 14 },
          { time: NOON + QUARTER, count: 15, value: 22, min: 15, max: 29, last: 29 },
          { time: NOON + 2 * QUARTER, count: 15, value: 37, min: 30, max: 44, last: 44 },
          { time: NOON + 3 * QUARTER, count: 2, value: 45.5, min: 45, max: 46, last: 46 },
        ]);
      });

      it('counts each time once in a bucket, with the value committed last', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ readings: [power(NOON, 100), power(NOON + MINUTE, 4), power(NOON, 90)] }),
        ]);
        await commit(store, [anAdmittedBatch({ seq: 2, readings: [power(NOON, 2)] })]);
        expectBuckets(pointsOf(await series(store, { every: QUARTER }), METER), [
          { time: NOON, count: 2, value: 3, min: 2, max: 4, last: 4 },
        ]);
      });

      it('for the devices and the metric asked for, and no others', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ readings: [aReading(), power(NOON, 2, 'roof')] }),
          anAdmittedBatch({ gateway: 'museum', readings: [power(NOON, 3, 'roof'), power(NOON, 4, 'main-meter')] }),
        ]);
        const devices = [
          { gateway: 'museum', device: 'roof' },
          { gateway: 'library', device: 'main-meter' },
          { gateway: 'library', device: 'unknown' },
        ];
        for (const every of [undefined, QUARTER]) {
          const found = await series(store, { devices, every });
          expect(found.length).toBe(2);
          expect(found.every(({ metric }) => metric === 'active_power_kw')).toBe(true);
          expect(pointsOf(found, devices[0]!)).toMatchObject([{ time: NOON, value: 3 }]);
          expect(pointsOf(found, devices[1]!)).toMatchObject([{ time: NOON, value: 41.2 }]);
        }
      });

      it('with nothing for a device or metric it does not know', async () => {
        const store = await engine.create();
        const unknown = { devices: [{ gateway: 'library', device: 'unknown' }] };
        expect(await series(store, unknown)).toEqual([]);
        await commit(store, [anAdmittedBatch()]);
        for (const every of [undefined, QUARTER]) {
          expect(await series(store, { ...unknown, every })).toEqual([]);
          expect(await series(store, { devices: [], every })).toEqual([]);
          expect(await series(store, { metric: 'voltage_v', every })).toEqual([]);
          expect(await series(store, { metric: 'no_such_metric', every })).toEqual([]);
        }
      });

      it('and refuses when a device has more points than the limit', async () => {
        const store = await engine.create();
        const readings = [0, 1, 2, 3].map((i) => power(NOON + i * QUARTER, i));
        await commit(store, [
          anAdmittedBatch({ readings: [...readings, ...readings.map((r) => ({ ...r, device: 'roof' }))] }),
        ]);
        const devices = [METER, { gateway: 'library', device: 'roof' }];
        for (const every of [undefined, QUARTER]) {
          const found = await series(store, { devices, every, limit: 4 });
          expect(found.map(({ points }) => points.length)).toEqual([4, 4]);
          const refusal = await series(store, { devices, every, limit: 3 }).catch((error: unknown) => error);
          expect(refusal).toBeInstanceOf(LamplighterError);
          expect(refusal).toMatchObject({ code: 'bad-request' });
          expect((refusal as Error).message).toMatch(/3/);
        }
        expect((await series(store, { devices, every: 4 * QUARTER, limit: 1 })).length).toBe(2);
      });
    });

    describe('proves what it holds', () => {
      it('counts and sums the distinct values of each series', async () => {
        const store = await engine.create();
        const tenths = Array.from({ length: 1_000 }, (_, i) => power(NOON + i, 0.1));
        await commit(store, [anAdmittedBatch({ readings: tenths })]);
        await commit(store, [
          anAdmittedBatch({ seq: 2, readings: tenths }),
          anAdmittedBatch({ gateway: 'museum', readings: [power(NOON - 5, 1e12), power(NOON, 1), power(NOON, -3)] }),
        ]);
        const [library, museum, ...others] = await totalsOf(store);
        expect(others).toEqual([]);
        expect(library).toMatchObject({ ...METER, count: 1_000, firstTime: NOON, lastTime: NOON + 999 });
        expect(library?.sum).toBeCloseTo(100, 9);
        expect(museum).toEqual({
          gateway: 'museum',
          device: 'main-meter',
          metric: 'active_power_kw',
          count: 2,
          sum: 1e12 - 3,
          firstTime: NOON - 5,
          lastTime: NOON,
        });
      });

      it('of one gateway or a stretch of time when asked', async () => {
        const store = await engine.create();
        await commit(store, [
          anAdmittedBatch({ readings: [aReading(), power(NOON + 1, 2), power(NOON + 2, 3)] }),
          anAdmittedBatch({ gateway: 'museum', readings: [power(NOON + 2, 4)] }),
        ]);
        const counts = async (query: Parameters<TelemetryStore['totals']>[0]) =>
          (await totalsOf(store, query)).map((total) => `${total.gateway} ${total.metric} ${total.count}`);
        expect(await counts({})).toEqual([
          'library active_energy_kwh 1',
          'library active_power_kw 3',
          'museum active_power_kw 1',
        ]);
        expect(await counts({ gateway: 'museum' })).toEqual(['museum active_power_kw 1']);
        expect(await counts({ from: NOON + 1 })).toEqual(['library active_power_kw 2', 'museum active_power_kw 1']);
        expect(await counts({ to: NOON + 2 })).toEqual(['library active_energy_kwh 1', 'library active_power_kw 2']);
        expect(await counts({ gateway: 'library', from: NOON + 1, to: NOON + 2 })).toEqual([
          'library active_power_kw 1',
        ]);
        expect(await counts({ gateway: 'unknown' })).toEqual([]);
      });

      it('and agrees with a plain map after many overlapping commits', async () => {
        const store = await engine.create();
        const model = new Map<string, number>();
        const random = seededRandom(7);
        let current = store;
        for (let round = 0; round < 12; round++) {
          const batches: AdmittedBatch[] = [];
          for (let b = 0; b < 5; b++) {
            const gateway = random() < 0.5 ? 'library' : 'museum';
            const readings = Array.from({ length: 30 }, () => ({
              device: `meter-${Math.floor(random() * 4)}`,
              time: NOON + Math.floor(random() * 40) * MINUTE,
              values: random() < 0.5 ? { active_power_kw: random() } : { active_power_kw: random(), co2_ppm: random() },
            }));
            const rejected = readings.flatMap((_, index) =>
              random() < 0.1 ? [{ index, reason: 'value-out-of-range' as const }] : [],
            );
            batches.push({ gateway, epoch: 'epoch1', seq: round * 5 + b + 1, readings, rejected });
            for (const [index, reading] of readings.entries()) {
              if (rejected.some((rejection) => rejection.index === index)) continue;
              for (const [metric, value] of Object.entries(reading.values)) {
                model.set(`${gateway} ${reading.device} ${metric} ${reading.time}`, value);
              }
            }
          }
          await commit(current, batches);
          if (round === 6) current = await engine.reopen(current);
        }
        const stored = new Map<string, number>();
        for (const gateway of ['library', 'museum']) {
          const devices = [0, 1, 2, 3].map((n) => ({ gateway, device: `meter-${n}` }));
          for (const metric of ['active_power_kw', 'co2_ppm']) {
            for (const { device, points } of await series(current, { metric, devices })) {
              for (const { time, value } of points) stored.set(`${gateway} ${device} ${metric} ${time}`, value);
            }
          }
        }
        expect(new Map([...stored].sort())).toEqual(new Map([...model].sort()));
        const counted = (await current.totals({})).reduce((sum, { count }) => sum + count, 0);
        expect(counted).toBe(model.size);
        for (const { gateway, device, metric, time, value } of await current.latest({})) {
          expect(model.get(`${gateway} ${device} ${metric} ${time}`)).toBe(value);
          expect(model.has(`${gateway} ${device} ${metric} ${time + MINUTE}`)).toBe(false);
        }
      });
    });

    describe('lives with its neighbours', () => {
      it('answers while it commits', async () => {
        const store = await engine.create();
        const seqs = Array.from({ length: 20 }, (_, i) => i + 1);
        const commits = seqs.map((seq) =>
          commit(store, [anAdmittedBatch({ seq, readings: [power(NOON + seq, seq), power(NOON - seq, -seq)] })]),
        );
        let before = 0;
        for (let turn = 0; turn < 10; turn++) {
          const [totals, , found] = await Promise.all([store.totals({}), store.latest({}), series(store, {})]);
          const count = totals[0]?.count ?? 0;
          expect(count).toBeGreaterThanOrEqual(before);
          expect(count % 1).toBe(0);
          expect(found.length).toBeLessThanOrEqual(1);
          before = count;
        }
        await Promise.all(commits);
        expect(await store.totals({})).toMatchObject([
          { count: 40, sum: 0, firstTime: NOON - 20, lastTime: NOON + 20 },
        ]);
        expect(await ledgerOf(store)).toEqual([entry('library', 'epoch1', 1, 20)]);
      });

      it('refuses to work once closed, and may be closed twice', async () => {
        const store = await engine.create();
        await commit(store, [anAdmittedBatch()]);
        await store.close();
        await store.close();
        const failure = await commit(store, [anAdmittedBatch({ seq: 2 })]).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(StoreFailure);
        expect((failure as Error).message).toMatch(/closed|not open/);
      });
    });
  });
}

/** Commits and asserts that the store refused nothing by itself. */
async function commit(store: TelemetryStore, batches: readonly AdmittedBatch[]): Promise<void> {
  const kept: StoreRejection[] = [];
  const refused = await store.commit(batches, async (rejections) => {
    kept.push(...rejections);
  });
  expect(refused).toEqual([]);
  expect(kept).toEqual([]);
}

function power(time: number, value: number, device = 'main-meter'): Reading {
  return { device, time, values: { active_power_kw: value } };
}

function empty(change: Partial<AdmittedBatch>): AdmittedBatch {
  return anAdmittedBatch({ readings: [], ...change });
}

function series(store: TelemetryStore, change: Partial<SeriesQuery>): Promise<readonly Series[]> {
  return store.series({
    metric: 'active_power_kw',
    devices: [METER],
    from: NOON - 1_000 * MINUTE,
    to: NOON + 1_000 * MINUTE,
    limit: 10_000,
    ...change,
  });
}

/** Every stored value of the main meter, as [time, value]. */
async function values(store: TelemetryStore, metric: string): Promise<[time: number, value: number][]> {
  return pointsOf(await series(store, { metric }), METER).map(({ time, value }) => [time, value]);
}

async function expectOneValue(store: TelemetryStore, value: number): Promise<void> {
  expect(await values(store, 'active_power_kw')).toEqual([[NOON, value]]);
  expect(await store.totals({})).toMatchObject([{ count: 1, sum: value, firstTime: NOON, lastTime: NOON }]);
  expect(await store.latest({})).toMatchObject([{ time: NOON, value }]);
}

function pointsOf(found: readonly Series[], key: { gateway: string; device: string }): readonly SeriesPoint[] {
  const matching = found.filter(({ gateway, device }) => gateway === key.gateway && device === key.device);
  expect(matching.length, `series of ${key.gateway}/${key.device}`).toBe(1);
  return matching[0]?.points ?? [];
}

/** Means may be added up in another order: compared to 1e-9 of their size. */
function expectBuckets(found: readonly SeriesPoint[], expected: readonly Required<SeriesPoint>[]): void {
  const exact = ({ time, min, max, last, count }: SeriesPoint) => ({ time, min, max, last, count });
  expect(found.map(exact)).toEqual(expected.map(exact));
  for (const [i, { value }] of expected.entries()) {
    expect(Math.abs((found[i]?.value ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-9 * Math.abs(value));
  }
}

type Rejections = (readonly [seq: number, index: number, reason: string])[];

function entry(gateway: string, epoch: string, first: number, last: number, rejected: Rejections = []) {
  return { gateway, epoch, range: [first, last], rejected };
}

async function ledgerOf(store: TelemetryStore) {
  return sorted(await store.ledger(), (e) => `${e.gateway} ${e.epoch} ${String(e.range[0]).padStart(9)}`);
}

async function latestOf(store: TelemetryStore, query: LatestQuery = {}) {
  return sorted(await store.latest(query), (l) => `${l.gateway} ${l.device} ${l.metric}`);
}

async function totalsOf(store: TelemetryStore, query: Parameters<TelemetryStore['totals']>[0] = {}) {
  return sorted(await store.totals(query), (t) => `${t.gateway} ${t.device} ${t.metric}`);
}

function sorted<T>(rows: readonly T[], key: (row: T) => string): T[] {
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** mulberry32 */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
