import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { completenessOf } from '../../../energy/analytics/figure.ts';
import {
  type IntervalRow,
  intervalsIn,
  intervalsOf,
  isMeasured,
  isWhollyKnown,
  requireQuarters,
  withParts,
} from '../../../energy/analytics/interval.ts';
import { localClock } from '../../../energy/analytics/local-clock.ts';
import { anInterval, BOSTON, daysFrom, HOUR, midnight, QUARTER, quarters } from './intervals.ts';

const FROM = midnight('2026-06-01');
const aRow = (slot: number, consumption: number | null = 1, change: Partial<IntervalRow> = {}): IntervalRow => ({
  start: FROM + slot * QUARTER,
  coverage: 100,
  consumption,
  interpolated: consumption === null ? null : 0,
  estimated: consumption === null ? null : 0,
  ...change,
});
const grid = (slots: number) => ({
  period: { from: FROM, to: FROM + slots * QUARTER },
  width: '15m' as const,
  zone: BOSTON,
});

describe('intervals from roll-ups', () => {
  it('a row that is missing, or knows nothing, is null and never 0', () => {
    const intervals = intervalsOf([{ rows: [aRow(2, 3), aRow(0, 1), aRow(3, null)] }], grid(5));
    expect(intervals.map(({ value }) => value)).toEqual([1, null, 3, null, null]);
    expect(intervals.map(({ measuredShare }) => measuredShare)).toEqual([1, 0, 1, 0, 0]);
    expect(completenessOf(intervals, grid(5).period)).toMatchObject({ known: 0.4, measured: 0.4 });
  });

  it('adds meters up, and does not know the sum where it does not know one of them', () => {
    const intervals = intervalsOf(
      [{ rows: [aRow(0, 5), aRow(1, 5)] }, { rows: [aRow(0, 2, { coverage: 40 })], sign: -1 }],
      grid(2),
    );
    expect(intervals.map(({ value }) => value)).toEqual([3, null]);
    expect(intervals[0]!.measuredShare).toBe(0.4);
  });

  it('expects nothing of a meter before it stood there, nor after', () => {
    const late = { rows: [aRow(1, 2)], from: FROM + QUARTER, to: FROM + 2 * QUARTER };
    const intervals = intervalsOf([{ rows: [aRow(0), aRow(1), aRow(2)] }, late], grid(3));
    expect(intervals.map(({ value }) => value)).toEqual([1, 3, 1]);
  });

  it('knows nothing where no meter stood', () => {
    expect(intervalsOf([], grid(1))[0]!.value).toBeNull();
    expect(intervalsOf([{ rows: [aRow(0)], from: FROM + QUARTER }], grid(1))[0]!.value).toBeNull();
  });

  it('days are those of the zone, of 23 to 25 hours, and belong where they begin', () => {
    const period = { from: midnight('2026-10-31') + HOUR, to: midnight('2026-11-02') + HOUR };
    const start = midnight('2026-11-01');
    const intervals = intervalsOf([{ rows: [{ ...aRow(0, 7), start }] }], { period, width: '1d', zone: BOSTON });
    expect(intervals.map(({ start, end }) => [start, (end - start) / HOUR])).toEqual([
      [midnight('2026-11-01'), 25],
      [midnight('2026-11-02'), 24],
    ]);
    expect(intervals.map(({ value }) => value)).toEqual([7, null]);
  });

  it('a day of which a part is not known is not known wholly, be the meter silent or not there yet', () => {
    const period = daysFrom('2026-06-01', 3);
    const [first, second, third] = [0, 96, 192].map((slot) => aRow(slot, 24));
    const rows = [{ ...first!, coverage: 25 }, second!, third!];
    const width = '1d' as const;
    const silent = intervalsOf([{ rows }], { period, width, zone: BOSTON });
    expect(silent.map(isWhollyKnown)).toEqual([false, true, true]);
    expect(completenessOf(silent, daysFrom('2026-06-01', 1))).toMatchObject({ known: 0.25 });
    // Its row says 100 % of the time that it stood there.
    const placed = intervalsOf([{ rows, from: FROM + 114 * QUARTER }], { period, width, zone: BOSTON });
    expect(placed.map(({ value, knownShare }) => [value, knownShare])).toEqual([
      [null, undefined],
      [24, 0.8125],
      [24, 1],
    ]);
    // Of two meters nothing was due of the later one.
    const both = intervalsOf([{ rows: [third!] }, { rows: [third!], from: FROM + 240 * QUARTER }], {
      period,
      width,
      zone: BOSTON,
    });
    expect(both[2]).toMatchObject({ value: 48, knownShare: 1 });
  });

  it('quarter hours stand in place of such a day, as far as they are kept', () => {
    const [whole, partly, bare] = [0, 96, 192].map((slot) =>
      anInterval({ start: FROM + slot * QUARTER, end: FROM + (slot + 96) * QUARTER, value: 9, knownShare: 0.5 }),
    );
    const parts = quarters({ from: partly!.start, to: partly!.end }, (start) =>
      start < partly!.start + HOUR ? 2 : null,
    );
    const found = withParts([{ ...whole!, knownShare: 1 }, partly!, bare!], parts);
    expect(found).toEqual([{ ...whole!, knownShare: 1 }, ...parts, bare!]);
  });

  it('an amount spread over a gap, or estimated, shows no shape', () => {
    expect(isMeasured(anInterval())).toBe(true);
    expect(isMeasured(anInterval({ measuredShare: 0.4 }))).toBe(false);
    expect(isMeasured(anInterval({ value: 4, interpolated: 3 }))).toBe(false);
    expect(isMeasured(anInterval({ value: 4, estimated: 2.1 }))).toBe(false);
    expect(isMeasured(anInterval({ value: 0 }))).toBe(true);
    expect(isMeasured(anInterval({ value: null }))).toBe(false);
  });

  it('demand refuses hours by name', () => {
    const hours = quarters(daysFrom('2026-06-01', 1), () => 1, HOUR);
    expect(() => requireQuarters(hours, 'Peak demand')).toThrow(/Peak demand.*60 minutes.*15m/);
  });

  it('finds those of a period as a filter does', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 50 }), fc.integer({ min: -3, max: 50 }), (a, b) => {
        const all = quarters({ from: FROM, to: FROM + 40 * QUARTER }, () => 1);
        const period = { from: FROM + a * QUARTER + 1, to: FROM + b * QUARTER + 1 };
        const expected = all.filter(({ start }) => start >= period.from && start < period.to);
        expect(intervalsIn(all, period)).toEqual(expected);
      }),
    );
  });
});

describe('the local clock', () => {
  it('shows what luxon shows, in any zone and order', () => {
    const from = Date.parse('2026-01-01T00:00Z');
    fc.assert(
      fc.property(
        fc.constantFrom(BOSTON, 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'UTC'),
        fc.array(fc.integer({ min: 0, max: 365 * 24 * 4 }), { maxLength: 30 }),
        (zone, slots) => {
          const clock = localClock(zone);
          for (const slot of slots) {
            const time = from + slot * QUARTER;
            const local = DateTime.fromMillis(time, { zone });
            expect(clock(time)).toEqual({
              date: local.toISODate(),
              weekday: local.weekday % 7,
              minutes: local.hour * 60 + local.minute,
            });
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
