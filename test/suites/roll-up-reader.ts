/**
 * What the reader of roll-ups must give, whatever engine is below it and however far the worker has come: what counting
 * all values at once gives.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pieceOf, sumPeriods } from '../../console/api/city/piece-sums.ts';
import { RollUpReader } from '../../console/api/city/roll-up-reader.ts';
import { bordersOf } from '../../console/api/city/row-runs.ts';
import { isEmptyRollUp, type RollUp } from '../../contract/roll-up.ts';
import { type PeriodWidth, periodsIn } from '../../energy/calendar.ts';
import { QUARTER_MS, scaleOf } from '../../energy/counter-rules.ts';
import { countValues } from '../../energy/counting/count-values.ts';
import { counterFigures } from '../../energy/counting/figures.ts';
import { slotOf, startOfSlot } from '../../energy/counting/slots.ts';
import { meterRulesOf, RegisterFacts } from '../../energy/rollup/device-facts.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import { CityRegister } from '../console/fake-city.ts';
import { rollUpAll } from '../console/rolled-up.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const METRIC = 'active_energy_kwh';
const ZONE = 'America/New_York';
const SCALE = scaleOf(METRIC);
/** Two days before clocks go back. */
const START = Date.parse('2026-10-30T04:00:00Z');
const MINUTE = 60_000;

interface Value {
  readonly time: number;
  readonly value: number;
}

/**
 * An hourly meter that stamps the beginning of its hour ends a silence over midnight of UTC, which is rolled up a minute
 * later, the newest day first: the last value is counted before what it stands on.
 */
const TOLD_AHEAD = {
  intervalMs: 60 * MINUTE,
  stamp: 'begin' as const,
  happenings: [
    ...Array.from({ length: 6 }, () => ({ kind: 'count' as const, by: 0 })),
    { kind: 'silence' as const, by: 14 },
  ],
  rolledUp: (20 * 60 + 16) / (21 * 60 + 8),
  from: 0,
  every: 'hour' as const,
};

let stories = 0;

