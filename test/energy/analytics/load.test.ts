import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterHoursShare } from '../../../energy/analytics/after-hours-share.ts';
import { baseLoad, dayBase } from '../../../energy/analytics/base-load.ts';
import { comparePeriods, earlierPeriod } from '../../../energy/analytics/compare-periods.ts';
import { localClock } from '../../../energy/analytics/local-clock.ts';
import { loadFactor, monthlyPeaks, peakDemand } from '../../../energy/analytics/peak-demand.ts';
import { quantile } from '../../../energy/analytics/quantile.ts';
import { weeklyProfile } from '../../../energy/analytics/weekly-profile.ts';
import { BOSTON, daysFrom, HOUR, midnight, QUARTER, quarters } from './intervals.ts';

const clock = localClock(BOSTON);
/** 40 kW from 8 to 18 on weekdays, else 10 kW. */
const office = (start: number) => {
  const { weekday, minutes } = clock(start);
  return weekday > 0 && weekday < 6 && minutes >= 480 && minutes < 1_080 ? 10 : 2.5;
};
const SCHEDULE = { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' };

describe('base load', () => {
  it('is what the building takes at night, whatever one odd quarter hour says', () => {
    const period = daysFrom('2026-06-01', 14);
    const odd = period.from + 2 * HOUR;
    const figure = baseLoad(
      quarters(period, (start) => (start === odd ? 0 : office(start))),
      period,
      BOSTON,
    );
    expect(figure.value).toMatchObject({ baseLoad: 10, days: 14, daysAsked: 14 });
    expect(figure.value!.shareOfMean).toBeCloseTo(10 / (10 + (30 * 10 * 10) / (14 * 24)), 3);
  });

  it('one night with everything on does not raise it', () => {
    const period = daysFrom('2026-06-01', 7);
    const figure = baseLoad(
      quarters(period, (start) => (clock(start).date === '2026-06-03' ? 10 : office(start))),
      period,
      BOSTON,
    );
    expect(figure.value!.baseLoad).toBe(10);
  });

  it('says nothing when fewer than half of the days are measured', () => {
    const period = daysFrom('2026-06-01', 4);
    const from = midnight('2026-06-02') + 3 * HOUR;
    const figure = baseLoad(
      quarters(period, (start) => (start < from ? 1 : null)),
      period,
      BOSTON,
    );
    expect(figure).toMatchObject({ value: null, reason: 'too-few-days' });
    expect(baseLoad([], period, BOSTON)).toMatchObject({ value: null, reason: 'nothing-known' });
    expect(dayBase([], period)).toBeNull();
  });

  it('quantiles are those of NumPy', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.025)).toBeCloseTo(11);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('peak demand and load factor', () => {
  const period = daysFrom('2026-06-01', 30);
  const peakAt = midnight('2026-06-17') + 14 * HOUR;
  const intervals = quarters(period, (start) => (start === peakAt ? 20 : 5));

  it('is the highest clock-aligned quarter hour, and when', () => {
    expect(peakDemand(intervals, period).value).toEqual({ peak: 80, at: peakAt });
    expect(loadFactor(intervals, period).value).toBeCloseTo((20 + 60 / 2_880) / 80, 9);
  });

  it('a difference spread over a gap is no peak', () => {
    const spread = intervals.map((interval) =>
      interval.start === peakAt ? { ...interval, interpolated: 20 } : interval,
    );
    expect(peakDemand(spread, period).value!.peak).toBe(20);
  });

  it('is monthly by the civil month, and not given where a tenth and more is missing', () => {
    const both = { from: period.from, to: daysFrom('2026-07-01', 31).to };
    const [june, july] = monthlyPeaks(intervals, both, BOSTON);
    expect(june!.peak.value!.peak).toBe(80);
    expect(july).toMatchObject({ from: midnight('2026-07-01'), peak: { value: null, reason: 'nothing-known' } });
    const thin = intervals.filter((_, place) => place % 8 > 0);
    expect(peakDemand(thin, period)).toMatchObject({ value: null, reason: 'too-incomplete' });
    expect(loadFactor(thin, period).reason).toBe('too-incomplete');
  });

  it('of nothing used there is no load factor', () => {
    expect(
      loadFactor(
        quarters(period, () => 0),
        period,
      ).reason,
    ).toBe('nothing-used');
  });
});

describe('after hours', () => {
  const period = daysFrom('2026-06-01', 7);

  it('counts what is used outside of the schedule', () => {
    const figure = afterHoursShare({ intervals: quarters(period, office), period, zone: BOSTON, schedule: SCHEDULE });
    const closed = 7 * 24 - 50;
    expect(figure.value!.afterHours).toBeCloseTo(closed * 10);
    expect(figure.value!.total).toBeCloseTo(closed * 10 + 50 * 40);
    expect(figure.value!.shareOfTime).toBeCloseTo(closed / 168);
  });

  it('closes all day on a holiday, and cuts intervals that opening cuts', () => {
    const schedule = { ...SCHEDULE, open: '08:30' };
    const intervals = quarters(period, () => 1, HOUR);
    const open = { intervals, period, zone: BOSTON, schedule };
    expect(afterHoursShare(open).value!.afterHours).toBeCloseTo(168 - 47.5);
    expect(afterHoursShare({ ...open, holidays: new Set(['2026-06-03']) }).value!.afterHours).toBeCloseTo(168 - 38);
  });

  it('keeps to the clock on the wall when it changes', () => {
    const november = daysFrom('2026-11-01', 1);
    const intervals = quarters(november, () => 1);
    const schedule = { days: [0], open: '00:00', close: '24:00' };
    expect(afterHoursShare({ intervals, period: november, zone: BOSTON, schedule }).value).toMatchObject({
      afterHours: 0,
      total: 100,
    });
  });

  it('has a word for a site without schedule, and for one without use', () => {
    const query = { intervals: quarters(period, () => 0), period, zone: BOSTON, schedule: SCHEDULE };
    expect(afterHoursShare(query).reason).toBe('nothing-used');
    expect(afterHoursShare({ ...query, schedule: undefined }).reason).toBe('no-schedule');
  });
});

describe('the weekly profile', () => {
  it('has the hours of the week by the clock on the wall', () => {
    const period = daysFrom('2026-06-01', 14);
    const profile = weeklyProfile(quarters(period, office), period, BOSTON).value!;
    expect(profile[1]![7]).toEqual({ mean: 10, count: 8 });
    expect(profile[1]![8]).toEqual({ mean: 40, count: 8 });
    expect(profile[0]![8]!.mean).toBe(10);
  });

  it('misses the hour that March skips and counts the one that November repeats twice', () => {
    const march = daysFrom('2026-03-08', 1);
    expect(
      weeklyProfile(
        quarters(march, () => 1),
        march,
        BOSTON,
      )
        .value![0]!.slice(1, 4)
        .map(({ count }) => count),
    ).toEqual([4, 0, 4]);
    const november = daysFrom('2026-11-01', 1);
    const cells = weeklyProfile(
      quarters(november, () => 1),
      november,
      BOSTON,
    ).value![0]!;
    expect(cells.slice(0, 3)).toEqual([4, 8, 4].map((count) => ({ mean: 4, count })));
  });

  it('reproduces the mean of what is measured', () => {
    const period = daysFrom('2026-10-26', 14);
    const slots = (period.to - period.from) / QUARTER;
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 0, max: 400 }), { freq: 8 }), { minLength: slots, maxLength: slots }),
        (kwh) => {
          const intervals = quarters(period, (start) => kwh[(start - period.from) / QUARTER]!);
          const known = kwh.filter((value) => value !== null);
          const { value } = weeklyProfile(intervals, period, BOSTON);
          if (value === null) return expect(known.length).toBeLessThan(slots / 2);
          const cells = value.flat();
          const sum = cells.reduce((total, { mean, count }) => total + ((mean ?? 0) * count) / 4, 0);
          expect(sum).toBeCloseTo(
            known.reduce((total, one) => total + one, 0),
            6,
          );
          expect(cells.reduce((total, { count }) => total + count, 0)).toBe(known.length);
          return undefined;
        },
      ),
      { numRuns: 20 },
    );
  });

  it('refuses days', () => {
    const period = daysFrom('2026-06-01', 2);
    expect(() =>
      weeklyProfile(
        quarters(period, () => 1, 24 * HOUR),
        period,
        BOSTON,
      ),
    ).toThrow(/15m or 1h/);
  });
});

