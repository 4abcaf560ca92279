/** What a consumption reader must give, whatever engine is below it: exactly what all values together give. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BucketCache, nameOf } from '../../console/api/city/bucket-cache.ts';
import { ConsumptionReader } from '../../console/api/city/consumption-reader.ts';
import { LateReadings } from '../../console/api/city/late-readings.ts';
import { bucketsOf, type CounterValue, countQuarters } from '../../energy/consumption.ts';
import { QUARTER_MS, rulesOf } from '../../energy/counter-rules.ts';
import { windowOf } from '../../energy/periods.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';

const METRIC = 'active_energy_kwh';
const DAY = 86_400_000;
const START = Date.parse('2026-10-31T00:00:00Z');
const MINUTE = 60_000;

let stories = 0;

export function describeConsumptionReader(engine: {
  readonly name: string;
  /** An open, empty store. */
  readonly create: () => Promise<TelemetryStore>;
  readonly runs: number;
}): void {
  const commit = async (store: TelemetryStore, gateway: string, values: readonly CounterValue[]): Promise<void> => {
    for (let start = 0; start < values.length; start += 900) {
      const readings = values
        .slice(start, start + 900)
        .map(({ time, value }) => ({ device: 'meter', time, values: { [METRIC]: value } }));
      await store.commit([{ gateway, epoch: `e${++stories}`, seq: 1, readings, rejected: [] }], async () => {});
    }
  };

  const read = (store: TelemetryStore, now: number) => {
    const clock = new ManualClock(now);
    const late = new LateReadings();
    const cache = new BucketCache({ store, clock, late });
    return { reader: new ConsumptionReader({ cache, clock }), clock, late };
  };

  const expected = (values: readonly CounterValue[], intervalMs: number, range: { from: number; to: number }) => {
    const { wanted, ...counted } = countQuarters(bucketsOf(values), rulesOf(METRIC, intervalMs), windowOf(range));
    expect(wanted.size).toBe(0);
    return counted;
  };

  const happening = fc.oneof(
    { weight: 30, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 1, max: 9_000 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('silence' as const), by: fc.integer({ min: 2, max: 200 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('zero' as const), by: fc.constant(1) }) },
  );
  const story = fc.record({
    intervalMs: fc.constantFrom(MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE),
    happenings: fc.array(happening, { minLength: 1, maxLength: 300 }),
    from: fc.integer({ min: 0, max: 96 * 3 }),
    length: fc.integer({ min: 1, max: 96 * 2 }),
  });

  describe(`consumption read from ${engine.name}`, () => {
    it('is what all values together give, whatever happened to the counter and wherever one looks', async () => {
      const store = await engine.create();
      await fc.assert(
        fc.asyncProperty(story, async ({ intervalMs, happenings, from, length }) => {
          const gateway = `story-${++stories}`;
          const values: CounterValue[] = [];
          let [time, counter] = [START + 7 * MINUTE, 5_000];
          for (const { kind, by } of happenings) {
            time += intervalMs * (kind === 'silence' ? by : 1);
            if (kind === 'fall') counter = Math.max(0, counter - by);
            else if (kind !== 'zero') counter += by;
            values.push({ time, value: kind === 'zero' ? 0 : counter / 10 });
          }
          await commit(store, gateway, values);
          const range = { from: START + from * QUARTER_MS, to: START + (from + length) * QUARTER_MS };
          const { reader } = read(store, START + 60 * DAY);
          const counted = await reader.quarters(METRIC, [{ gateway, device: 'meter', intervalMs }], range);
          const { wanted, ...found } = { wanted: 0, ...counted.get(`${gateway}/meter`)! };
          expect(found).toEqual(expected(values, intervalMs, range));
        }),
        { numRuns: engine.runs },
      );
    });

    it('has late readings in it as soon as they are told of, and the youngest within seconds', async () => {
      const store = await engine.create();
      const now = START + 2 * DAY;
      const values = Array.from({ length: 2 * 1_440 }, (_, minute) => ({
        time: START + minute * MINUTE,
        value: 1_000 + minute / 10,
      }));
      // The second day has come; the first comes after it, as history does.
      await commit(store, 'late', values.slice(1_440));
      const { reader, clock, late } = read(store, now);
      const range = { from: START, to: now };
      const counter = { gateway: 'late', device: 'meter', intervalMs: MINUTE };
      const sum = async () => {
        const counted = await reader.quarters(METRIC, [counter], range);
        return [...counted.get(nameOf(counter))!.amounts].reduce((all, amount) => all + (amount || 0), 0) / 1_000;
      };
      expect(await sum()).toBe(143.9);
      await commit(store, 'late', values.slice(0, 1_440));
      const readings = [{ device: 'meter', time: START, values: {} }];
      late.take({ gateway: 'late', readings }, clock.now());
      await clock.advance(61_000);
      expect(await sum()).toBe(287.9);
      // What is read again of the running day is its tail.
      await commit(store, 'late', [{ time: clock.now() - 30_000, value: 1_300 }]);
      await clock.advance(61_000);
      range.to = clock.now();
      expect(await sum()).toBe(300);
    });

    it('asks once for many meters, and not again for what it knows', async () => {
      const store = await engine.create();
      const names = Array.from({ length: 40 }, (_, index) => `many-${index}`);
      const values = Array.from({ length: 300 }, (_, minute) => ({
        time: START + minute * MINUTE,
        value: minute / 10,
      }));
      for (const name of names) await commit(store, name, values);
      let queries = 0;
      const counting = Object.create(store, {
        series: {
          value: (query: Parameters<TelemetryStore['series']>[0]) => {
            queries++;
            return store.series(query);
          },
        },
      }) as TelemetryStore;
      const { reader } = read(counting, START + 10 * DAY);
      const counters = names.map((gateway) => ({ gateway, device: 'meter', intervalMs: MINUTE }));
      const range = { from: START + 60 * MINUTE, to: START + 240 * MINUTE };
      const first = await reader.quarters(METRIC, counters, range);
      expect(queries).toBe(1);
      expect(first.size).toBe(40);
      await reader.quarters(METRIC, counters, range);
      expect(queries).toBe(1);
    });
  });
}
