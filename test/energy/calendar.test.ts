import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  billingPeriods,
  CIVIL_WIDTHS,
  fiscalYear,
  fiscalYearAt,
  fiscalYearsIn,
  inWords,
  isoWeek,
  PERIODS,
  periodAt,
  periodsIn,
  sameWeekdayLastWeek,
  startOfDate,
  today,
  wallTime,
  weekdayOf,
} from '../../energy/calendar.ts';

const BOSTON = 'America/New_York';
const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const hours = ({ from, to }: { from: number; to: number }) => (to - from) / HOUR;

describe('civil time', () => {
  it('has days of 23, 24 and 25 hours', () => {
    const days = (from: string, to: string) => periodsIn({ from: at(from), to: at(to) }, 'day', BOSTON).map(hours);
    expect(days('2026-03-07T05:00Z', '2026-03-10T04:00Z')).toEqual([24, 23, 24]);
    expect(days('2026-10-31T04:00Z', '2026-11-03T05:00Z')).toEqual([24, 25, 24]);
  });

  it('has 92, 96 and 100 quarter hours in them', () => {
    const quarters = (from: string, to: string) => periodsIn({ from: at(from), to: at(to) }, '15m', BOSTON).length;
    expect(quarters('2026-03-08T05:00Z', '2026-03-09T04:00Z')).toBe(92);
    expect(quarters('2026-03-09T04:00Z', '2026-03-10T04:00Z')).toBe(96);
    expect(quarters('2026-11-01T04:00Z', '2026-11-02T05:00Z')).toBe(100);
  });

  it('begins days where a zone has no midnight', () => {
    const [first, second] = periodsIn(
      { from: at('2018-11-03T12:00Z'), to: at('2018-11-05T12:00Z') },
      'day',
      'America/Sao_Paulo',
    );
    expect(second!.from).toBe(at('2018-11-04T03:00Z'));
    expect(first!.to).toBe(second!.from);
  });

  it('compares with the same time of day a week ago, over a change of the clock too', () => {
    const now = at('2026-11-03T15:30:00-05:00');
    expect(sameWeekdayLastWeek(now, BOSTON)).toEqual({
      from: at('2026-10-27T00:00:00-04:00'),
      to: at('2026-10-27T15:30:00-04:00'),
    });
    expect(today(now, BOSTON)).toEqual({ from: at('2026-11-03T00:00:00-05:00'), to: now });
  });

  it('reads dates and times by the clock on the wall', () => {
    expect(startOfDate('2026-11-01', BOSTON)).toBe(at('2026-11-01T04:00Z'));
    expect(startOfDate('2026-02-30', BOSTON)).toBeUndefined();
    const day = at('2026-11-01T04:00Z');
    expect(wallTime(day, 7.5 * 60, BOSTON)).toBe(at('2026-11-01T12:30Z'));
    expect(wallTime(day, 1_440, BOSTON)).toBe(at('2026-11-02T05:00Z'));
    expect(weekdayOf(day, BOSTON)).toBe(0);
    expect(inWords(day, BOSTON)).toBe('Sunday 1 November, 00:00');
  });

  it('has weeks, quarters and years', () => {
    const noon = at('2026-11-01T12:00-05:00');
    expect(periodAt(noon, 'day', BOSTON)).toEqual({ from: at('2026-11-01T04:00Z'), to: at('2026-11-02T05:00Z') });
    expect(periodAt(noon, 'week', BOSTON)).toEqual({ from: at('2026-10-26T04:00Z'), to: at('2026-11-02T05:00Z') });
    expect(periodAt(noon, 'quarter', BOSTON)).toEqual({ from: at('2026-10-01T04:00Z'), to: at('2027-01-01T05:00Z') });
    expect(periodAt(noon, 'year', BOSTON)).toEqual({ from: at('2026-01-01T05:00Z'), to: at('2027-01-01T05:00Z') });
    expect(periodsIn({ from: at('2026-02-01T05:00Z'), to: noon }, 'quarter', BOSTON)).toHaveLength(4);
    expect(isoWeek(noon, BOSTON)).toBe('2026-W44');
    expect(isoWeek(at('2027-01-01T12:00Z'), BOSTON)).toBe('2026-W53');
  });

  it('has fiscal years, named after the year in which they end', () => {
    const year = { from: at('2026-07-01T04:00Z'), to: at('2027-07-01T04:00Z') };
    expect(fiscalYear(2027, 7, BOSTON)).toEqual(year);
    expect(fiscalYearAt(year.from, 7, BOSTON)).toBe(2027);
    expect(fiscalYearAt(year.from - 1, 7, BOSTON)).toBe(2026);
    expect(fiscalYear(2026, 1, BOSTON)).toEqual(periodAt(year.from, 'year', BOSTON));
    expect(fiscalYearAt(year.from, 1, BOSTON)).toBe(2026);
    const range = { from: at('2025-11-01T00:00Z'), to: at('2027-11-01T00:00Z') };
    const years = fiscalYearsIn(range, 7, BOSTON);
    expect(years.map(({ from }) => from)).toEqual([range.from, at('2026-07-01T04:00Z'), at('2027-07-01T04:00Z')]);
    expect(years.at(-1)?.to).toBe(range.to);
    expect(fiscalYearsIn({ from: 1, to: 1 }, 7, BOSTON)).toEqual([]);
  });

  it('has billing periods from reading date to reading date', () => {
    expect(billingPeriods(['2026-02-12', '2026-03-14', '2026-04-13'], BOSTON)).toEqual([
      { from: at('2026-02-12T05:00Z'), to: at('2026-03-14T04:00Z') },
      { from: at('2026-03-14T04:00Z'), to: at('2026-04-13T04:00Z') },
    ]);
    expect(billingPeriods(['2026-02-12'], BOSTON)).toEqual([]);
    expect(() => billingPeriods(['2026-02-12', '2026-02-30'], BOSTON)).toThrow('"2026-02-30" is not a date');
    expect(() => billingPeriods(['2026-02-12', '2026-02-12'], BOSTON)).toThrow('must lie after 2026-02-12');
  });

  it('periods of any width, zone and range fit together without a hole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2027-01-01T00:00Z') }),
        fc.integer({ min: 1, max: 60 * 24 * HOUR }),
        fc.constantFrom(...new Set([...PERIODS, ...CIVIL_WIDTHS])),
        fc.constantFrom(BOSTON, 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC', 'America/Sao_Paulo', 'Asia/Gaza'),
        (from, length, width, zone) => {
          const to = from + length;
          const periods = periodsIn({ from, to }, width, zone);
          expect(periods[0]?.from).toBe(from);
          expect(periods.at(-1)?.to).toBe(to);
          expect(periods.filter((period) => !(period.from < period.to))).toEqual([]);
          expect(periods.filter((period, index) => index > 0 && period.from !== periods[index - 1]?.to)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
