/** The figures of a site over HTTP, from roll-ups of a building whose load is known by formula. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AnalyticsReply } from '../../console/api/analytics/replies-analytics.ts';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { localClock } from '../../energy/analytics/local-clock.ts';
import { periodsIn } from '../../energy/calendar.ts';
import { holidayDates } from '../../energy/tariffs/holidays.ts';
import type { Tariff } from '../../energy/tariffs/tariff.ts';
import { withOwnTables } from '../../reports/reference-tables.ts';
import { StoreFailure } from '../../store/telemetry-store.ts';
import { aTariff } from '../energy/tariffs/tariffs.ts';
import { ManualClock } from '../manual-clock.ts';
import { aCityOfOne } from './fake-city.ts';

const ZONE = 'America/New_York';
const QUARTER = 900_000;
const DAY = 86_400_000;
/** A Monday morning in Boston, four minutes into a quarter hour. */
const NOW = Date.parse('2026-11-23T09:04:00-05:00');
const FROM = Date.parse('2026-10-26T00:00:00-04:00');
const METER = { site: 'city-hall', gateway: 'library', device: 'main-meter', metric: 'active_energy_kwh' };
const clockOf = localClock(ZONE);
const holidays = holidayDates('massachusetts');

/** 60 kW from 8 to 18 on working days, else 20 kW; 90 kW in one quarter hour. */
const PEAK = Date.parse('2026-11-17T14:15:00-05:00');
function kwAt(time: number, peak = PEAK): number {
  const { weekday, minutes, date } = clockOf(time);
  if (time === peak) return 90;
  const isOpen = weekday > 0 && weekday < 6 && minutes >= 480 && minutes < 1_080 && !holidays.has(date);
  return isOpen ? 60 : 20;
}

function row(start: number, change: Partial<RollUp>): RollUp {
  const nothing = { min: null, mean: null, max: null, last: null, position: null, peak: null, peakAt: null };
  return {
    ...METER,
    start,
    count: 1,
    expected: 1,
    coverage: 100,
    ...nothing,
    consumption: null,
    interpolated: 0,
    estimated: 0,
    ...change,
  };
}

interface Change {
  readonly schedule?: boolean;
  readonly holes?: (time: number) => boolean;
  /** Whether a day was measured for a tenth only. */
  readonly silentOn?: (day: number) => boolean;
  readonly peak?: number;
  /** That the site is billed by; the examples when absent. */
  readonly tariff?: Tariff;
}

