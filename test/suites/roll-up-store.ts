/**
 * What every RollUpStore guarantees, whatever the engine. Run over each of them:
 * test/store/duckdb/roll-up-store.test.ts and test/store/influxdb/.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../contract/reading.ts';
import {
  isEmptyRollUp,
  METER_EVENT_KINDS,
  type MeterEvent,
  type MeterEventKey,
  ROLL_UP_WIDTHS,
  type RollUp,
  type RollUpWidth,
} from '../../contract/roll-up.ts';
import type { MeterEventQuery, RollUpQuery, RollUpStore, ValuesQuery } from '../../store/roll-up-store.ts';
import { type DeviceKey, StoreFailure, type TelemetryStore } from '../../store/telemetry-store.ts';
import { anAdmittedBatch, NOON } from '../builders.ts';
import { aGaugeRollUp, aMeterEvent, anEmptyRollUp, anUpdate, aRollUp } from '../roll-up-builders.ts';

export { aGaugeRollUp, aMeterEvent, anEmptyRollUp, anUpdate, aRollUp };

export type BothStores = TelemetryStore & RollUpStore;

/** How the suite gets at an engine. */
export interface RollUpStoreEngine {
  readonly name: string;
  /** A store that is open, initialised and empty; the engine closes and removes it when the test is finished. */
  create(): Promise<BothStores>;
  /** Closes the store and opens another one on the same data. */
  reopen(store: BothStores): Promise<BothStores>;
  /** Whether keep() has deleted when it resolves; false when it only tells a server from when on to keep. */
  readonly deletesNow: boolean;
  /** Runs of the property test. */
  readonly runs: number;
}

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 96 * QUARTER;
const METER = { gateway: 'library', device: 'main-meter' };
const ROOF = { gateway: 'library', device: 'roof' };
const ENERGY = 'active_energy_kwh';
const POWER = 'active_power_kw';
const ALL_TIME = { from: NOON - 4_000 * DAY, to: NOON + 4_000 * DAY };
/** Numbers that are easily changed on their way. */
const NUMBERS = [0, 1, -1, 0.1, 1 / 3, -1e-9, 5e-324, 2 ** -1_022, 1e15, 2 ** 53 - 1, 123_456_789.123_456_78, 1e300];

let stories = 0;

