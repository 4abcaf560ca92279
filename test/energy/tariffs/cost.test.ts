import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localClock } from '../../../energy/analytics/local-clock.ts';
import { dayFrom, type Period, startOfMonth } from '../../../energy/calendar.ts';
import { type Cost, type CostQuery, cost } from '../../../energy/tariffs/cost.ts';
import { EXAMPLE_TARIFFS } from '../../../energy/tariffs/example-tariffs.ts';
import type { Tariff } from '../../../energy/tariffs/tariff.ts';
import { tariffClock } from '../../../energy/tariffs/tariff-clock.ts';
import { BOSTON, daysFrom, HOUR, midnight, QUARTER, quarters } from '../analytics/intervals.ts';
import { aTariff } from './tariffs.ts';

const OCTOBER = daysFrom('2026-10-01', 31);
const NOVEMBER = daysFrom('2026-11-01', 30);

function costOf(tariffs: Tariff | readonly Tariff[], change: Partial<CostQuery> = {}): Cost {
  const period = change.period ?? OCTOBER;
  const query = { tariffs: [tariffs].flat(), period, intervals: quarters(period, () => 1), ...change };
  return cost(query);
}
const amounts = ({ lines }: Cost) => lines.map(({ what, amount }) => [what, Math.round(amount * 1e6) / 1e6]);

describe('cost by the unit', () => {
  it('is quantity times rate, with the hour more of November', () => {
    expect(costOf(aTariff()).total.value).toBeCloseTo(2_976 * 0.2, 9);
    const november = costOf(aTariff(), { period: NOVEMBER });
    expect(november.lines).toMatchObject([{ kind: 'energy', what: 'Energy', quantity: 2_884, unit: 'kWh', rate: 0.2 }]);
    expect(november).toMatchObject({ currency: 'USD', notes: [] });
  });

  it('of the sum of meters is the sum of their costs where prices are flat, and days add up to the month', () => {
    const tariff = aTariff({ fixed: [{ name: 'Meter', per_day: 2 }] });
    const values = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 31, maxLength: 31 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const day = (start: number) => Math.floor((start - OCTOBER.from) / (24 * HOUR));
        const of = (kwh: (start: number) => number, period: Period = OCTOBER) =>
          costOf(tariff, { period, intervals: quarters(period, kwh, HOUR) }).total.value! -
          (2 * (period.to - period.from)) / 864e5;
        const [a, b] = [(start: number) => one[day(start)]! / 7, (start: number) => other[day(start)]! / 7];
        expect(of((start) => a(start) + b(start))).toBeCloseTo(of(a) + of(b), 4);
        const days = Array.from({ length: 31 }, (_, place) =>
          daysFrom(`2026-10-${String(place + 1).padStart(2, '0')}`, 1),
        );
        expect(days.reduce((sum, period) => sum + of(a, period), 0)).toBeCloseTo(of(a), 4);
      }),
      { numRuns: 10 },
    );
  });

  it('goes by blocks, each with its line, as much shorter in a part of a month', () => {
    const blocks = [{ up_to: 1_000, rate: 0.3 }, { up_to: 2_000, rate: 0.2 }, { rate: 0.1 }];
    const tariff = aTariff({ energy: [{ name: 'Energy', blocks }] });
    expect(amounts(costOf(tariff))).toEqual([
      ['Energy, up to 1000 a month', 300],
      ['Energy, 1000 to 2000 a month', 200],
      ['Energy, above 2000 a month', 97.6],
    ]);
    const tenDays = costOf(tariff, { period: daysFrom('2026-10-01', 10) });
    expect(tenDays.lines[0]!.quantity).toBeCloseTo((1_000 * 10) / 31, 9);
    expect(tenDays.total.value).toBeCloseTo((597.6 * 10) / 31, 9);
    const little = costOf(tariff, { intervals: quarters(OCTOBER, () => 0.1) });
    expect(amounts(little)).toEqual([['Energy, up to 1000 a month', 89.28]]);
    const fedIn = costOf(tariff, { intervals: quarters(OCTOBER, () => -0.1) });
    expect(amounts(fedIn)).toEqual([['Energy, up to 1000 a month', -89.28]]);
  });

  it('counts blocks by the day, in units of the tariff', () => {
    const water = EXAMPLE_TARIFFS.find(({ carrier }) => carrier === 'water')!;
    // 10 m³ a day are 0.353147 thousand cubic feet a day.
    const found = costOf(water, { intervals: quarters(OCTOBER, () => 10 / 96) });
    const perDay = 0.019 * 59.59 + 0.02 * 63.64 + 0.05 * 69.4 + 0.26 * 73.97 + (0.353147 - 0.349) * 77.86;
    const lines = found.lines.filter(({ what }) => what.startsWith('Water'));
    expect(lines.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(31 * perDay, 4);
    expect(lines[1]!.what).toBe('Water, 0.019 to 0.039 a day');
    expect(found.notes).toEqual(['example-tariff', 'second-hand-tariff']);
  });
});

