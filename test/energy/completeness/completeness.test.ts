import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceDaysQuery, deviceDays, readingCounts } from '../../../energy/completeness/device-days.ts';
import { expectedReadings } from '../../../energy/completeness/expected-readings.ts';
import { explainMissing, type MissingEvidence } from '../../../energy/completeness/explain-missing.ts';
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

describe('why readings are missing', () => {
  const range = { from: DAY.from, to: DAY.from + 4 * HOUR, readings: 240 };
  const known = (change: Partial<MissingEvidence> = {}): MissingEvidence => ({ isGatewayKnown: true, ...change });
  const causesOf = (evidence: MissingEvidence) =>
    explainMissing([range], evidence)[0]!.causes.map(({ cause, readings }) => [cause, readings]);

  it('a device that was mute while its gateway spoke', () => {
    expect(explainMissing([range], known())[0]!.causes).toEqual([
      { cause: 'never-produced', readings: 240, detail: '', isCertain: true },
    ]);
    expect(causesOf({ isGatewayKnown: false })).toEqual([['unknown', 240]]);
  });

  it('a gateway that was silent for a part', () => {
    const silent = { from: DAY.from - HOUR, to: DAY.from + HOUR };
    expect(causesOf(known({ gatewaySilent: [silent, { ...silent, from: DAY.from }] }))).toEqual([
      ['gateway-silent', 60],
      ['never-produced', 180],
    ]);
  });

  it('everything at once, what is certain first', () => {
    const all = known({
      firstReadingAt: DAY.from + HOUR,
      rejected: [
        { ...range, count: 20, reason: 'value-out-of-range' },
        { from: DAY.to, to: DAY.to + 1, count: 99, reason: 'malformed' },
      ],
      later: [{ ...range, count: 5, reason: 'clock-ahead' }],
      dropped: [{ ...range, count: 10 }],
      gatewaySilent: [{ from: DAY.from + 2 * HOUR, to: DAY.from + 3 * HOUR }],
      sequenceGaps: [{ from: DAY.from + 3 * HOUR, to: DAY.from + 3.5 * HOUR }],
    });
    expect(causesOf(all)).toEqual([
      ['before-first-reading', 60],
      ['rejected', 20],
      ['waiting', 5],
      ['outbox-dropped', 10],
      ['gateway-silent', 60],
      ['not-received', 30],
      ['never-produced', 55],
    ]);
    const found = explainMissing([range], all)[0]!.causes;
    expect(found[1]).toMatchObject({ detail: 'value-out-of-range', isCertain: true });
    expect(found[3]!.isCertain).toBe(false);
  });

  it('uses counted evidence once, and explains every reading', () => {
    const stretch = fc
      .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 20 }))
      .map(([slot, length]) => ({
        from: DAY.from + slot * QUARTER,
        to: DAY.from + (slot + length) * QUARTER,
      }));
    const counted = fc
      .tuple(stretch, fc.nat(50))
      .map(([one, count]) => ({ ...one, count, reason: 'malformed' as const }));
    fc.assert(
      fc.property(
        fc.array(counted),
        fc.array(counted),
        fc.array(stretch),
        fc.array(stretch),
        fc.boolean(),
        (missing, rejected, gatewaySilent, sequenceGaps, isGatewayKnown) => {
          const ranges = missing.map(({ from, to, count }) => ({ from, to, readings: count }));
          const explained = explainMissing(ranges, {
            rejected,
            dropped: rejected,
            gatewaySilent,
            sequenceGaps,
            isGatewayKnown,
          });
          for (const { readings, causes } of explained) {
            expect(causes.reduce((sum, cause) => sum + cause.readings, 0)).toBe(readings);
            for (const cause of causes) expect(cause.readings).toBeGreaterThan(0);
          }
          const taken = explained.flatMap(({ causes }) => causes).filter(({ cause }) => cause === 'rejected');
          const given = rejected.reduce((sum, { count }) => sum + count, 0);
          expect(taken.reduce((sum, { readings }) => sum + readings, 0)).toBeLessThanOrEqual(given);
        },
      ),
    );
  });
});