export function describeRollUpStore(engine: RollUpStoreEngine): void {
  describe(`${engine.name} as a RollUpStore`, () => {
    describe('keeps roll-ups', () => {
      it('and gives them back, gauges and counters, before and after it was opened again', async () => {
        const store = await engine.create();
        const quarters = [aRollUp(), aGaugeRollUp()];
        const hours = [aRollUp({ count: 60, position: null }), aGaugeRollUp({ count: 60 })];
        const days = [aRollUp({ start: NOON - DAY / 2, count: 1_440, position: null })];
        await store.putRollUps(anUpdate({ '15m': quarters, '1h': hours, '1d': days }));
        const again = await engine.reopen(store);
        await expectRows(again, '15m', quarters);
        await expectRows(again, '1h', hours);
        await expectRows(again, '1d', days);
        await again.putRollUps(anUpdate({ '1h': [aRollUp({ start: NOON + 4 * QUARTER, position: null })] }));
        expect(await rowsOf(again, '1h')).toHaveLength(3);
      });

      it('with every number exactly as it was', async () => {
        const store = await engine.create();
        const rows = NUMBERS.map((number, i) =>
          aRollUp({
            start: NOON + i * QUARTER,
            coverage: number,
            min: number,
            mean: number,
            max: number,
            last: number,
            consumption: number,
            interpolated: number,
            estimated: number,
            peak: number,
            position: { height: number, time: NOON + i, until: i },
          }),
        );
        await store.putRollUps(anUpdate({ '15m': rows, '1h': rows.map(withoutPosition) }));
        const again = await engine.reopen(store);
        await expectRows(again, '15m', rows);
        await expectRows(again, '1h', rows.map(withoutPosition));
      });

      it('with what is not known as null, and zero as zero', async () => {
        const store = await engine.create();
        const noValues = { count: 0, min: null, mean: null, max: null, last: null };
        const rows = [
          aRollUp({ ...noValues, coverage: 0, consumption: 3.5, interpolated: 3.5 }),
          aRollUp({ ...noValues, start: NOON + QUARTER, consumption: 0, interpolated: 0, peak: 0 }),
          aRollUp({ start: NOON + 2 * QUARTER, position: null }),
          aGaugeRollUp({ start: NOON + 3 * QUARTER, min: 0, mean: 0, max: 0, last: 0, expected: 0 }),
          aGaugeRollUp({ metric: ENERGY, start: NOON + 4 * QUARTER }),
        ];
        await store.putRollUps(anUpdate({ '15m': rows }));
        await expectRows(store, '15m', rows);
      });

      it('replaced whole by a later row of the same key', async () => {
        const store = await engine.create();
        const before = [0, 1, 2].map((i) => aRollUp({ start: NOON + i * QUARTER }));
        await store.putRollUps(anUpdate({ '15m': before }));
        const changed = aGaugeRollUp({ metric: ENERGY, start: NOON + QUARTER, count: 3 });
        await store.putRollUps(anUpdate({ '15m': [changed] }));
        const after = [before[0]!, changed, before[2]!];
        await expectRows(store, '15m', after);
        const again = await engine.reopen(store);
        await again.putRollUps(anUpdate({ '15m': [before[1]!] }));
        await expectRows(again, '15m', before);
      });

      it('taken away by an empty row, and put back', async () => {
        const store = await engine.create();
        const rows = [0, 1].map((i) => aRollUp({ start: NOON + i * QUARTER }));
        await store.putRollUps(anUpdate({ '15m': rows, '1h': [withoutPosition(rows[0]!)] }));
        await store.putRollUps(anUpdate({ '15m': [anEmptyRollUp({ metric: ENERGY })] }));
        await expectRows(store, '15m', [rows[1]!]);
        await expectRows(store, '1h', [withoutPosition(rows[0]!)]);
        const never = anEmptyRollUp({ metric: ENERGY, start: NOON + 5 * QUARTER });
        await store.putRollUps(anUpdate({ '15m': [never, aRollUp({ start: NOON, count: 7 })] }));
        await expectRows(store, '15m', [aRollUp({ start: NOON, count: 7 }), rows[1]!]);
      });

      it('as they were when the same update is made twice, or names a key twice', async () => {
        const store = await engine.create();
        const row = aRollUp();
        const update = anUpdate({ '15m': [row, aGaugeRollUp()], '1d': [withoutPosition(row)] });
        await store.putRollUps(update);
        await store.putRollUps(update);
        await expectRows(store, '15m', update.rows['15m']);
        await expectRows(store, '1d', update.rows['1d']);
        const other = aRollUp({ device: 'roof' });
        await store.putRollUps(
          anUpdate({ '15m': [aRollUp({ count: 1 }), other, anEmptyRollUp({ metric: ENERGY }), aRollUp({ count: 2 })] }),
        );
        await expectRows(store, '15m', [aRollUp({ count: 2 }), other, aGaugeRollUp()]);
        await store.putRollUps(anUpdate({ '15m': [other, aRollUp({ count: 3 }), anEmptyRollUp({ metric: ENERGY })] }));
        await expectRows(store, '15m', [other, aGaugeRollUp()]);
      });

      it('apart by width, site, gateway, device and metric', async () => {
        const store = await engine.create();
        const start = Date.parse('2026-11-02T00:00:00Z');
        const rows = [
          aRollUp({ start, position: null }),
          aRollUp({ start, position: null, site: 'city-hall', consumption: 2 }),
          aRollUp({ start, position: null, gateway: 'museum', consumption: 3 }),
          aRollUp({ start, position: null, device: 'roof', consumption: 4 }),
          aRollUp({ start, position: null, metric: 'active_energy_export_kwh', consumption: 5 }),
        ];
        const times = (factor: number) => rows.map((row) => ({ ...row, count: row.count * factor }));
        // A quarter hour stands at one site.
        const quarters = rows.filter(({ site }) => site !== 'city-hall');
        await store.putRollUps(anUpdate({ '15m': quarters, '1h': times(4), '1d': times(96) }));
        await expectRows(store, '15m', quarters);
        await expectRows(store, '1h', times(4));
        await expectRows(store, '1d', times(96));
        await store.putRollUps(anUpdate({ '1d': [anEmptyRollUp({ start, site: 'city-hall', metric: ENERGY })] }));
        await expectRows(store, '15m', quarters);
        await expectRows(store, '1h', times(4));
        await expectRows(
          store,
          '1d',
          times(96).filter(({ site }) => site !== 'city-hall'),
        );
      });

      it('of series it has readings of, and gets readings of later', async () => {
        const store = await engine.create();
        await commit(store, [power(NOON, 1)]);
        await store.putRollUps(anUpdate({ '15m': [aGaugeRollUp(), aGaugeRollUp(ROOF)] }));
        await commit(store, [power(NOON, 2, 'roof'), power(NOON, 3, 'attic')]);
        const again = await engine.reopen(store);
        await expectRows(again, '15m', [aGaugeRollUp(), aGaugeRollUp(ROOF)]);
        expect((await valuesOf(again)).map(({ device, points }) => [device, points])).toEqual([
          ['attic', [[NOON, 3]]],
          ['main-meter', [[NOON, 1]]],
          ['roof', [[NOON, 2]]],
        ]);
      });

      it('50,000 at a time', { timeout: 120_000 }, async () => {
        const store = await engine.create();
        const rows = Array.from({ length: 50_000 }, (_, i) =>
          aRollUp({
            device: `meter-${i % 50}`,
            start: NOON + Math.floor(i / 50) * QUARTER,
            consumption: i / 8,
            mean: 1 / (i + 1),
          }),
        );
        await store.putRollUps(anUpdate({ '15m': rows }));
        await expectRows(store, '15m', rows);
        const changed = rows.map((row, i) => (i % 7 === 0 ? { ...row, count: 1 } : row));
        await store.putRollUps(anUpdate({ '15m': changed.filter((_, i) => i % 7 === 0) }));
        await expectRows(store, '15m', changed);
      });

      it('none, when there are none', async () => {
        const store = await engine.create();
        await store.putRollUps(anUpdate({}));
        for (const width of ROLL_UP_WIDTHS) expect(await rowsOf(store, width)).toEqual([]);
        expect(await store.latestRollUps({ devices: [METER], from: 0, before: NOON })).toEqual([]);
        expect(await store.meterEvents(ALL_TIME)).toEqual([]);
        expect(await store.values({ devices: [METER], ...ALL_TIME })).toEqual([]);
      });

      it('as a plain map does, whatever the updates', { timeout: 300_000 }, async () => {
        let store = await engine.create();
        await fc.assert(
          fc.asyncProperty(fc.array(someUpdate, { minLength: 1, maxLength: 8 }), async (updates) => {
            const gateway = `story-${++stories}`;
            const devices = [METER.device, ROOF.device].map((device) => ({ gateway, device }));
            const model = new Map(ROLL_UP_WIDTHS.map((width) => [width, new Map<string, RollUp>()]));
            const events = new Map<string, MeterEvent>();
            for (const update of updates) {
              const rows = (width: RollUpWidth) => update.rows[width].map((row) => ({ ...row, gateway }));
              const own = {
                rows: { '15m': rows('15m'), '1h': rows('1h'), '1d': rows('1d') },
                events: update.events.map((event) => ({ ...event, gateway })),
                erasedEvents: update.erasedEvents.map((event) => ({ ...event, gateway })),
              };
              await store.putRollUps(own);
              for (const width of ROLL_UP_WIDTHS) {
                const ofWidth = model.get(width)!;
                for (const row of own.rows[width]) {
                  if (isEmptyRollUp(row)) ofWidth.delete(rowKey(row));
                  else ofWidth.set(rowKey(row), row);
                }
              }
              for (const event of own.erasedEvents) events.delete(eventKey(event));
              for (const event of own.events) events.set(eventKey(event), event);
            }
            if (stories % 10 === 0) store = await engine.reopen(store);
            for (const width of ROLL_UP_WIDTHS) {
              const rows = [...model.get(width)!.values()];
              await expectRows(store, width, rows, { devices });
              const some = { sites: ['city-hall'], devices: [devices[1]!], metrics: [POWER] };
              const [from, to] = [NOON + 2 * QUARTER, NOON + 5 * QUARTER];
              const matching = rows.filter(
                ({ site, device, metric, start }) =>
                  site === 'city-hall' && device === ROOF.device && metric === POWER && start >= from && start < to,
              );
              await expectRows(store, width, matching, { ...some, from, to });
            }
            const newest = new Map<string, RollUp>();
            for (const row of model.get('15m')!.values()) {
              const before = newest.get(seriesKey(row));
              if (before === undefined || before.start < row.start) newest.set(seriesKey(row), row);
            }
            const latest = await store.latestRollUps({ devices, from: ALL_TIME.from, before: ALL_TIME.to });
            expect(latest.map(({ start }) => start).sort()).toEqual([...newest.values()].map((r) => r.start).sort());
            expect(sorted(await store.meterEvents({ devices, ...ALL_TIME }), eventKey)).toEqual(
              sorted([...events.values()], eventKey),
            );
          }),
          { numRuns: engine.runs },
        );
      });
    });

    describe('finds roll-ups', () => {
      const SITES = ['city-hall', 'main-library'];
      const DEVICES = [METER, ROOF, { gateway: 'museum', device: 'main-meter' }];
      const rows = [0, 1, 2, 3, 4].flatMap((i) =>
        SITES.flatMap((site) =>
          DEVICES.flatMap((device) => [
            aRollUp({ site, ...device, start: NOON + i * 4 * QUARTER, position: null, count: i + 1 }),
            aGaugeRollUp({ site, ...device, start: NOON + i * 4 * QUARTER, count: i + 1 }),
          ]),
        ),
      );
      const filled = async () => {
        const store = await engine.create();
        // In no good order.
        await store.putRollUps(anUpdate({ '1h': rows.filter((_, i) => i % 3 === 1) }));
        await store.putRollUps(anUpdate({ '1h': rows.filter((_, i) => i % 3 !== 1).reverse() }));
        return store;
      };

      it('by site, device and metric, in every combination', { timeout: 60_000 }, async () => {
        const store = await filled();
        for (const sites of [undefined, [], ['city-hall'], SITES, ['city-hall', 'unknown']]) {
          for (const devices of [undefined, [], [ROOF], DEVICES.slice(1), [METER, METER]]) {
            for (const metrics of [undefined, [], [POWER], [ENERGY, POWER], ['voltage_v', POWER]]) {
              const matching = rows.filter(
                (row) =>
                  (sites === undefined || sites.includes(row.site)) &&
                  (devices === undefined ||
                    devices.some((d) => d.gateway === row.gateway && d.device === row.device)) &&
                  (metrics === undefined || metrics.includes(row.metric)),
              );
              await expectRows(store, '1h', matching, { sites, devices, metrics });
            }
          }
        }
        await expectRows(store, '1h', [], { sites: ['unknown'] });
        await expectRows(store, '1h', [], { devices: [{ gateway: 'library', device: 'unknown' }] });
        await expectRows(store, '1h', [], { metrics: ['no_such_metric'] });
        await expectRows(store, '15m', []);
        await expectRows(store, '1d', []);
      });

      it('that begin in the stretch, its end excluded', async () => {
        const store = await filled();
        const hour = 4 * QUARTER;
        const starts = async (from: number, to: number) => {
          const found = await store.rollUps({ width: '1h', devices: [METER], sites: ['city-hall'], from, to });
          return [...new Set(found.map(({ start }) => (start - NOON) / hour))].sort();
        };
        expect(await starts(NOON, NOON + 5 * hour)).toEqual([0, 1, 2, 3, 4]);
        expect(await starts(NOON + hour, NOON + 3 * hour)).toEqual([1, 2]);
        expect(await starts(NOON + hour + 1, NOON + 3 * hour + 1)).toEqual([2, 3]);
        expect(await starts(NOON + 2 * hour, NOON + 2 * hour + 1)).toEqual([2]);
        expect(await starts(NOON + 2 * hour, NOON + 2 * hour)).toEqual([]);
        expect(await starts(NOON + 3 * hour, NOON)).toEqual([]);
        expect(await starts(NOON - hour, NOON)).toEqual([]);
      });

      it('in rising order of time within each series and site', async () => {
        const store = await filled();
        const last = new Map<string, number>();
        for (const row of await store.rollUps({ width: '1h', ...ALL_TIME })) {
          const key = `${row.site} ${seriesKey(row)}`;
          expect(row.start).toBeGreaterThan(last.get(key) ?? 0);
          last.set(key, row.start);
        }
        expect(last.size).toBe(12);
      });

      it('of 15 minutes: the newest of each series in a stretch', async () => {
        const store = await engine.create();
        const quarter = (i: number, change: Partial<RollUp> = {}) =>
          aRollUp({ start: NOON + i * QUARTER, count: i + 1, ...change });
        const metric = 'active_energy_export_kwh';
        await store.putRollUps(
          anUpdate({
            '15m': [
              ...[3, 0, 1, 2].map((i) => quarter(i)),
              ...[1, 0].map((i) => quarter(i, { metric, position: null })),
              ...[0, 2].map((i) => quarter(i, { ...ROOF, site: i === 0 ? 'city-hall' : 'main-library' })),
              quarter(5, { gateway: 'museum' }),
              quarter(-3_000),
            ],
            '1h': [quarter(8, { position: null })],
          }),
        );
        const latest = async (
          from: number,
          before: number,
          change: { metrics?: string[]; devices?: DeviceKey[] } = {},
        ) => {
          const query = { devices: [METER, ROOF], from: NOON + from * QUARTER, before: NOON + before * QUARTER };
          return sorted(await store.latestRollUps({ ...query, ...change }), seriesKey);
        };
        const exported = quarter(1, { metric, position: null });
        const roof = quarter(2, ROOF);
        expect(await latest(0, 10)).toEqual(sorted([quarter(3), exported, roof], seriesKey));
        expect(await latest(0, 3)).toEqual(sorted([quarter(2), exported, roof], seriesKey));
        expect(await latest(2, 10)).toEqual(sorted([quarter(3), roof], seriesKey));
        expect(await latest(0, 10, { metrics: [ENERGY] })).toEqual(sorted([quarter(3), roof], seriesKey));
        expect(await latest(-4_000, 0)).toEqual([quarter(-3_000)]);
        expect(await latest(0, 10, { metrics: [] })).toEqual([]);
        expect(await latest(0, 10, { devices: [] })).toEqual([]);
        expect(await latest(4, 10)).toEqual([]);
        await store.putRollUps(anUpdate({ '15m': [anEmptyRollUp({ metric: ENERGY, start: NOON + 3 * QUARTER })] }));
        expect(await latest(0, 10, { devices: [METER], metrics: [ENERGY] })).toEqual([quarter(2)]);
      });
    });

    describe('keeps the events of meters', () => {
      it('of every kind, one for a series and instant, and gives them back', async () => {
        const store = await engine.create();
        const events = METER_EVENT_KINDS.map((kind, i) =>
          aMeterEvent({
            kind,
            at: NOON + i * MINUTE,
            before: NUMBERS[i]!,
            after: NUMBERS[NUMBERS.length - 1 - i]!,
            booked: i / 3,
            decidedBy: i % 2 === 0 ? 'rule' : 'person',
          }),
        );
        const others = [aMeterEvent(ROOF), aMeterEvent({ gateway: 'museum' }), aMeterEvent({ metric: 'water_m3' })];
        await store.putRollUps(anUpdate({ events: [...events, ...others].reverse() }));
        const again = await engine.reopen(store);
        await expectEvents(again, [...events, ...others]);
        const ofMeter = await again.meterEvents({ devices: [METER], metrics: [ENERGY], ...ALL_TIME });
        expect(ofMeter).toEqual(events);
        await again.putRollUps(anUpdate({ events: [aMeterEvent({ kind: 'swap', decidedBy: 'person', booked: 7 })] }));
        expect((await again.meterEvents({ devices: [METER], metrics: [ENERGY], ...ALL_TIME }))[0]).toEqual(
          aMeterEvent({ kind: 'swap', decidedBy: 'person', booked: 7 }),
        );
        expect(await again.meterEvents(ALL_TIME)).toHaveLength(events.length + 3);
      });

      it('until they are no longer true', async () => {
        const store = await engine.create();
        const events = [0, 1, 2].map((i) => aMeterEvent({ at: NOON + i * MINUTE }));
        await store.putRollUps(anUpdate({ events }));
        const { gateway, device, metric } = events[1]!;
        const key: MeterEventKey = { gateway, device, metric, at: NOON + MINUTE };
        await store.putRollUps(
          anUpdate({ erasedEvents: [key, { ...key, device: 'unknown' }, { ...key, at: NOON + 9 * MINUTE }] }),
        );
        await expectEvents(store, [events[0]!, events[2]!]);
        await store.putRollUps(anUpdate({ events: [{ ...events[1]!, kind: 'dip' }], erasedEvents: [events[0]!] }));
        await expectEvents(await engine.reopen(store), [{ ...events[1]!, kind: 'dip' }, events[2]!]);
      });

      it('and the event stays that an update both erases and names', async () => {
        const store = await engine.create();
        await store.putRollUps(anUpdate({ events: [aMeterEvent()] }));
        const changed = aMeterEvent({ kind: 'rollover', booked: 3 });
        await store.putRollUps(anUpdate({ events: [changed], erasedEvents: [changed] }));
        await expectEvents(store, [changed]);
      });

      it('and finds them by device, metric and stretch of time', async () => {
        const store = await engine.create();
        const events = [0, 1, 2].flatMap((i) =>
          [METER, ROOF].flatMap((device) =>
            [ENERGY, 'water_m3'].map((metric) => aMeterEvent({ ...device, metric, at: NOON + i * MINUTE })),
          ),
        );
        await store.putRollUps(anUpdate({ events }));
        for (const devices of [undefined, [], [ROOF], [METER, ROOF]]) {
          for (const metrics of [undefined, [], [ENERGY], ['water_m3', 'no_such_metric']]) {
            for (const [from, to] of [
              [NOON, NOON + 3 * MINUTE],
              [NOON + MINUTE, NOON + 2 * MINUTE],
              [NOON + 1, NOON + MINUTE],
            ] as const) {
              const matching = events.filter(
                (event) =>
                  (devices === undefined || devices.some(({ device }) => device === event.device)) &&
                  (metrics === undefined || metrics.includes(event.metric)) &&
                  event.at >= from &&
                  event.at < to,
              );
              await expectEvents(store, matching, { devices, metrics, from, to });
            }
          }
        }
      });
    });

    describe('gives every stored value', () => {
      it('of several devices and metrics at once, in rising order of time', async () => {
        const store = await engine.create();
        const readings = [3, 0, 2, 1].flatMap((i) =>
          ['main-meter', 'roof', 'attic'].map((device) => ({
            device,
            time: NOON + i * MINUTE,
            values: { [POWER]: i + 0.1, [ENERGY]: 100 + i, co2_ppm: 400 },
          })),
        );
        await commit(store, readings);
        await commit(store, readings, 'museum');
        const metrics = [POWER, ENERGY];
        const found = await valuesOf(store, { devices: [METER, ROOF], metrics });
        expect(found.map(({ gateway, device, metric }) => `${gateway} ${device} ${metric}`)).toEqual([
          'library main-meter active_energy_kwh',
          'library main-meter active_power_kw',
          'library roof active_energy_kwh',
          'library roof active_power_kw',
        ]);
        for (const { metric, points } of found) {
          const first = metric === POWER ? 0.1 : 100;
          expect(points).toEqual([0, 1, 2, 3].map((i) => [NOON + i * MINUTE, first + i]));
        }
        expect((await valuesOf(store, { devices: [METER] })).map(({ metric }) => metric)).toEqual([
          ENERGY,
          POWER,
          'co2_ppm',
        ]);
        expect(await valuesOf(store, { devices: [METER, METER], metrics: [POWER] })).toHaveLength(1);
      });

      it('as arrays of numbers, exactly', async () => {
        const store = await engine.create();
        await commit(
          store,
          NUMBERS.map((number, i) => power(NOON + i, number)),
        );
        const [series] = await store.values({ devices: [METER], ...ALL_TIME });
        expect(series?.times).toBeInstanceOf(Float64Array);
        expect(series?.values).toBeInstanceOf(Float64Array);
        expect([...(series?.times ?? [])]).toEqual(NUMBERS.map((_, i) => NOON + i));
        expect([...(series?.values ?? [])]).toEqual(NUMBERS);
      });

      it('once, the last committed', async () => {
        const store = await engine.create();
        await commit(store, [power(NOON, 1), power(NOON, 2), power(NOON + 1, 10)]);
        expect(await pointsOf(store)).toEqual([
          [NOON, 2],
          [NOON + 1, 10],
        ]);
        await commit(store, [power(NOON + 1, 11), power(NOON - 1, 9)]);
        await commit(store, [power(NOON, 0)]);
        const again = await engine.reopen(store);
        await commit(again, [power(NOON - 1, -9)]);
        expect(await pointsOf(again)).toEqual([
          [NOON - 1, -9],
          [NOON, 0],
          [NOON + 1, 11],
        ]);
      });

      it('of a stretch, its end excluded', async () => {
        const store = await engine.create();
        await commit(
          store,
          [0, 1, 2, 3].map((i) => power(NOON + i, i)),
        );
        const between = async (from: number, to: number) =>
          (await pointsOf(store, { from: NOON + from, to: NOON + to })).map(([, value]) => value);
        expect(await between(0, 4)).toEqual([0, 1, 2, 3]);
        expect(await between(1, 3)).toEqual([1, 2]);
        expect(await between(3, 3)).toEqual([]);
        expect(await between(2, 1)).toEqual([]);
        expect(await between(-9, 0)).toEqual([]);
      });

      it('and nothing for what it does not know', async () => {
        const store = await engine.create();
        await commit(store, [power(NOON, 1)]);
        expect(await valuesOf(store, { devices: [] })).toEqual([]);
        expect(await valuesOf(store, { devices: [METER], metrics: [] })).toEqual([]);
        expect(await valuesOf(store, { devices: [METER], metrics: ['no_such_metric', ENERGY] })).toEqual([]);
        expect(await valuesOf(store, { devices: [{ gateway: 'library', device: 'unknown' }] })).toEqual([]);
        expect(await valuesOf(store, { devices: [METER, ROOF], from: NOON + 1 })).toEqual([]);
      });

      it('of many commits that overlap, as a plain map has them', { timeout: 60_000 }, async () => {
        const store = await engine.create();
        const model = new Map<string, Map<number, number>>();
        for (let round = 0; round < 12; round++) {
          // Each round begins before the last one ended; every third is older than all.
          const first = NOON + (round % 3 === 2 ? -round * 1_000 : round * 500) * MINUTE;
          const readings = Array.from({ length: 900 }, (_, i) =>
            power(first + (i % 300) * MINUTE, round * 1_000 + i, `meter-${i % 4}`),
          );
          await commit(store, readings);
          for (const { device, time, values } of readings) {
            const ofDevice = model.get(device) ?? new Map<number, number>();
            model.set(device, ofDevice.set(time, values[POWER]!));
          }
        }
        const devices = [0, 1, 2, 3].map((n) => ({ gateway: 'library', device: `meter-${n}` }));
        const found = await valuesOf(store, { devices });
        expect(found).toHaveLength(4);
        for (const { device, points } of found) {
          expect(points).toEqual([...model.get(device)!].sort(([a], [b]) => a - b));
        }
      });
    });

    describe('keeps', () => {
      // The server's own clock decides what a server deletes: these stories happen today.
      const now = Math.floor(Date.now() / DAY) * DAY;
      const ages = [40, 21, 20, 19, 11, 10, 9, 1];
      const atAge = (days: number) => now - days * DAY;
      const filled = async () => {
        const store = await engine.create();
        await commit(
          store,
          ages.map((days) => power(atAge(days), days)),
        );
        const rows = ages.map((days) => aGaugeRollUp({ start: atAge(days) }));
        const events = ages.map((days) => aMeterEvent({ at: atAge(days) }));
        await store.putRollUps(anUpdate({ '15m': rows, '1h': rows, '1d': rows, events }));
        return store;
      };
      const held = async (store: BothStores) => ({
        raw: (await pointsOf(store)).map(([time]) => (now - time) / DAY),
        quarters: (await rowsOf(store, '15m')).map(({ start }) => (now - start) / DAY),
        hours: (await rowsOf(store, '1h')).length,
        days: (await rowsOf(store, '1d')).length,
        events: (await store.meterEvents(ALL_TIME)).length,
      });
      const whole = { hours: ages.length, days: ages.length, events: ages.length };

      it('everything when nothing says how long', async () => {
        const store = await filled();
        await store.keep({}, now);
        expect(await held(store)).toEqual({ raw: ages, quarters: ages, ...whole });
      });

      it('raw values and quarter hours as long as told, hours, days and events for ever', async () => {
        const store = await filled();
        const ledger = await store.ledger();
        await store.keep({ raw: atAge(10), quarters: atAge(20) }, now);
        for (const reopen of [false, true]) {
          const opened = reopen ? await engine.reopen(store) : store;
          const { raw, quarters, ...others } = await held(opened);
          expect(others).toEqual(whole);
          if (engine.deletesNow) {
            expect(raw).toEqual([10, 9, 1]);
            expect(quarters).toEqual([20, 19, 11, 10, 9, 1]);
          } else {
            expect(raw).toEqual(expect.arrayContaining([10, 9, 1]));
            expect(quarters).toEqual(expect.arrayContaining([20, 19, 11, 10, 9, 1]));
          }
          expect(await opened.latest({})).toEqual([{ ...METER, metric: POWER, time: atAge(1), value: 1 }]);
          expect(await opened.ledger()).toEqual(ledger);
        }
      });

      it('longer again when told so, and goes on taking readings and roll-ups', async () => {
        const store = await filled();
        await store.keep({ raw: atAge(10), quarters: atAge(10) }, now);
        await store.keep({ raw: atAge(30) }, now);
        await commit(store, [power(atAge(25), 25), power(now, 0)]);
        await store.putRollUps(anUpdate({ '15m': [aGaugeRollUp({ start: atAge(1_000) })] }));
        const { raw, quarters, ...others } = await held(await engine.reopen(store));
        expect(others).toEqual(whole);
        expect(raw).toEqual(expect.arrayContaining([25, 10, 9, 1, 0]));
        expect(quarters).toEqual(expect.arrayContaining([1_000, 10, 9, 1]));
      });
    });

    describe('lives with its neighbours', () => {
      it('takes commits, updates and questions at the same time', async () => {
        const store = await engine.create();
        const seqs = Array.from({ length: 20 }, (_, i) => i + 1);
        const work = seqs.flatMap((seq) => [
          commit(store, [power(NOON + seq, seq, `meter-${seq}`)]),
          store.putRollUps(
            anUpdate({
              '15m': [aGaugeRollUp({ device: `meter-${seq}` }), aRollUp({ device: `meter-${seq}`, count: seq })],
              events: [aMeterEvent({ at: NOON + seq })],
            }),
          ),
        ]);
        for (let turn = 0; turn < 5; turn++) {
          await Promise.all([rowsOf(store, '15m'), store.meterEvents(ALL_TIME), pointsOf(store)]);
        }
        await Promise.all(work);
        expect(await rowsOf(store, '15m')).toHaveLength(40);
        expect(await store.meterEvents(ALL_TIME)).toHaveLength(20);
        const devices = seqs.map((seq) => ({ gateway: 'library', device: `meter-${seq}` }));
        expect(await store.values({ devices, metrics: [POWER], ...ALL_TIME })).toHaveLength(20);
      });

      it('refuses to work once closed', async () => {
        const store = await engine.create();
        await store.putRollUps(anUpdate({ '15m': [aRollUp()] }));
        await store.close();
        for (const work of [
          () => store.putRollUps(anUpdate({ '15m': [aRollUp({ count: 1 })] })),
          () => store.rollUps({ width: '15m', ...ALL_TIME }),
          () => store.values({ devices: [METER], ...ALL_TIME }),
          () => store.keep({ raw: NOON }, NOON + 100 * DAY),
        ]) {
          const failure = await work().catch((error: unknown) => error);
          expect(failure).toBeInstanceOf(StoreFailure);
          expect((failure as Error).message).toMatch(/closed|not open/);
        }
      });
    });
  });
}