describe('comparing periods', () => {
  const period = daysFrom('2026-10-27', 7);
  const both = (before: (start: number) => number | null, now: (start: number) => number | null) => {
    const earlier = earlierPeriod(period, 'last-week', BOSTON);
    return quarters({ from: earlier.from, to: period.to }, (start) =>
      start < period.from ? before(start) : now(start),
    );
  };

  it('compares the same weekdays, over a change of the clock too', () => {
    expect(earlierPeriod(period, 'last-week', BOSTON)).toEqual(daysFrom('2026-10-20', 7));
    expect(earlierPeriod(period, 'last-year', BOSTON)).toEqual(daysFrom('2025-10-28', 7));
    const { figure } = comparePeriods(
      both(
        () => 1,
        () => 2,
      ),
      period,
      'last-week',
      BOSTON,
    );
    // The week of 2026-11-01 has an hour more.
    expect(figure.value).toMatchObject({ earlierAmount: 672, amount: 1_352, change: 680, daysCompared: 7 });
  });

  it('leaves a day out on both sides when one side is not known', () => {
    const gap = daysFrom('2026-10-22', 1);
    const intervals = both(
      (start) => (start >= gap.from && start < gap.to ? null : 1),
      () => 1,
    );
    const { figure, completenessEarlier } = comparePeriods(intervals, period, 'last-week', BOSTON);
    expect(figure.value).toMatchObject({ earlierAmount: 576, amount: 580, daysCompared: 6, daysAsked: 7 });
    expect(completenessEarlier.known).toBeCloseTo(6 / 7);
    expect(figure.completeness.known).toBe(1);
  });

  it('says nothing when a fifth of the pairs is missing, or a side', () => {
    const intervals = both(
      (start) => (start < midnight('2026-10-22') ? null : 1),
      () => 1,
    );
    expect(comparePeriods(intervals, period, 'last-week', BOSTON).figure.reason).toBe('too-few-days');
    expect(comparePeriods(intervals, period, 'last-year', BOSTON).figure.reason).toBe('nothing-known');
  });

  it('of a begun day compares what has passed of it', () => {
    const begun = { from: period.from, to: period.from + 10 * HOUR };
    const { figure, earlier } = comparePeriods(
      both(
        () => 2,
        () => 1,
      ),
      begun,
      'last-week',
      BOSTON,
    );
    expect(earlier.to - earlier.from).toBe(10 * HOUR);
    expect(figure.value).toMatchObject({ amount: 40, earlierAmount: 80, changePercent: -50 });
  });
});
