import { describe, expect, it } from 'vitest';
import { fitDailyModel, type ModelDay, predictDay } from '../../../energy/analytics/daily-model.ts';
import { type DailyTemperature, dailyTemperatures } from '../../../energy/analytics/daily-temperature.ts';
import { CUSTOMARY_BASE_C, coolingOf, degreeDays, heatingOf } from '../../../energy/analytics/degree-days.ts';
import type { Interval } from '../../../energy/analytics/interval.ts';
import { greatCircleKm, nearestStation } from '../../../energy/analytics/nearest-station.ts';
import { weatherNormalChange } from '../../../energy/analytics/weather-normal.ts';
import { dayFrom, type Period, periodsIn } from '../../../energy/calendar.ts';
import { anInterval, BOSTON, daysFrom, HOUR, midnight } from './intervals.ts';

const fahrenheit = (value: number) => (value - 32) / 1.8;

describe('daily temperature', () => {
  const period = daysFrom('2026-01-10', 3);
  const hours = (missing: (hour: number) => boolean = () => false, celsius = (hour: number) => hour % 24) =>
    Array.from({ length: 72 }, (_, hour) => ({
      start: period.from + hour * HOUR,
      celsius: missing(hour) ? null : celsius(hour),
    }));

  it('is the mean of the hours from local midnight', () => {
    const days = dailyTemperatures(hours(), period, BOSTON);
    expect(days.map(({ celsius }) => celsius)).toEqual([11.5, 11.5, 11.5]);
  });

  it('fills six hours linearly, and not seven', () => {
    const six = dailyTemperatures(
      hours((hour) => hour >= 30 && hour < 36),
      period,
      BOSTON,
    );
    expect(six[1]).toMatchObject({ celsius: 11.5, measuredHours: 18, hours: 24 });
    const seven = dailyTemperatures(
      hours((hour) => hour >= 30 && hour < 37),
      period,
      BOSTON,
    );
    expect(seven.map(({ celsius }) => celsius === null)).toEqual([false, true, false]);
  });

  it('needs more than half of the hours measured, however well they can be filled', () => {
    const thin = dailyTemperatures(
      hours((hour) => hour % 2 === 1),
      period,
      BOSTON,
    );
    expect(thin.map(({ celsius }) => celsius)).toEqual([null, null, null]);
    expect(dailyTemperatures([], period, BOSTON).every(({ celsius }) => celsius === null)).toBe(true);
  });

  it('has 23 and 25 hours when the clock changes', () => {
    const day = (date: string) => dailyTemperatures([], daysFrom(date, 1), BOSTON)[0]!.hours;
    expect([day('2026-03-08'), day('2026-11-01')]).toEqual([23, 25]);
  });
});

describe('degree-days', () => {
  const day = (celsius: number | null): DailyTemperature => ({ from: 0, to: 0, celsius, measuredHours: 24, hours: 24 });

  it('are the distance of daily means from the base, 65 °F unless told', () => {
    expect(CUSTOMARY_BASE_C).toBeCloseTo(18.333, 3);
    expect([heatingOf(10, 15), heatingOf(20, 15), coolingOf(20, 15), coolingOf(10, 15)]).toEqual([5, 0, 5, 0]);
    const { value } = degreeDays([day(fahrenheit(55)), day(fahrenheit(75)), day(fahrenheit(65))]);
    expect(value!.heating * 1.8).toBeCloseTo(10);
    expect(value!.cooling * 1.8).toBeCloseTo(10);
    expect(degreeDays([day(10)], { heatingBaseC: 15, coolingBaseC: 5 }).value).toMatchObject({
      heating: 5,
      cooling: 5,
    });
  });

  it('do not make up missing days', () => {
    const days = [...Array.from({ length: 18 }, () => day(8.333)), day(null), day(null)];
    expect(degreeDays(days).value).toMatchObject({ days: 18, daysAsked: 20 });
    expect(degreeDays([...days, day(null)]).reason).toBe('too-few-days');
    expect(degreeDays([day(null)]).reason).toBe('nothing-known');
  });
});