const figure = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }),
);
const ordinary = figure.map((number) => number + 0); // -0 is 0
const someRow = fc
  .record({
    site: fc.constantFrom('city-hall', 'main-library'),
    device: fc.constantFrom(METER.device, ROOF.device),
    metric: fc.constantFrom(ENERGY, POWER),
    slot: fc.integer({ min: 0, max: 7 }),
    count: fc.integer({ min: 0, max: 3 }),
    isKnown: fc.boolean(),
    hasPosition: fc.boolean(),
    figures: fc.array(ordinary, { minLength: 10, maxLength: 10 }),
  })
  .map(({ site, device, metric, slot, count, isKnown, hasPosition, figures }): RollUp => {
    const [coverage, min, mean, max, last, consumption, interpolated, estimated, peak, height] = figures as [
      number,
      ...number[],
    ];
    const start = NOON + slot * QUARTER;
    const nothing = anEmptyRollUp({ site, device, metric, start, count, coverage });
    const values = count === 0 ? {} : { min: min!, mean: mean!, max: max!, last: last! };
    if (!isKnown) return { ...nothing, ...values };
    const known = { consumption: consumption!, interpolated: interpolated!, estimated: estimated!, peak: peak! };
    const position = hasPosition ? { height: height!, time: start - slot, until: slot % 2 === 0 ? 0 : start } : null;
    return { ...nothing, ...values, ...known, peakAt: start, position };
  });
