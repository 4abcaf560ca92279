import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceDaysQuery, deviceDays, readingCounts } from '../../../energy/completeness/device-days.ts';
import { exactRanges } from '../../../energy/completeness/exact-ranges.ts';
import { expectedReadings } from '../../../energy/completeness/expected-readings.ts';
import { explainMissing, type MissingEvidence, poolOf } from '../../../energy/completeness/explain-missing.ts';
import type { Silence } from '../../../energy/completeness/gateway-presence.ts';
import { joined, without } from '../../../energy/completeness/stretches.ts';
import { BOSTON, daysFrom, HOUR, midnight, QUARTER } from '../analytics/intervals.ts';

const MINUTE = 60_000;
const DAY = daysFrom('2026-06-01', 1);

describe('expected readings', () => {
  it('are as many as whole intervals end in the stretch', () => {
    const stretch = (from: number, to: number) => ({ from: DAY.from + from * MINUTE, to: DAY.from + to * MINUTE });
    expect(expectedReadings(DAY, { intervalMs: MINUTE })).toBe(1_440);
    expect(expectedReadings(daysFrom('2026-11-01', 1), { intervalMs: QUARTER })).toBe(100);
    expect(expectedReadings(daysFrom('2026-03-08', 1), { intervalMs: QUARTER })).toBe(92);
    // Placed at 10:07: intervals are counted from there, and the begun one expects nothing.
    const expectation = { intervalMs: QUARTER, from: DAY.from + 607 * MINUTE };
    expect(expectedReadings(DAY, expectation)).toBe(55);
    expect(expectedReadings(stretch(600, 615), expectation)).toBe(0);
    expect(expectedReadings(stretch(0, 600), expectation)).toBe(0);
    expect(expectedReadings(DAY, { ...expectation, to: expectation.from + 29 * MINUTE })).toBe(1);
    expect(expectedReadings(DAY, { intervalMs: undefined })).toBeUndefined();
  });

  it('of neighbouring stretches add up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 10_000_000 }),
        fc.array(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 2, maxLength: 9 }),
        fc.integer({ min: 0, max: 43_200_000 }),
        (intervalMs, cuts, late) => {
          const expectation = { intervalMs, from: DAY.from + late, to: DAY.to - 1_000 };
          const times = cuts.map((cut) => DAY.from + cut).sort((one, other) => one - other);
          const parts = times.slice(1).map((to, place) => expectedReadings({ from: times[place]!, to }, expectation)!);
          const whole = expectedReadings({ from: times[0]!, to: times.at(-1)! }, expectation);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
        },
      ),
    );
  });
});

/** Quarter-hour counts of readings at these times. */
function countsOf(times: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const time of times) {
    const start = Math.floor(time / QUARTER) * QUARTER;
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  return counts;
}
const every = (intervalMs: number, { from, to } = DAY, phase = 0): number[] => {
  const times = [];
  for (let time = from + phase; time < to; time += intervalMs) times.push(time);
  return times;
};
const dayOf = (times: readonly number[], intervalMs: number, change: Partial<DeviceDaysQuery> = {}) =>
  deviceDays({ expectation: { intervalMs }, counts: countsOf(times), period: DAY, zone: BOSTON, ...change })[0]!;