async function aMeasuredCity(change: Change = {}) {
  const city = aCityOfOne({ clock: new ManualClock(NOW) });
  const { register, store } = city;
  register.siteById.set('city-hall', {
    ...register.siteById.get('city-hall')!,
    latitude: 42.36,
    longitude: -71.06,
    ...(change.tariff === undefined ? {} : { tariffs: { electricity: change.tariff.id } }),
    ...(change.schedule === false ? {} : { schedule: { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' } }),
  });
  const at = { zone: ZONE, latitude: 42.35, longitude: -71.05 };
  register.siteById.set('roof', { id: 'roof', name: 'Roof', kind: 'station', ...at });
  register.deviceByKey.set('library/air', {
    gateway: 'library',
    id: 'air',
    name: 'Air',
    placements: [{ site: 'roof', from: 0 }],
    is_new: false,
  });
  store.series_.clear();
  store.put('library', { device: 'main-meter', time: NOW - DAY, values: { active_energy_kwh: 1 } });
  store.put('library', { device: 'air', time: NOW, values: { temperature_c: 5 } });
  const rows: Record<RollUpWidth, RollUp[]> = { '15m': [], '1h': [], '1d': [] };
  const quarters = (from: number, to: number) => {
    for (let start = from; start < to; start += QUARTER) {
      if (change.holes?.(start) === true) continue;
      const kw = kwAt(start, change.peak);
      rows['15m'].push(row(start, { consumption: kw / 4, peak: kw, peakAt: start }));
    }
  };
  quarters(Date.parse('2026-10-01T00:00:00-04:00'), Math.floor(NOW / QUARTER) * QUARTER);
  quarters(FROM - 364 * DAY - DAY, NOW - 364 * DAY + DAY);
  // A year of days: what is used follows the cold.
  for (const [place, { from, to }] of periodsIn({ from: NOW - 420 * DAY, to: NOW }, 'day', ZONE).entries()) {
    const celsius = 10 - 14 * Math.cos((2 * Math.PI * place) / 365);
    const isOfPeriod = from >= FROM - 3_600_000;
    const consumption = (500 + 20 * Math.max(0, 15 - celsius)) * (isOfPeriod ? 0.9 : 1);
    const share = change.silentOn?.(from) === true ? 0.1 : 1;
    const counted = { consumption: Math.round(consumption * share * 1_000) / 1_000, coverage: 100 * share };
    rows['1d'].push(row(from, counted));
    for (let hour = from; hour < to; hour += 3_600_000) {
      rows['1h'].push({
        ...row(hour, { mean: celsius, min: celsius, max: celsius, last: celsius }),
        site: 'roof',
        device: 'air',
        metric: 'temperature_c',
      });
    }
  }
  await store.putRollUps({ rows, events: [], erasedEvents: [] });
  const tables = withOwnTables({ tariffs: change.tariff === undefined ? [] : [change.tariff] });
  const app = await buildConsoleApp({ ...city, tables: () => tables }, { host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const ask = async <T = AnalyticsReply>(query: string, status = 200): Promise<T> => {
    const reply = await app.inject({ url: `/api/analytics?${query}`, headers: { host: 'localhost' } });
    expect(reply.statusCode, reply.body.slice(0, 400)).toBe(status);
    return reply.json() as T;
  };
  return { ...city, app, ask };
}

describe('the figures of a site', () => {
  it('say what it takes at its base, at its peak, after hours and in each hour of the week', async () => {
    const { ask } = await aMeasuredCity();
    const reply = await ask('site=city-hall&from=2026-10-26&to=2026-11-23');
    expect(reply).toMatchObject({
      unit: 'kWh',
      demand_unit: 'kW',
      from: '2026-10-26T04:00:00.000Z',
      to: '2026-11-23T05:00:00.000Z',
      meters: [{ gateway: 'library', device: 'main-meter', name: 'Main meter' }],
      base_load: { value: 20, unit: 'kW', days: 28, days_asked: 28, known_percent: 100 },
      peak: { value: 90, unit: 'kW', at_local: '2026-11-17T14:15-05:00' },
      after_hours: { unit: '%', holidays: 'massachusetts' },
    });
    let [used, closed, slots] = [0, 0, 0];
    for (let start = FROM; start < Date.parse('2026-11-23T00:00:00-05:00'); start += QUARTER) {
      used += kwAt(start) / 4;
      slots++;
      if (kwAt(start) === 20) closed += kwAt(start) / 4;
    }
    expect(reply.amount.value).toBe(used);
    expect(reply.after_hours.value).toBeCloseTo((100 * closed) / used, 6);
    expect(reply.load_factor.value).toBeCloseTo((100 * ((used * 4) / slots)) / 90, 6);
    expect(reply.profile.cells).toHaveLength(7);
    expect(reply.profile.cells![0]!).toEqual(Array(24).fill(20));
    // Election day and Armistice day: 2026-11-11 is a Wednesday and a holiday.
    expect(reply.profile.cells![3]![10]).toBe(50);
    expect(reply.profile.counts![3]![10]).toBe(16);
    expect(reply.monthly_peaks.map(({ month, value }) => [month, value])).toEqual([
      ['2026-10', 60],
      ['2026-11', 90],
    ]);
  });

  it('compare with the week and the year before, and say how complete both are', async () => {
    const { ask } = await aMeasuredCity();
    const reply = await ask('site=city-hall&from=2026-11-16&to=2026-11-23');
    const [week, year] = reply.comparisons;
    expect(week).toMatchObject({ with: 'last-week', days_compared: 7, days_asked: 7, earlier_known_percent: 100 });
    // The holiday fell into the week before, and the peak into this one.
    expect(week!.change).toBeCloseTo(10 * 40 + 30 / 4, 9);
    expect(year).toMatchObject({ with: 'last-year', days_compared: 7, from: '2025-11-17T05:00:00.000Z' });
  });

  it('take the weather out, with the nearest station', async () => {
    const { ask } = await aMeasuredCity();
    const { weather } = await ask('site=city-hall&from=2026-10-26&to=2026-11-23');
    expect(weather.station).toMatchObject({ site: 'roof', is_far: false });
    expect(weather.heating).toMatchObject({ unit: 'K·d', days: 28 });
    expect(weather.heating.value).toBeGreaterThan(100);
    expect(weather.normal_change.value).toBeCloseTo(-10, 0);
    expect(weather.normal_change.model!.heating!.per_kelvin_day).toBeCloseTo(20, 0);
  });

  it('take no day for a saving of which only a part is known', async () => {
    const silent = { from: Date.parse('2026-09-07T00:00:00-04:00'), to: Date.parse('2026-09-13T00:00:00-04:00') };
    const { ask } = await aMeasuredCity({ silentOn: (day) => day >= silent.from && day < silent.to });
    // Six days and those a week after them.
    const long = await ask('site=city-hall&from=2026-08-10&to=2026-10-20');
    expect(long.comparisons[0]).toMatchObject({ with: 'last-week', days_asked: 71, days_compared: 71 - 12 });
    const { weather } = await ask('site=city-hall&from=2026-10-26&to=2026-11-23');
    expect(weather.normal_change).toMatchObject({ baseline_days: 365 - 6 });
    expect(weather.normal_change.value).toBeCloseTo(-10, 0);
  });

  it('cost and emit by tables whose ids they name, and an example says that it is one', async () => {
    const { ask } = await aMeasuredCity();
    const { cost, emissions } = await ask('site=city-hall&from=2026-10-26&to=2026-11-23');
    expect(cost).toMatchObject({ unit: 'USD', tariff: 'example-electric-tou', is_example: true, is_named: false });
    expect(cost.value).toBeGreaterThan(0);
    expect(cost.notes.join()).toContain('example');
    expect(emissions).toMatchObject({ kind: 'bought', location: { unit: 'kg CO₂e', gwp: 'AR5' } });
    expect(emissions!.location.factors[0]!.id).toMatch(/egrid/i);
    expect(emissions!.market.basis).toBe('grid-average');
    const water = await ask('site=city-hall&carrier=water&from=2026-10-26&to=2026-11-23');
    expect(water.emissions).toBeNull();
    expect(water.amount).toMatchObject({ value: null, refusal: { code: 'nothing-known' } });
  });

  it('cost what the report says where the tariff looks at the peaks of the months before', async () => {
    const demand = [{ name: 'Demand', rate: 10, ratchet: { share: 0.8, months: 1 } }];
    const tariff = aTariff({ id: 'ratchet', energy: [], demand });
    const { ask } = await aMeasuredCity({ tariff, peak: Date.parse('2026-10-20T14:15:00-04:00') });
    const { cost } = await ask('site=city-hall&from=2026-11-01&to=2026-11-16');
    // Half of the month, at 80 % of October's 90 kW and not at November's 60.
    expect(cost).toMatchObject({ value: 360, lines: [{ quantity: 72, amount: 360 }], notes: [] });
  });

  it('are refused in words where too little is known, and never 0', async () => {
    const { ask } = await aMeasuredCity({
      schedule: false,
      holes: (time) => time > Date.parse('2026-11-10T00:00:00-05:00'),
    });
    const reply = await ask('site=city-hall&from=2026-10-26&to=2026-11-23');
    expect(reply.peak).toMatchObject({
      value: null,
      at: null,
      refusal: { code: 'too-incomplete' },
      known_percent: 53.6,
    });
    expect(reply.after_hours.refusal?.code).toBe('no-schedule');
    expect(reply.after_hours.refusal?.words).toContain('hours of use');
    expect(reply.comparisons[0]).toMatchObject({ value: null, refusal: { code: 'too-few-days' } });
    const none = await ask('site=park&from=2026-10-26&to=2026-11-23');
    expect(none).toMatchObject({
      meters: [],
      amount: { value: null },
      weather: { heating: { refusal: { code: 'no-position' } } },
    });
  });

  it('are of whole quarter hours up to now', async () => {
    const { ask } = await aMeasuredCity();
    const reply = await ask('site=city-hall&from=today');
    expect(reply.to).toBe('2026-11-23T14:00:00.000Z');
    expect(reply.amount).toMatchObject({ value: 8 * 20 + 60, known_percent: 100 });
  });

  it.each([
    ['site=nowhere', 'site', 404],
    ['site=city-hall&from=-5y', 'from', 400],
    ['site=city-hall&from=-900d', 'from', 400],
    ['site=city-hall&from=2027-01-01&to=2027-02-01', 'to', 400],
    ['site=city-hall&gwp=AR9', 'gwp', 400],
  ])('refuse %s and name %s', async (query, field, status) => {
    const { ask } = await aMeasuredCity();
    expect(await ask(query, status)).toMatchObject({ error: { field } });
  });

  it('say that the store is down', async () => {
    const { ask, store } = await aMeasuredCity();
    store.failure = new StoreFailure('unavailable', 'the disk is full');
    expect(await ask('site=city-hall', 503)).toMatchObject({ error: { code: 'store-unavailable' } });
  });
});