const someEvent = fc
  .record({ minute: fc.integer({ min: 0, max: 4 }), kind: fc.constantFrom(...METER_EVENT_KINDS), booked: ordinary })
  .map(({ minute, ...change }) => aMeterEvent({ at: NOON + minute * MINUTE, ...change }));
/** Hours and days carry no position; a quarter hour of a series stands at one site only. */
const someUpdate = fc
  .record({
    quarters: fc.array(someRow, { maxLength: 12 }),
    hours: fc.array(someRow, { maxLength: 6 }),
    days: fc.array(someRow, { maxLength: 6 }),
    events: fc.array(someEvent, { maxLength: 3 }),
    erasedEvents: fc.array(someEvent, { maxLength: 3 }),
  })
  .map(({ quarters, hours, days, events, erasedEvents }) =>
    anUpdate({
      '15m': quarters.map((row) => ({ ...row, site: row.start % (2 * QUARTER) === 0 ? 'city-hall' : 'main-library' })),
      '1h': hours.map(withoutPosition),
      '1d': days.map(withoutPosition),
      events,
      erasedEvents,
    }),
  );

function withoutPosition(row: RollUp): RollUp {
  return { ...row, position: null };
}

function power(time: number, value: number, device = 'main-meter'): Reading {
  return { device, time, values: { [POWER]: value } };
}