describe('completeness of a device-day', () => {
  it('is whole when every reading is there', () => {
    expect(dayOf(every(MINUTE), MINUTE)).toEqual({
      ...DAY,
      expected: 1_440,
      stored: 1_440,
      missing: 0,
      surplus: 0,
      coveragePercent: 100,
      ranges: [],
    });
  });

  it('names what is missing, to the quarter hour', () => {
    const from = DAY.from + 3 * HOUR + 5 * MINUTE;
    const found = dayOf(
      every(MINUTE).filter((time) => time < from || time >= from + HOUR),
      MINUTE,
    );
    expect(found).toMatchObject({ missing: 60, surplus: 0, stored: 1_380 });
    expect(found.coveragePercent).toBeCloseTo(100 - 100 / 24, 9);
    expect(found.ranges).toEqual([{ from: DAY.from + 3 * HOUR, to: DAY.from + 4.25 * HOUR, readings: 60 }]);
    expect(dayOf([], QUARTER)).toMatchObject({
      expected: 96,
      missing: 96,
      coveragePercent: 0,
      ranges: [{ ...DAY, readings: 96 }],
    });
  });

  it('a clock that runs a second early or late misses nothing', () => {
    const jittered = every(QUARTER, DAY, 1_000).map((time, place) => time - (place % 3) * 1_000);
    expect(dayOf(jittered, QUARTER)).toMatchObject({ missing: 0, ranges: [] });
    const early = every(QUARTER).map((time, place) => (place % 5 === 1 ? time - 1 : time));
    expect(dayOf(early, QUARTER)).toMatchObject({ missing: 0, ranges: [] });
  });

  it('knows devices slower than a quarter hour, and intervals that do not divide it', () => {
    expect(dayOf(every(HOUR, DAY, 7 * MINUTE), HOUR)).toMatchObject({ expected: 24, missing: 0 });
    const hole = every(HOUR).filter((time) => time !== DAY.from + 5 * HOUR);
    expect(dayOf(hole, HOUR).ranges).toEqual([{ from: DAY.from + 5 * HOUR, to: DAY.from + 6 * HOUR, readings: 1 }]);
    const seven = dayOf(every(7 * MINUTE, DAY, 2 * MINUTE), 7 * MINUTE);
    expect(seven.missing).toBeLessThanOrEqual(1);
    expect(seven.coveragePercent).toBeGreaterThan(99);
  });

  it('expects nothing before placement and after retirement, and nothing yet of the running quarter hour', () => {
    const expectation = { intervalMs: QUARTER, from: DAY.from + 10 * HOUR, to: DAY.from + 20 * HOUR + 3 * MINUTE };
    const times = every(QUARTER, { from: expectation.from, to: DAY.from + 20 * HOUR });
    expect(dayOf(times, QUARTER, { expectation })).toMatchObject({ expected: 40, stored: 40, missing: 0 });
    const before = dayOf([], QUARTER, { expectation: { intervalMs: QUARTER, from: DAY.to } });
    expect(before).toMatchObject({ expected: 0, missing: 0, coveragePercent: undefined });
  });

  it('does not judge a device whose interval nobody stated', () => {
    const expectation = { intervalMs: undefined };
    expect(dayOf(every(QUARTER), QUARTER, { expectation })).toMatchObject({
      expected: undefined,
      stored: 96,
      missing: undefined,
      coveragePercent: undefined,
      ranges: [],
    });
  });

  it('has days of 92 and 100 quarter hours, and balances', () => {
    const period = { from: midnight('2026-10-31'), to: midnight('2026-11-03') };
    const days = deviceDays({
      expectation: { intervalMs: QUARTER },
      counts: countsOf(every(QUARTER, period)),
      period,
      zone: BOSTON,
    });
    expect(days.map(({ expected, stored }) => [expected, stored])).toEqual([
      [96, 96],
      [100, 100],
      [96, 96],
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 96, maxLength: 96 }),
        fc.constantFrom(5 * MINUTE, QUARTER, 7 * MINUTE, HOUR, 20 * MINUTE),
        (values, intervalMs) => {
          const counts = new Map(values.map((count, slot) => [DAY.from + slot * QUARTER, count]));
          const found = dayOf([], intervalMs, { counts });
          expect(found.stored).toBe(found.expected! - found.missing! + found.surplus!);
          expect(found.missing).toBeGreaterThanOrEqual(0);
          expect(found.surplus).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('takes the fullest metric of a quarter hour', () => {
    const start = DAY.from;
    const counts = readingCounts([
      { start, count: 3 },
      { start, count: 15 },
      { start: start + QUARTER, count: 1 },
    ]);
    expect([...counts.values()]).toEqual([15, 1]);
  });
});

describe('which readings exactly', () => {
  const range = { from: DAY.from, to: DAY.from + QUARTER, readings: 5 };
  const minutes = (...at: number[]) => at.map((minute) => DAY.from + minute * MINUTE + 20_000);
  const exact = (readings: number, times: number[]) =>
    exactRanges({ ...range, readings }, times, MINUTE).map(({ from, to, readings: n, isExact }) => [
      (from - DAY.from) / 1_000,
      (to - DAY.from) / 1_000,
      n,
      isExact,
    ]);

  it('are told by the times of the others', () => {
    expect(exact(5, minutes(-2, -1, 0, 1, 2, 6, 7, 8, 9, 12, 13, 14, 15, 16))).toEqual([
      [200, 380, 3, true],
      [620, 740, 2, true],
    ]);
  });

  it('of a stretch without any are all of it', () => {
    expect(exact(15, minutes(-1, 15))).toEqual([[20, 900, 15, true]]);
    expect(exact(15, [])).toEqual([[0, 900, 15, true]]);
  });

  it('stay within the range when the times tell another number', () => {
    expect(exact(4, minutes(-1, 0, 1, 2, 6, 7, 8, 9, 12, 13, 14, 15))).toEqual([[0, 900, 4, false]]);
  });
});

describe('stretches', () => {
  it('are joined and taken away from each other', () => {
    const of = (...pairs: [number, number][]) => pairs.map(([from, to]) => ({ from, to }));
    expect(joined(of([5, 7], [1, 3], [3, 4], [6, 9], [2, 2]))).toEqual(of([1, 4], [5, 9]));
    expect(without(of([0, 10]), of([2, 3], [5, 20]))).toEqual(of([0, 2], [3, 5]));
    expect(without(of([0, 10]), of([-1, 11]))).toEqual([]);
  });
});

describe('why readings are missing', () => {
  const range = { from: DAY.from, to: DAY.from + 4 * HOUR, readings: 240 };
  const settled = [{ from: 0, to: DAY.to }];
  const hours = (from: number, to: number) => ({ from: DAY.from + from * HOUR, to: DAY.from + to * HOUR });
  const pool = (stretch: { from: number; to: number }, count: number, detail = '') =>
    poolOf({ ...stretch, count }, detail);
  const silence = (from: number, to: number): Silence => ({ ...hours(from, to), end: 'restarted' });
  const causesOf = (evidence: MissingEvidence) =>
    explainMissing([range], evidence).map(({ cause, readings }) => [cause, readings]);

  it('a device that was mute while its gateway spoke', () => {
    expect(explainMissing([range], { settled })).toEqual([
      { ...range, cause: 'never-produced', detail: '', isCertain: true },
    ]);
    expect(causesOf({})).toEqual([['unknown', 240]]);
    expect(explainMissing([range], { isAllSettled: true })).toMatchObject([
      { cause: 'never-produced', isCertain: false },
    ]);
  });

  it('a gateway that was silent for a part, to the reading', () => {
    const [first, second] = [silence(-1, 0.5), silence(0.5, 1)];
    const common = { readings: 30, cause: 'gateway-silent', detail: 'restarted', isCertain: true };
    expect(explainMissing([range], { silent: [first, second], settled })).toEqual([
      { ...hours(0, 0.5), ...common, stretch: first },
      { ...hours(0.5, 1), ...common, stretch: second },
      { ...hours(1, 4), readings: 180, cause: 'never-produced', detail: '', isCertain: true },
    ]);
  });

  it('everything at once, what is certain first', () => {
    const all: MissingEvidence = {
      firstReadingAt: DAY.from + HOUR,
      rejected: [pool(hours(1, 4), 20, 'value-out-of-range'), pool({ from: DAY.to, to: DAY.to + 1 }, 99, 'malformed')],
      waiting: [pool(hours(1, 4), 5, 'clock-ahead')],
      setAside: [pool(hours(1, 4), 2)],
      dropped: [pool(hours(1, 4), 10)],
      buffered: [pool(hours(1, 4), 3)],
      silent: [silence(2, 3)],
      gaps: [{ epoch: 'one', first: 3, last: 5, ...hours(3, 3.5) }],
      unwatched: [hours(3.5, 3.75)],
      settled: [hours(0, 3.5), hours(3.75, 4)],
    };
    const found = explainMissing([range], all);
    expect(found.map(({ cause, readings }) => [cause, readings])).toEqual([
      ['before-first-reading', 60],
      ['rejected', 20],
      ['waiting', 5],
      ['set-aside', 2],
      ['outbox-dropped', 10],
      ['buffered', 3],
      // What is due at the very time of the last one that came was in its batch.
      ['never-produced', 20],
      ['gateway-silent', 60],
      ['never-produced', 1],
      ['not-received', 29],
      ['unwatched', 15],
      ['never-produced', 15],
    ]);
    expect(found[1]).toMatchObject({ detail: 'value-out-of-range', isCertain: true });
    expect(found[4]!.isCertain).toBe(false);
    expect(found[9]!.detail).toBe('batches 3 to 5 of epoch one');
  });

  it('a pool that devices share explains each reading of it once', () => {
    const dropped = [pool(hours(0, 4), 300)];
    expect(causesOf({ dropped, settled })).toEqual([['outbox-dropped', 240]]);
    expect(causesOf({ dropped, settled })).toEqual([
      ['outbox-dropped', 60],
      ['never-produced', 180],
    ]);
  });

  it('uses counted evidence once, and explains every reading', () => {
    const stretch = fc
      .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 20 }))
      .map(([slot, length]) => ({
        from: DAY.from + slot * QUARTER + 7,
        to: DAY.from + (slot + length) * QUARTER,
      }));
    const counted = fc.tuple(stretch, fc.nat(50)).map(([one, count]) => ({ ...one, count }));
    fc.assert(
      fc.property(
        fc.array(counted),
        fc.array(counted),
        fc.array(stretch),
        fc.array(stretch),
        fc.array(stretch),
        fc.boolean(),
        (missing, refused, silent, gaps, known, isAllSettled) => {
          const ranges = missing
            .filter(({ count }) => count > 0)
            .map(({ from, to, count }) => ({ from, to, readings: count }));
          const explained = explainMissing(ranges, {
            rejected: refused.map((one) => poolOf(one)),
            dropped: refused.map((one) => poolOf(one)),
            silent: silent.map((one) => ({ ...one, end: 'away' })),
            gaps: gaps.map((one) => ({ ...one, epoch: 'one', first: 1, last: 1 })),
            settled: known,
            isAllSettled,
          });
          const sumOf = (all: readonly { readings: number }[]) => all.reduce((sum, one) => sum + one.readings, 0);
          expect(sumOf(explained)).toBe(sumOf(ranges));
          for (const { readings, from, to } of explained) {
            expect(readings).toBeGreaterThan(0);
            expect(from).toBeLessThanOrEqual(to);
          }
          const given = refused.reduce((sum, { count }) => sum + count, 0);
          expect(sumOf(explained.filter(({ cause }) => cause === 'rejected'))).toBeLessThanOrEqual(given);
        },
      ),
    );
  });
});