export function describeRollUpReader(engine: {
  readonly name: string;
  /** An open, empty store. */
  readonly create: () => Promise<TelemetryStore & RollUpStore>;
  readonly runs: number;
}): void {
  const happening = fc.oneof(
    { weight: 40, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 1, max: 9_000 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('silence' as const), by: fc.integer({ min: 2, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('zero' as const), by: fc.constant(1) }) },
  );
  const story = fc.record({
    intervalMs: fc.constantFrom(MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE),
    stamp: fc.constantFrom('begin' as const, 'end' as const, undefined),
    happenings: fc.array(happening, { minLength: 2, maxLength: 250 }),
    /** How far the worker has come, and where one looks. */
    rolledUp: fc.double({ min: 0, max: 1, noNaN: true }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    every: fc.constantFrom<PeriodWidth>('15m', 'hour', 'day', 'month'),
  });

  describe(`the reader of roll-ups over ${engine.name}`, () => {
    it('gives what all values together give, however far the worker has come', async () => {
      const store = await engine.create();
      await fc.assert(
        fc.asyncProperty(story, async ({ intervalMs, stamp, happenings, rolledUp, from, every }) => {
          const gateway = `reader-${++stories}`;
          const register = aRegister(gateway, intervalMs, stamp);
          const values = valuesOf(happenings, intervalMs);
          const last = values.at(-1)!.time + intervalMs + MINUTE;
          // Less than two days are left for the reader, with the silence before them.
          const young = values.find(({ time }) => time >= last - 40 * 60 * MINUTE)?.time ?? last;
          const least = last - values[0]!.time > 40 * 60 * MINUTE ? young + 1 : START;
          const until = Math.max(START + rolledUp * (last - START), least);
          await commit(
            store,
            gateway,
            values.filter(({ time }) => time < until),
          );
          await rollUpAll({ store, register }, { now: Math.max(until, START), folder: temporaryFolder(), gateway });
          await commit(
            store,
            gateway,
            values.filter(({ time }) => time >= until),
          );

          const range = { from: Math.floor((START + from * (last - START)) / QUARTER_MS) * QUARTER_MS, to: last };
          const reader = new RollUpReader({ store, register, clock: new ManualClock(last) });
          const counter = { gateway, device: 'meter' };
          const expected = rowsOf(register, gateway, values, range);
          const { rows } = await reader.quarters(METRIC, [counter], range);
          const shown = ({ start, consumption, interpolated, site, count }: RollUp) =>
            [new Date(start).toISOString(), site, consumption, interpolated, count] as const;
          const found = (rows.get(`${gateway}/meter`) ?? []).filter((row) => !isEmptyRollUp(row));
          expect(found.map(shown)).toEqual(expected.map(shown));

          const periods = periodsIn(range, every, ZONE);
          const { pieces } = await reader.pieces(
            METRIC,
            [counter],
            range,
            ZONE,
            bordersOf(periods, every === 'day' || every === 'month'),
          );
          const brute = expected.map((row) => pieceOf(row, row.start + QUARTER_MS, SCALE, last));
          const figures = (from_: Parameters<typeof sumPeriods>[0][number]['pieces']) =>
            sumPeriods([{ pieces: from_ }], periods, SCALE).map((sum) => [
              new Date(sum.from).toISOString(),
              sum.value,
              sum.interpolated,
              sum.peak,
              sum.peakAt,
            ]);
          expect(figures(pieces.get(`${gateway}/meter`) ?? [])).toEqual(figures(brute));
        }),
        { numRuns: engine.runs, examples: [[TOLD_AHEAD]] },
      );
    }, 240_000);

    it('counts nothing that is older than two days itself', async () => {
      const store = await engine.create();
      const gateway = `reader-${++stories}`;
      const register = aRegister(gateway, 15 * MINUTE, undefined);
      const values = Array.from({ length: 96 * 5 }, (_, place) => ({
        time: START + place * QUARTER_MS,
        value: 100 + place,
      }));
      await commit(store, gateway, values);
      const now = START + 96 * 5 * QUARTER_MS;
      const reader = new RollUpReader({ store, register, clock: new ManualClock(now) });
      const { rows } = await reader.quarters(METRIC, [{ gateway, device: 'meter' }], { from: START, to: now });
      const known = rows.get(`${gateway}/meter`)!.filter(({ consumption }) => consumption !== null);
      expect(known[0]!.start).toBeGreaterThanOrEqual(now - 51 * 60 * MINUTE);
      expect(known.length).toBeGreaterThan(180);
      // And tells of a device that said nothing since then what its rows say.
      await rollUpAll({ store, register }, { now, folder: temporaryFolder(), gateway });
      const later = new RollUpReader({ store, register, clock: new ManualClock(now + 90 * 96 * QUARTER_MS) });
      const { pieces } = await later.pieces(METRIC, [{ gateway, device: 'meter' }], { from: START, to: now }, ZONE);
      const [sum] = sumPeriods([{ pieces: pieces.get(`${gateway}/meter`)! }], [{ from: START, to: now }], SCALE);
      expect(sum).toMatchObject({ value: 96 * 5 - 1, interpolated: 0, peak: 4 });
    });
  });
}

function aRegister(gateway: string, intervalMs: number, stamp: 'begin' | 'end' | undefined): CityRegister {
  const register = new CityRegister();
  register.siteById.set('school', { id: 'school', name: 'School', kind: 'building', zone: ZONE });
  register.gatewayById.set(gateway, { id: gateway, name: gateway, site: 'school', retired: false });
  register.deviceByKey.set(`${gateway}/meter`, {
    gateway,
    id: 'meter',
    name: 'Meter',
    interval_s: intervalMs / 1_000,
    ...(stamp === undefined ? {} : { interval_stamp: stamp }),
    placements: [{ site: 'school', from: 0 }],
    is_new: false,
  });
  return register;
}

function valuesOf(happenings: readonly { kind: string; by: number }[], intervalMs: number): Value[] {
  const values: Value[] = [];
  let [time, counter] = [START + 7 * MINUTE, 50_000];
  for (const { kind, by } of happenings) {
    time += intervalMs * (kind === 'silence' ? by : 1);
    if (kind === 'fall') counter = Math.max(0, counter - by);
    else if (kind !== 'zero') counter += by;
    values.push({ time, value: kind === 'zero' ? 0 : counter / 10 });
  }
  return values;
}

/** The quarter hours that hold the range, counted at once. */
function rowsOf(
  register: CityRegister,
  gateway: string,
  values: readonly Value[],
  range: { from: number; to: number },
): RollUp[] {
  const key = { gateway, device: 'meter' };
  const rules = meterRulesOf(new RegisterFacts(register).of(key), METRIC);
  const times = Float64Array.from(values, ({ time }) => time);
  const numbers = Float64Array.from(values, ({ value }) => value);
  const firstSlot = slotOf(range.from);
  const window = { firstSlot: slotOf(START), slots: Math.ceil(range.to / QUARTER_MS) - slotOf(START) };
  const counted = countValues({ times, values: numbers, position: undefined, rules, window });
  return Array.from({ length: window.slots }, (_, place) => ({
    site: 'school',
    ...key,
    metric: METRIC,
    start: startOfSlot(window.firstSlot + place),
    ...counterFigures(counted, place, rules),
  })).filter((row) => !isEmptyRollUp(row) && slotOf(row.start) >= firstSlot);
}

async function commit(store: TelemetryStore, gateway: string, values: readonly Value[]): Promise<void> {
  for (let start = 0; start < values.length; start += 900) {
    const readings = values
      .slice(start, start + 900)
      .map(({ time, value }) => ({ device: 'meter', time, values: { [METRIC]: value } }));
    await store.commit([{ gateway, epoch: `e${++stories}`, seq: 1, readings, rejected: [] }], async () => {});
  }
}