let commits = 0;

async function commit(store: BothStores, readings: readonly Reading[], gateway = 'library'): Promise<void> {
  const refused = await store.commit([anAdmittedBatch({ gateway, seq: ++commits, readings })], async () => {});
  expect(refused).toEqual([]);
}

function rowsOf(store: BothStores, width: RollUpWidth, query: Partial<RollUpQuery> = {}): Promise<readonly RollUp[]> {
  return store.rollUps({ width, ...ALL_TIME, ...query });
}

async function expectRows(
  store: BothStores,
  width: RollUpWidth,
  rows: readonly RollUp[],
  query: Partial<RollUpQuery> = {},
): Promise<void> {
  const found = await rowsOf(store, width, query);
  // Row by row: a difference of 50,000 rows is not to be read.
  expect(found.length, `${width} rows`).toBe(rows.length);
  const expected = sorted(rows, rowKey);
  for (const [i, row] of sorted(found, rowKey).entries()) {
    if (!isSame(row, expected[i]!)) expect(row).toEqual(expected[i]);
  }
}

/** Rows have flat figures, so that comparing them by hand saves most of the time that a matcher takes. */
function isSame(a: RollUp, b: RollUp): boolean {
  return JSON.stringify(a, KEYS) === JSON.stringify(b, KEYS);
}
const KEYS = [...Object.keys(aRollUp()), 'height', 'time', 'until'];