describe('the nearest station', () => {
  const boston = { latitude: 42.3601, longitude: -71.0589 };
  const newYork = { latitude: 40.7128, longitude: -74.006 };

  it('is found by great circles', () => {
    expect(greatCircleKm(boston, newYork)).toBeCloseTo(306.1, 0);
    expect(greatCircleKm({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(111.2, 1);
    expect(greatCircleKm(boston, boston)).toBe(0);
    const logan = { id: 'logan', latitude: 42.3606, longitude: -71.0097 };
    expect(nearestStation(boston, [newYork, logan])).toMatchObject({ station: { id: 'logan' }, isFar: false });
    expect(nearestStation(boston, [newYork])!.isFar).toBe(true);
    expect(nearestStation(boston, [])).toBeUndefined();
  });
});

/** A year like that of New England, with the noise of days, made of sines: mean 10 °C, 25 in summer, −5 in winter. */
const weather = (day: number) =>
  10 - 14 * Math.cos((2 * Math.PI * day) / 365.25) + 5 * Math.sin(day * 2.7) + 2 * Math.sin(day * 0.37);

/** Days whose yearly use is 2,000 base + 4,000 heating below 60 °F + 4,000 cooling above 65 °F. */
function constructed(parts: { base: number; heat: number; cool: number }): ModelDay[] {
  const temperatures = Array.from({ length: 365 }, (_, day) => weather(day));
  const [heatFrom, coolFrom] = [fahrenheit(60), fahrenheit(65)];
  const heating = temperatures.reduce((sum, celsius) => sum + heatingOf(celsius, heatFrom), 0);
  const cooling = temperatures.reduce((sum, celsius) => sum + coolingOf(celsius, coolFrom), 0);
  return temperatures.map((celsius) => ({
    celsius,
    use:
      parts.base / 365 +
      (parts.heat * heatingOf(celsius, heatFrom)) / heating +
      (parts.cool * coolingOf(celsius, coolFrom)) / cooling,
  }));
}

describe('the daily model', () => {
  it('finds base, heating and cooling of a constructed year again', () => {
    const days = constructed({ base: 2_000, heat: 4_000, cool: 4_000 });
    const model = fitDailyModel(days);
    expect(model.heating!.balancePointC).toBeCloseTo(fahrenheit(60), 9);
    expect(model.cooling!.balancePointC).toBeCloseTo(fahrenheit(65), 9);
    expect(model.base * 365).toBeCloseTo(2_000, 3);
    const heat = days.reduce((sum, { celsius }) => sum + model.heating!.slope * heatingOf(celsius, fahrenheit(60)), 0);
    expect(heat).toBeCloseTo(4_000, 3);
    expect(model.adjustedRSquared).toBeCloseTo(1, 9);
    expect(model.metrics.cvRmseAdjusted).toBeLessThan(1e-6);
    expect(model.metrics.nmbe).toBeCloseTo(0, 9);
    expect(predictDay(model, fahrenheit(62))).toBeCloseTo(2_000 / 365, 6);
  });

  it('finds a year that only cools, one that only heats, and one that does neither', () => {
    const cool = fitDailyModel(constructed({ base: 2_500, heat: 0, cool: 7_500 }));
    expect(cool.heating).toBeUndefined();
    expect(cool.cooling!.balancePointC).toBeCloseTo(fahrenheit(65), 9);
    const heat = fitDailyModel(constructed({ base: 250, heat: 750, cool: 0 }), { cooling: false });
    expect(heat.cooling).toBeUndefined();
    expect(heat.base * 365).toBeCloseTo(250, 3);
    const flat = fitDailyModel(constructed({ base: 1_000, heat: 0, cool: 0 }));
    expect(flat).toMatchObject({ heating: undefined, cooling: undefined, adjustedRSquared: 0 });
    expect(flat.base).toBeCloseTo(1_000 / 365, 9);
  });

  it('never has a slope or base below 0', () => {
    const falling = constructed({ base: 2_000, heat: 0, cool: 0 }).map((day) => ({
      ...day,
      use: 30 + day.celsius - 0.02 * day.celsius ** 2,
    }));
    const { base, heating, cooling } = fitDailyModel(falling);
    for (const value of [base, heating?.slope ?? 1, cooling?.slope ?? 1]) expect(value).toBeGreaterThan(0);
  });

  it('gives gas no cooling', () => {
    expect(fitDailyModel(constructed({ base: 10, heat: 0, cool: 900 }), { cooling: false }).cooling).toBeUndefined();
  });
});

describe('weather-normal change', () => {
  const period = daysFrom('2026-10-01', 31);
  const whole: Period = { from: dayFrom(period.from, -365, BOSTON), to: period.to };
  const days = periodsIn(whole, 'day', BOSTON);
  const temperatures: DailyTemperature[] = days.map((day, place) => ({
    ...day,
    // This October is 4 K colder than the one before.
    celsius: weather(place + 273) - (day.from >= period.from ? 4 : 0),
    measuredHours: 24,
    hours: 24,
  }));
  const use = (celsius: number) => 100 + 12 * heatingOf(celsius, 15) + 9 * coolingOf(celsius, 20);
  const intervals = (share: number, noise = 0): Interval[] =>
    temperatures.map(({ from, to, celsius }, place) => {
      const value =
        use(celsius!) * (1 + noise * (((place * 7_919) % 101) / 50 - 1)) * (from >= period.from ? share : 1);
      return anInterval({ start: from, end: to, value });
    });
  const query = { temperatures, period, zone: BOSTON };

  it('finds a saving of a tenth in a colder month', () => {
    const { figure, model } = weatherNormalChange({ ...query, intervals: intervals(0.9, 0.1) });
    expect(model!.heating!.slope).toBeCloseTo(12, 0);
    expect(figure.value).toMatchObject({ daysCompared: 31, daysAsked: 31 });
    expect(figure.value!.changePercent).toBeGreaterThan(-11.5);
    expect(figure.value!.changePercent).toBeLessThan(-8.5);
  });

  it('says nothing when weather explains too little', () => {
    const wild = intervals(0.9).map((interval, place) => ({ ...interval, value: place % 3 === 0 ? 900 : 40 }));
    const { figure, model } = weatherNormalChange({ ...query, intervals: wild });
    expect(figure).toMatchObject({ value: null, reason: 'fit-too-poor' });
    expect(model!.metrics.cvRmseAdjusted).toBeGreaterThan(0.3);
  });

  it('needs 328 days of the year before, and four in five of the period', () => {
    const all = intervals(1);
    const blank = (interval: Interval) => ({ ...interval, value: null, measuredShare: 0 });
    const without = (count: number) => all.map((interval, place) => (place < count ? blank(interval) : interval));
    expect(weatherNormalChange({ ...query, intervals: without(37) }).figure.reason).toBeNull();
    const short = weatherNormalChange({ ...query, intervals: without(38) });
    expect(short).toMatchObject({ baselineDays: 327, model: undefined, figure: { reason: 'too-few-days' } });
    const late = all.map((interval) => (interval.start >= midnight('2026-10-20') ? blank(interval) : interval));
    expect(weatherNormalChange({ ...query, intervals: late }).figure.reason).toBe('too-few-days');
    const cold = temperatures.map((day) => (day.from >= midnight('2026-10-20') ? { ...day, celsius: null } : day));
    expect(weatherNormalChange({ ...query, temperatures: cold, intervals: all }).figure.reason).toBe('too-few-days');
  });
});
