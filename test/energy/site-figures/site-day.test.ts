/** Site figures of made-up quarter hours, with sums done by hand. */
import { describe, expect, it } from 'vitest';
import type { FigureCarrier } from '../../../contract/site-figures.ts';
import { dayFrom, startOfDate } from '../../../energy/calendar.ts';
import { siteEmissions } from '../../../energy/emissions/site-emissions.ts';
import { type SiteDayInput, siteDay } from '../../../energy/site-figures/site-day.ts';
import type { QuarterRow, SiteMeter } from '../../../energy/site-figures/site-meter.ts';
import { EXAMPLE_TARIFFS } from '../../../energy/tariffs/example-tariffs.ts';

const ZONE = 'America/New_York';
const QUARTER = 900_000;
const ALWAYS = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];

const dayOf = (date: string) => {
  const from = startOfDate(date, ZONE) as number;
  return { from, to: dayFrom(from, 1, ZONE) };
};
const DAY = dayOf('2026-11-03');

const aRow = (start: number, consumption: number | null, change: Partial<QuarterRow> = {}): QuarterRow => ({
  start,
  coverage: consumption === null ? 0 : 100,
  consumption,
  interpolated: consumption === null ? null : 0,
  estimated: consumption === null ? null : 0,
  peak: consumption === null ? null : consumption * 4,
  ...change,
});

const rowsOf = (amount: (place: number) => number, { from, to } = DAY) =>
  Array.from({ length: (to - from) / QUARTER }, (_, place) => aRow(from + place * QUARTER, amount(place)));

const aMeter = (change: Partial<SiteMeter> = {}): SiteMeter => ({
  gateway: 'g',
  device: 'main-meter',
  metric: 'active_energy_kwh',
  kind: 'electricity-meter',
  stays: ALWAYS,
  rows: rowsOf(() => 1),
  ...change,
});

const made = (meters: readonly SiteMeter[], change: Partial<SiteDayInput> = {}) =>
  siteDay({
    site: 's',
    carrier: 'electricity',
    meters,
    day: DAY,
    until: DAY.to,
    zone: ZONE,
    schedule: undefined,
    tariffs: [],
    ...change,
  });