async function expectEvents(
  store: BothStores,
  events: readonly MeterEvent[],
  query: Partial<MeterEventQuery> = {},
): Promise<void> {
  const found = await store.meterEvents({ ...ALL_TIME, ...query });
  expect(sorted(found, eventKey)).toEqual(sorted(events, eventKey));
  const last = new Map<string, number>();
  for (const event of found) {
    expect(event.at).toBeGreaterThan(last.get(seriesKey(event)) ?? 0);
    last.set(seriesKey(event), event.at);
  }
}

/** Series in order of their names, with their values as pairs. */
async function valuesOf(store: BothStores, query: Partial<ValuesQuery> = {}) {
  const devices = query.devices ?? [METER, ROOF, { gateway: 'library', device: 'attic' }];
  const found = await store.values({ ...ALL_TIME, ...query, devices });
  return sorted(
    found.map(({ gateway, device, metric, times, values }) => {
      expect(values.length).toBe(times.length);
      const points = [...times].map((time, i): [number, number] => [time, values[i]!]);
      return { gateway, device, metric, points };
    }),
    seriesKey,
  );
}

/** Values of the main meter's power. */
async function pointsOf(store: BothStores, query: Partial<ValuesQuery> = {}): Promise<[number, number][]> {
  const found = await valuesOf(store, { devices: [METER], metrics: [POWER], ...query });
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.points ?? [];
}

function seriesKey({ gateway, device, metric }: { gateway: string; device: string; metric: string }): string {
  return `${gateway} ${device} ${metric}`;
}

function rowKey(row: RollUp): string {
  return `${row.site} ${seriesKey(row)} ${row.start}`;
}

function eventKey(event: MeterEventKey): string {
  return `${seriesKey(event)} ${event.at}`;
}

function sorted<T>(rows: readonly T[], key: (row: T) => string): T[] {
  return rows
    .map((row): [string, T] => [key(row), row])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}