describe('cost by the time of use', () => {
  const tou = EXAMPLE_TARIFFS.find(({ id }) => id === 'example-electric-tou')!;
  const clock = localClock(BOSTON);

  it('tells windows, seasons and holidays apart', () => {
    const at = (instant: string) => tariffClock(tou)(Date.parse(instant));
    expect(at('2026-07-07T08:59:59-04:00')).toEqual({ season: 'summer', window: 'off-peak' });
    expect(at('2026-07-07T09:00:00-04:00')).toEqual({ season: 'summer', window: 'peak' });
    expect(at('2026-07-07T18:00:00-04:00').window).toBe('off-peak');
    expect(at('2026-10-01T18:00:00-04:00')).toEqual({ season: 'winter', window: 'peak' });
    expect(at('2026-07-04T12:00:00-04:00').window).toBe('off-peak');
    expect(at('2026-10-12T12:00:00-04:00').window).toBe('off-peak');
    expect(at('2026-04-20T12:00:00-04:00').window).toBe('off-peak');
    expect(at('2026-05-31T23:59:00-04:00').season).toBe('winter');
  });

  it('bills each window, and the peak demand in it', () => {
    const workday = midnight('2026-10-14');
    const intervals = quarters(OCTOBER, (start) =>
      start === workday + 10 * HOUR ? 25 : start === workday + 23 * HOUR ? 99 : 1,
    );
    const found = costOf(tou, { intervals });
    // 22 weekdays but Columbus Day, 13 hours each.
    const peakQuarters = 21 * 13 * 4;
    expect(amounts(found)).toEqual(
      [
        ['Delivery, peak', (peakQuarters + 24) * 0.045],
        ['Delivery, off-peak', (2_976 - peakQuarters + 98) * 0.03],
        ['Supply', (2_976 + 122) * 0.14],
        ['Demand, winter peak', 2_100],
        ['Customer charge', 110],
      ].map(([what, amount]) => [what, Math.round((amount as number) * 1e6) / 1e6]),
    );
    expect(found.lines[3]).toMatchObject({ kind: 'demand', quantity: 100, unit: 'kW', rate: 21, months: 1 });
    expect(found.total.value).toBeCloseTo(
      found.lines.reduce((sum, { amount }) => sum + amount, 0),
      9,
    );
  });

  it('every quarter hour lies in one window: windows add up to the whole', () => {
    const year = { from: midnight('2026-01-01'), to: midnight('2027-01-01') };
    const { lines } = costOf(tou, { period: year, intervals: quarters(year, (start) => clock(start).weekday + 1) });
    const sumOf = (start: string) =>
      lines.filter(({ what }) => what.startsWith(start)).reduce((sum, line) => sum + line.quantity, 0);
    expect(sumOf('Delivery')).toBeCloseTo(sumOf('Supply'), 6);
    const demand = lines.filter(({ kind }) => kind === 'demand');
    expect(demand.map(({ what }) => what.includes('summer'))).toEqual([...'000001111000'].map((one) => one === '1'));
    expect(demand.reduce((sum, { months }) => sum + months, 0)).toBeCloseTo(12, 9);
  });

  it('needs quarter hours, and says so', () => {
    const intervals = quarters(OCTOBER, () => 1, HOUR);
    expect(costOf(tou, { intervals }).total).toMatchObject({ value: null, reason: 'needs-quarter-hours' });
  });

  it('says where the list of holidays ends', () => {
    const period = daysFrom('2031-01-01', 31);
    expect(costOf(tou, { period }).notes).toContain('holidays-not-listed');
    expect(costOf(tou).notes).toEqual(['example-tariff']);
  });
});

describe('demand', () => {
  const charge = { name: 'Demand', rate: 10 };
  const demandOf = (change: object, query: Partial<CostQuery> = {}) =>
    costOf(aTariff({ energy: [], demand: [{ ...charge, ...change }] }), query).lines[0]?.quantity;
  const intervals = quarters(OCTOBER, (start) => (start === OCTOBER.from + QUARTER ? 5 : 1));

  it('is the highest quarter hour, above what is free, at least the minimum', () => {
    expect(demandOf({}, { intervals })).toBe(20);
    expect(demandOf({ above: 15 }, { intervals })).toBe(5);
    expect(demandOf({ above: 150 }, { intervals })).toBe(0);
    expect(demandOf({ minimum: 50 }, { intervals })).toBe(50);
  });

  it('is ratcheted by the months before, and says when they are not known', () => {
    const tariff = aTariff({ demand: [{ ...charge, ratchet: { share: 0.8, months: 2 } }] });
    const all = quarters({ from: midnight('2026-08-01'), to: OCTOBER.to }, (start) =>
      start === midnight('2026-08-05') ? 10 : 1,
    );
    const known = costOf(tariff, { intervals: all });
    expect(known.lines[1]).toMatchObject({ quantity: 32, amount: 320 });
    expect(known.notes).toEqual([]);
    const short = costOf(tariff, { intervals });
    expect(short.lines[1]!.quantity).toBe(20);
    expect(short.notes).toEqual(['ratchet-not-known']);
  });

  it('of an amount spread over a gap is none', () => {
    const spread = intervals.map((one) => (one.value === 5 ? { ...one, interpolated: 5, measuredShare: 0 } : one));
    expect(demandOf({}, { intervals: spread })).toBe(4);
  });
});