describe('the day of a site', () => {
  it('is exactly the sum of its quarter hours, of 25 hours when the clocks go back', () => {
    const day = dayOf('2026-11-01');
    const { day: figure, quarters } = made([aMeter({ rows: rowsOf((place) => 0.1 + place / 1_000, day) })], {
      day,
      until: day.to,
    })!;
    expect(quarters).toHaveLength(100);
    expect(figure).toMatchObject({ start: day.from, consumption: 14.95, coverage: 100, meters: 1, interpolated: 0 });
    const counts = quarters.reduce((sum, { consumption }) => sum + Math.round((consumption ?? 0) * 1_000), 0);
    expect(counts / 1_000).toBe(figure.consumption);
  });

  it('adds several meters up, of electricity the main ones only', () => {
    const meters = [aMeter(), aMeter({ device: 'second' }), aMeter({ device: 'behind', kind: 'sub-meter' })];
    expect(made(meters)?.day).toMatchObject({ consumption: 192, meters: 2 });
    expect(made(meters.slice(2))?.day).toMatchObject({ consumption: 96, meters: 1 });
    expect(made(meters, { carrier: 'gas' })).toBeUndefined();
  });

  it('counts a silent meter as not measured, and the others as they are', () => {
    const { day } = made([aMeter(), aMeter({ device: 'silent', rows: [] })])!;
    expect(day).toMatchObject({ consumption: 96, coverage: 50, meters: 2, peak: null, base: null, cost: null });
    expect(made([aMeter({ rows: [] })])?.day).toMatchObject({ consumption: null, interpolated: null, coverage: 0 });
  });

  it('asks a meter only for the time it stood there', () => {
    const noon = DAY.from + 48 * QUARTER;
    const moved = aMeter({ stays: [{ from: noon, to: Number.POSITIVE_INFINITY }] });
    const { day, quarters } = made([{ ...moved, rows: moved.rows.filter(({ start }) => start >= noon) }])!;
    expect(day).toMatchObject({ consumption: 48, coverage: 100 });
    expect(quarters[0]).toMatchObject({ meters: 0, consumption: null, coverage: 0 });
  });

  it('has the peak of the quarter hours that were wholly measured, the first of equal ones', () => {
    const rows = rowsOf((place) => (place === 40 || place === 60 ? 5 : 1));
    rows[20] = aRow(DAY.from + 20 * QUARTER, 50, { coverage: 60, peak: null, interpolated: 50 });
    expect(made([aMeter({ rows })])?.day).toMatchObject({
      consumption: 93 + 5 + 5 + 50,
      interpolated: 50,
      peak: 20,
      peakAt: DAY.from + 40 * QUARTER,
    });
  });

  it('knows base load and use after hours, with a schedule only', () => {
    const rows = rowsOf((place) => (place >= 32 && place < 72 ? 10 : 2));
    const schedule = { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' };
    expect(made([aMeter({ rows })])?.day).toMatchObject({ base: 8, afterHours: null });
    expect(made([aMeter({ rows })], { schedule })?.day).toMatchObject({ base: 8, afterHours: 112 });
    // Veterans Day is a Wednesday.
    const holiday = dayOf('2026-11-11');
    const onHoliday = aMeter({ rows: rowsOf(() => 2, holiday) });
    expect(made([onHoliday], { schedule, day: holiday, until: holiday.to })?.day.afterHours).toBe(192);
  });

  it('costs what the tariff says by the unit', () => {
    const tariffs = EXAMPLE_TARIFFS.filter(({ id }) => id === 'example-electric-tou');
    const { day } = made([aMeter()], { tariffs })!;
    expect(day.cost).toBeGreaterThan(5);
    expect(made([aMeter({ rows: rowsOf(() => 2) })], { tariffs })!.day.cost).toBeCloseTo((day.cost as number) * 2, 9);
    const early = dayOf('2019-06-03');
    const rows = rowsOf(() => 1, early);
    expect(made([aMeter({ rows })], { tariffs, day: early, until: early.to })?.day.cost).toBeNull();
  });

  it('emits by location', () => {
    expect(made([aMeter()])?.day.kgCO2e).toBe(siteEmissions('electricity', 96, 2026)?.kgCO2e);
    const early = dayOf('2010-06-03');
    const old = aMeter({ rows: rowsOf(() => 1, early) });
    expect(made([old], { day: early, until: early.to })?.day).toMatchObject({ consumption: 96, kgCO2e: null });
  });

  it('that is running has what is over, measured as far as that', () => {
    const until = DAY.from + 8 * QUARTER;
    const { day, quarters } = made([aMeter()], { until })!;
    expect(quarters).toHaveLength(8);
    expect(day).toMatchObject({ consumption: 8, coverage: 100, base: null, peak: 4 });
  });
});

describe('the load of a site', () => {
  const load: FigureCarrier = 'load';
  const exported = aMeter({ metric: 'active_energy_export_kwh', rows: rowsOf(() => 0.5) });
  const solar = aMeter({ device: 'roof', kind: 'solar-inverter', metric: 'solar_energy_kwh', rows: rowsOf(() => 2) });

  it('is what was taken, less what was fed in, and what the roof made', () => {
    expect(made([aMeter(), exported, solar], { carrier: load })?.day).toMatchObject({
      consumption: 96 * 2.5,
      peak: 10,
      kgCO2e: null,
      meters: 3,
    });
  });

  it('is not known where one of them is not', () => {
    const { day, quarters } = made([aMeter(), exported, { ...solar, rows: solar.rows.slice(0, 10) }], {
      carrier: load,
    })!;
    expect(day.consumption).toBe(25);
    expect(quarters[10]).toMatchObject({ consumption: null });
  });

  it('needs a meter of electricity', () => {
    expect(made([solar], { carrier: load })).toBeUndefined();
  });
});