describe('a change of tariff', () => {
  const old = aTariff({
    valid_to: '2026-10-10',
    fixed: [{ name: 'Customer', per_month: 31 }],
    demand: [{ name: 'Demand', rate: 31 }],
  });
  const next = aTariff({
    ...old,
    revision: '2',
    valid_from: '2026-10-11',
    valid_to: undefined,
    energy: [{ name: 'Energy', rate: 0.3 }],
  });

  it('within the period splits it at midnight', () => {
    const found = costOf([next, old]);
    expect(found.lines.map(({ revision, what, quantity }) => [revision, what, Math.round(quantity * 31) / 31])).toEqual(
      [
        ['1', 'Energy', 960],
        ['1', 'Demand', 4],
        ['1', 'Customer', 10 / 31],
        ['2', 'Energy', 2_016],
        ['2', 'Demand', 4],
        ['2', 'Customer', 21 / 31],
      ],
    );
    expect(found.lines[1]!.amount).toBeCloseTo(40, 9);
    expect(found.total.value).toBeCloseTo(960 * 0.2 + 2_016 * 0.3 + 4 * 31 + 31, 9);
  });

  it('with a hole gives no total, and an overlap is an error', () => {
    const late = { ...next, valid_from: '2026-10-13' };
    const found = costOf([old, late]);
    expect(found.total).toMatchObject({ value: null, reason: 'no-tariff' });
    expect(found.lines.length).toBe(6);
    expect(() => costOf([old, { ...next, valid_from: '2026-10-10' }])).toThrow(
      /flat \(1\) is still valid.*2026-10-10.*valid_to/,
    );
    expect(() => costOf([old, { ...next, currency: 'CAD' }])).toThrow(/USD and CAD/);
    expect(costOf([]).total).toMatchObject({ value: null, reason: 'no-tariff' });
    expect(costOf(aTariff({ valid_to: '2025-01-01' })).total.reason).toBe('no-tariff');
    expect(costOf(aTariff({ valid_from: '2027-01-01' })).total.reason).toBe('no-tariff');
  });

  it('keeps to billing periods by dates, and splits seasons within one', () => {
    const tariff = aTariff({
      energy: [],
      seasons: [
        { name: 'summer', from: '06-01', to: '09-30' },
        { name: 'winter', from: '10-01', to: '05-31' },
      ],
      demand: [
        { name: 'Summer', seasons: ['summer'], rate: 30 },
        { name: 'Winter', seasons: ['winter'], rate: 10 },
      ],
    });
    const period = daysFrom('2026-09-16', 30);
    const found = costOf(tariff, { period, billingPeriods: [period] });
    expect(amounts(found)).toEqual([
      ['Summer', 60],
      ['Winter', 20],
    ]);
    const other = [{ from: period.from, to: dayFrom(period.from, 20, BOSTON) }];
    expect(() => costOf(tariff, { period, billingPeriods: other })).toThrow(/No billing period holds 2026-10-06/);
  });
});

describe('completeness of a cost', () => {
  const missing = (share: number) =>
    quarters(OCTOBER, (start) => ((start - OCTOBER.from) / QUARTER < 2_976 * share ? null : 1));

  it('refuses below 95 % known, and keeps the lines of what is known', () => {
    expect(costOf(aTariff(), { intervals: missing(0.04) }).total.reason).toBeNull();
    const found = costOf(aTariff(), { intervals: missing(0.06) });
    expect(found.total).toMatchObject({ value: null, reason: 'too-incomplete' });
    expect(found.lines[0]!.quantity).toBe(2_797);
    expect(costOf(aTariff(), { intervals: [] }).total.reason).toBe('nothing-known');
  });

  it('refuses demand below 90 % measured, though the amount is known', () => {
    const spread = missing(0.2).map((one) => (one.value === null ? { ...one, value: 1, interpolated: 1 } : one));
    expect(costOf(aTariff(), { intervals: spread }).total.reason).toBeNull();
    expect(costOf(aTariff({ demand: [{ name: 'Demand', rate: 1 }] }), { intervals: spread }).total.reason).toBe(
      'too-incomplete',
    );
  });

  it('of a month that is running is that of what has passed', () => {
    const period = { from: OCTOBER.from, to: startOfMonth(OCTOBER.from, BOSTON) + 36 * HOUR };
    const found = costOf(aTariff({ fixed: [{ name: 'Customer', per_month: 31 }] }), { period });
    expect(found.total.value).toBeCloseTo(144 * 0.2 + 1.5, 9);
  });
});
