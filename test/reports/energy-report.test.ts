import { describe, expect, it } from 'vitest';
import type { CarrierReport } from '../../reports/carrier-report.ts';
import type { EnergyReport } from '../../reports/energy-report.ts';
import { withOwnTables } from '../../reports/reference-tables.ts';
import { aTariff } from '../energy/tariffs/tariffs.ts';
import { bostonTime, monthOf } from './counted-months.ts';
import { aReportCity, PLAIN_TARIFF, type ReportCity } from './report-city.ts';

const KWH = 'active_energy_kwh';
const QUARTER = 900_000;
const HOUR = 4 * QUARTER;

function carrierOf(report: EnergyReport, carrier = 'electricity'): CarrierReport {
  return report.carriers.find((one) => one.carrier === carrier)!;
}

/** 10 kW through all of November, but 80 kW in the quarter hour from 14:00 of Tuesday the 10th. */
async function tellNovember(city: ReportCity) {
  await city.meter('main', { name: 'Main meter', kind: 'electricity-meter' });
  const peakEnd = bostonTime('2026-11-10 14:15');
  const shows = (time: number, quarter: number) => 1_000 + quarter * 2.5 + (time >= peakEnd ? 17.5 : 0);
  return await city.count('2026-11', { device: 'main', metric: KWH, shows });
}

describe('November of the library, computed by hand', () => {
  it('agrees to the cent and to the gram', async () => {
    const city = await aReportCity();
    await tellNovember(city);
    const report = await city.report('2026-11');
    const electricity = carrierOf(report);

    // November has 30 days and an hour: 721 hours, 2,884 quarter hours of 2.5 kWh, and 17.5 kWh more in one of them.
    expect((report.whole.to - report.whole.from) / HOUR).toBe(721);
    expect(electricity.consumption.value).toBe(7_227.5);
    expect(electricity.shares).toEqual({ measured: 1, interpolated: 0, estimated: 0 });
    expect(electricity.amount).toMatchObject({ known: 1, measured: 1 });
    expect(electricity.missing).toEqual({ hours: 0, ranges: [], words: '' });

    // 20 kWh in a quarter hour are 80 kW; 7,227.5 kWh in 721 hours are 10.0243 kW on average.
    expect(electricity.peak.value).toEqual({ demand: 80, at: bostonTime('2026-11-10 14:00') });
    expect(electricity.loadFactor?.value).toBeCloseTo(7_227.5 / 721 / 80, 12);
    expect(electricity.baseLoad?.value).toBe(10);

    // 21 weekdays less Veterans Day and Thanksgiving, of 10 hours: 1,900 kWh and the 17.5 of the peak. The rest is after hours.
    expect(electricity.afterHours?.value?.amount).toBeCloseTo(7_227.5 - 1_917.5, 9);
    expect(electricity.afterHours?.value?.share).toBeCloseTo(5_310 / 7_227.5, 12);
    expect(electricity.afterHours?.value?.shareOfTime).toBeCloseTo(531 / 721, 12);
    expect(report.used.holidays.map(({ id }) => id)).toEqual(['massachusetts']);

    // 7,227.5 × 0.1234 = 891.8735; 80 × 27.26 = 2,180.80; 30.
    expect(electricity.cost?.lines.map(({ what, quantity, amount }) => [what, quantity, amount])).toEqual([
      ['Supply', 7_227.5, 891.87],
      ['Demand', 80, 2_180.8],
      ['Customer charge', 1, 30],
    ]);
    expect(electricity.cost).toMatchObject({ tariff: 'city-general', currency: 'USD', total: { value: 3_102.67 } });
    expect(electricity.cost?.lines[0]).toMatchObject({
      revision: '2026-01',
      firstDay: '2026-11-01',
      lastDay: '2026-11-30',
    });

    // eGRID2023 rev. 2, AR5: 539.3 + 28 × 0.063 + 265 × 0.008 = 543.184 lb/MWh; × 0.45359237 kg/lb × 7.2275 MWh.
    expect(electricity.emissions?.location.value).toMatchObject({ kgCO2e: 1_780.741, gwp: 'AR5', basis: null });
    expect(electricity.emissions?.location.value?.factors).toMatchObject([{ id: 'egrid2023-rev2-newe', year: 2023 }]);
    expect(electricity.emissions?.market.value).toMatchObject({ kgCO2e: 1_780.741, basis: 'grid-average' });
    expect(report.totals).toEqual({
      cost: 3_102.67,
      currency: 'USD',
      kgCO2eLocation: 1_780.741,
      kgCO2eMarket: 1_780.741,
    });
    expect(report.used.tariffs).toEqual([PLAIN_TARIFF]);
    expect(report.used.factors.map(({ id }) => id)).toEqual(['egrid2023-rev2-newe']);
    expect(report.used.gwps.map(({ id }) => id)).toEqual(['AR5']);
    expect(report.withoutMeters).toEqual(['export', 'solar', 'gas', 'water', 'heat']);
  });

  it('has civil days: the first of November is 25 hours long, and the days add up to the month', async () => {
    const city = await aReportCity();
    await tellNovember(city);
    const { days } = await city.report('2026-11');
    expect(days).toHaveLength(30);
    expect(days[0]).toMatchObject({ date: '2026-11-01', hours: 25 });
    expect(days[0]?.carriers.get('electricity')).toMatchObject({ value: 250, known: 1, measured: 1, flags: [] });
    expect(days[9]?.carriers.get('electricity')?.value).toBe(257.5);
    const sum = days.reduce((total, day) => total + day.carriers.get('electricity')!.value!, 0);
    expect(sum).toBe(7_227.5);
  });

  it('has another fingerprint when a row, a decision or a tariff is another one, and the same when asked again', async () => {
    const city = await aReportCity();
    const { quarters } = await tellNovember(city);
    const first = await city.report('2026-11');
    city.clock.setWall(city.clock.now() + HOUR);
    const again = await city.report('2026-11');
    expect([again.inputs, again.madeAt]).toEqual([first.inputs, first.madeAt + HOUR]);
    const dearer = withOwnTables({ tariffs: [{ ...PLAIN_TARIFF, energy: [{ name: 'Supply', rate: 0.2 }] }] });
    expect((await city.report('2026-11', dearer)).inputs).not.toBe(first.inputs);
    const row = { ...quarters[7]!, consumption: 2.501 };
    await city.store.putRollUps({ rows: { '15m': [row], '1h': [], '1d': [] }, events: [], erasedEvents: [] });
    expect((await city.report('2026-11')).inputs).not.toBe(first.inputs);
  });
});

describe('what is not known', () => {
  it('of a gap is spread and said so, of a reset is missing and named, never 0', async () => {
    const city = await aReportCity();
    await city.meter('main', { kind: 'electricity-meter' });
    const [silentFrom, silentTo] = [bostonTime('2026-10-03 10:00'), bostonTime('2026-10-03 14:00')];
    const reset = bostonTime('2026-10-20 00:00');
    await city.count('2026-10', {
      device: 'main',
      metric: KWH,
      shows: (time, quarter) => {
        if (time > silentFrom && time < silentTo) return undefined;
        return time < reset ? 5_000 + quarter : (time - reset) / QUARTER;
      },
    });
    const report = await city.report('2026-10');
    const electricity = carrierOf(report);
    // 2,976 quarter hours of 1 kWh, one of them unknown, 16 of them interpolated.
    expect(electricity.consumption.value).toBe(2_975);
    expect(electricity.amount).toMatchObject({ interpolated: 16, estimated: 0 });
    expect(electricity.shares?.interpolated).toBeCloseTo(16 / 2_975, 12);
    expect(electricity.amount.known).toBeCloseTo(2_975 / 2_976, 12);
    expect(electricity.amount.measured).toBeCloseTo(2_959 / 2_976, 12);
    expect(report.notes).toContain(
      'Of electricity 99.97 % of the time is known: consumption and emissions are those of that part.',
    );
    expect(electricity.missing.words).toBe('missing: 0.25 hours on 2026-10-19T23:45-04:00 to 2026-10-20T00:00-04:00');
    expect(report.events.map(({ kind, booked }) => [kind, booked])).toEqual([
      ['gap', 16],
      ['reset', 0],
    ]);
    const flags = (date: string) => report.days.find((day) => day.date === date)?.carriers.get('electricity')?.flags;
    expect(flags('2026-10-03')).toEqual(['interpolated', 'gap']);
    expect(flags('2026-10-19')).toEqual(['incomplete']);
    expect(flags('2026-10-20')).toEqual(['reset']);
    expect(flags('2026-10-21')).toEqual([]);
  });

  it('of a gap that ends at midnight is no matter of the day that begins then', async () => {
    const city = await aReportCity();
    await city.meter('main', { kind: 'electricity-meter' });
    const [from, to] = [bostonTime('2026-10-03 10:00'), bostonTime('2026-10-04 00:00')];
    await city.count('2026-10', {
      device: 'main',
      metric: KWH,
      shows: (time, quarter) => (time > from && time < to ? undefined : quarter),
    });
    const { days } = await city.report('2026-10');
    expect(days.slice(1, 4).map((day) => day.carriers.get('electricity')?.flags)).toEqual([
      [],
      ['interpolated', 'gap'],
      [],
    ]);
  });

  it('of a meter that is silent all month makes the carrier refused, with its reason, and the others stay', async () => {
    const city = await aReportCity();
    await tellNovember(city);
    await city.meter('gas', { name: 'Gas meter' });
    await city.heard('gas', 'gas_volume_m3', bostonTime('2026-10-02'));
    const report = await city.report('2026-11');
    const gas = carrierOf(report, 'gas');
    expect(gas.consumption).toMatchObject({ value: null, refusal: { code: 'nothing-known' } });
    expect(gas.amount).toEqual({ value: null, interpolated: null, estimated: null, known: 0, measured: 0 });
    expect(gas.missing.words).toBe('missing: 721 hours on 2026-11-01 to 2026-11-30');
    expect(gas.peak).toMatchObject({ value: null, refusal: { code: 'nothing-known' } });
    expect(gas.cost?.total).toMatchObject({ value: null, refusal: { code: 'no-tariff-named' } });
    expect(gas.emissions?.location).toMatchObject({ value: null, refusal: { code: 'nothing-known' } });
    expect(report.totals).toMatchObject({ cost: null, kgCO2eLocation: null });
    expect(report.days[3]?.carriers.get('gas')).toMatchObject({ value: null, flags: ['not-known'] });
    expect(carrierOf(report).cost?.total.value).toBe(3_102.67);
  });

  it('refuses shape and cost below their least completeness, and gives the lines of what is known', async () => {
    const city = await aReportCity();
    await city.meter('main', { kind: 'electricity-meter' });
    const until = bostonTime('2026-10-16');
    await city.count('2026-10', {
      device: 'main',
      metric: KWH,
      shows: (time, quarter) => (time <= until ? quarter : undefined),
    });
    const electricity = carrierOf(await city.report('2026-10'));
    expect(electricity.consumption.value).toBe(1_440);
    expect(electricity.peak.refusal?.code).toBe('too-incomplete');
    expect(electricity.afterHours?.refusal?.code).toBe('too-incomplete');
    expect(electricity.cost?.total.refusal?.code).toBe('too-incomplete');
    expect(electricity.cost?.lines[0]).toMatchObject({ what: 'Supply', quantity: 1_440, amount: 177.7 });
  });

  it('of a tariff says whether it is not there, of another carrier, or contradicts itself', async () => {
    const city = await aReportCity({ tariffs: { electricity: 'nowhere' } });
    await tellNovember(city);
    const why = async (
      id: string,
      tables = withOwnTables({ tariffs: [PLAIN_TARIFF], faults: ['tariffs/x.yaml:3: rate: is missing.'] }),
    ) => {
      await city.register.putSite({ ...city.register.site('library')!, tariffs: { electricity: id } });
      return carrierOf(await city.report('2026-11', tables)).cost?.total.refusal;
    };
    expect(await why('nowhere')).toMatchObject({ code: 'unknown-tariff' });
    expect((await why('nowhere'))?.words).toContain('tariffs/x.yaml:3: rate: is missing.');
    expect((await why('example-gas'))?.words).toContain('"example-gas" is a tariff of gas, not of electricity.');
    const twice = withOwnTables({
      tariffs: [PLAIN_TARIFF, { ...PLAIN_TARIFF, revision: '2', valid_from: '2026-06-01' }],
    });
    expect((await why('city-general', twice))?.words).toContain('is still valid when city-general (2) begins');
    const later = withOwnTables({ tariffs: [{ ...PLAIN_TARIFF, valid_from: '2026-11-15' }] });
    expect(await why('city-general', later)).toMatchObject({ code: 'no-tariff' });
  });

  it('of a factor names those there are', async () => {
    const city = await aReportCity({ factors: 'berdo' });
    await tellNovember(city);
    expect(carrierOf(await city.report('2026-11')).emissions?.location).toMatchObject({
      value: null,
      refusal: { code: 'no-factor', words: expect.stringContaining('2027 (BERDO') },
    });
    await city.register.putSite({ ...city.register.site('library')!, factors: 'egird' });
    expect(carrierOf(await city.report('2026-11')).emissions?.location.refusal?.words).toContain('egrid NEWE');
  });
});

describe('meters of a site', () => {
  it('are its mains for electricity, each from when to when it stood there', async () => {
    const city = await aReportCity();
    const { register, meter, count } = city;
    await register.putSite({ ...register.site('library')!, id: 'depot', name: 'Depot' });
    const moved = bostonTime('2026-11-15 12:00');
    await meter('main', {
      kind: 'electricity-meter',
      placements: [
        { site: 'depot', from: 0 },
        { site: 'library', from: moved },
      ],
    });
    await meter('old-main', {
      kind: 'electricity-meter',
      placements: [
        { site: 'library', from: 0 },
        { site: 'depot', from: moved },
      ],
    });
    await meter('chiller', { kind: 'chiller' });
    const steady = (time: number, quarter: number) => (time < 0 ? undefined : quarter);
    await count('2026-11', { device: 'chiller', metric: KWH, shows: steady });
    const before = (time: number, quarter: number) => (time <= moved ? quarter : undefined);
    const after = (time: number, quarter: number) => (time >= moved ? 2 * quarter : undefined);
    await count('2026-11', { device: 'old-main', metric: KWH, shows: before });
    await count('2026-11', { device: 'main', metric: KWH, shows: after });
    const electricity = carrierOf(await city.report('2026-11'));
    expect(electricity.meters.map(({ device, amount }) => [device, amount.value, amount.known])).toEqual([
      ['main', 2 * ((monthOf('2026-11').to - moved) / QUARTER), 1],
      ['old-main', (moved - monthOf('2026-11').from) / QUARTER, 1],
    ]);
    expect(electricity.amount.known).toBe(1);
    expect(electricity.consumption.value).toBe(electricity.meters.reduce((sum, { amount }) => sum + amount.value!, 0));
    // Without the one that came, half of the month has no meter.
    await meter('main', { kind: 'electricity-meter', placements: [{ site: 'depot', from: 0 }] });
    expect((await city.report('2026-11')).notes).toContain(
      'No meter of electricity was due from 2026-11-15T12:00-05:00 to 2026-12-01T00:00-05:00: that time counts as not known.',
    );
  });

  it('that are retired owe nothing after their last word, and nothing at all without one', async () => {
    const city = await aReportCity();
    await tellNovember(city);
    await city.meter('old', { kind: 'electricity-meter', retired: true });
    await city.heard('old', KWH, bostonTime('2026-01-05'));
    const electricity = carrierOf(await city.report('2026-11'));
    expect(electricity.meters.map(({ device }) => device)).toEqual(['main']);
    expect(electricity.amount.known).toBe(1);
  });

  it('owe up to their retirement what they owed before, and nothing from then on', async () => {
    const city = await aReportCity();
    // Silent from the tenth on, and given up on the twentieth.
    const [silent, retired] = [bostonTime('2026-11-10'), bostonTime('2026-11-20')];
    const { from, to } = monthOf('2026-11');
    await tellNovember(city);
    await city.meter('old', { kind: 'electricity-meter' });
    const told = (time: number, quarter: number) => (time <= silent ? quarter : undefined);
    await city.count('2026-11', { device: 'old', metric: KWH, shows: told });
    const known = async () => {
      const { amount, meters } = carrierOf(await city.report('2026-11'));
      return [amount.known, meters.find(({ device }) => device === 'old')?.amount.known];
    };
    const share = (part: number, whole: number) => expect.closeTo(part / whole, 9);
    expect(await known()).toEqual([share(silent - from, to - from), share(silent - from, to - from)]);
    await city.meter('old', { kind: 'electricity-meter', retired: true, retired_at: retired });
    const within = share(silent - from, retired - from);
    expect(await known()).toEqual([share(silent - from + to - retired, to - from), within]);
    await city.meter('old', { kind: 'electricity-meter' });
    await city.register.retireGateway('basement', silent);
    expect(await known()).toEqual([1, 1]);
  });

  it('of gas, water and solar have their units, factors and blocks', async () => {
    const water = aTariff({ id: 'water', carrier: 'water', unit: 'm3', energy: [{ name: 'Water', rate: 2 }] });
    const city = await aReportCity({ tariffs: { electricity: 'city-general', water: 'water' } });
    for (const id of ['gas', 'water', 'roof']) await city.meter(id);
    const share = (monthOf('2026-10').to - monthOf('2026-10').from) / QUARTER;
    const upTo = (most: number) => (_: number, quarter: number) => (most * quarter) / share;
    await city.count('2026-10', { device: 'gas', metric: 'gas_volume_m3', shows: upTo(2_976) });
    await city.count('2026-10', { device: 'water', metric: 'water_volume_m3', shows: upTo(297.6) });
    await city.count('2026-10', { device: 'roof', metric: 'solar_energy_kwh', shows: upTo(5_952) });
    const report = await city.report('2026-10', withOwnTables({ tariffs: [water] }));
    const gas = carrierOf(report, 'gas');
    expect(gas).toMatchObject({ unit: 'm³', rateUnit: 'm³/h', consumption: { value: 2_976 } });
    // 2,976 m³ × 35.3147 ft³/m³ × 0.001026 mmBtu/ft³ = 107.8290 mmBtu; × (53.06 + 28 × 0.001 + 265 × 0.0001) kg.
    expect(gas.emissions).toMatchObject({ kind: 'direct', location: { value: { kgCO2e: 5_727.281 } } });
    expect(gas.emissions?.market).toEqual(gas.emissions?.location);
    expect(gas.emissions?.location.value?.factors[0]?.id).toBe('epa-hub-2024-gas');
    expect(carrierOf(report, 'water')).toMatchObject({ emissions: null, cost: { total: { value: 595.2 } } });
    expect(carrierOf(report, 'solar')).toMatchObject({
      baseLoad: null,
      cost: null,
      emissions: null,
      peak: { value: { demand: 8 } },
    });
  });
});

describe('a month', () => {
  it('that runs is told as far as it is settled, and says so', async () => {
    const city = await aReportCity();
    await tellNovember(city);
    city.clock.setWall(bostonTime('2026-11-11 00:20'));
    const report = await city.report('2026-11');
    expect(report.period.to).toBe(bostonTime('2026-11-11'));
    expect(report.days).toHaveLength(10);
    expect(carrierOf(report)).toMatchObject({ consumption: { value: 241 * 10 + 17.5 }, amount: { known: 1 } });
    // A third of the month's fixed and demand charges.
    expect(carrierOf(report).cost?.lines[2]).toMatchObject({ what: 'Customer charge', amount: 10 });
    expect(report.notes[0]).toBe('The month is not over: the figures are of the part that is.');
  });

  it('of which only days are kept has consumption and days, and no shape', async () => {
    const flat = aTariff({ id: 'city-general' });
    const city = await aReportCity();
    await tellNovember(city);
    await city.store.keep({ quarters: monthOf('2026-11').to }, city.clock.now());
    const report = await city.report('2026-11', withOwnTables({ tariffs: [flat] }));
    const electricity = carrierOf(report);
    expect(electricity).toMatchObject({ consumption: { value: 7_227.5 }, amount: { known: 1, measured: 1 } });
    expect(electricity.peak.refusal?.code).toBe('only-days-kept');
    expect(electricity.cost?.total.value).toBe(1_445.5);
    expect(report.days[0]?.carriers.get('electricity')?.value).toBe(250);
    expect(carrierOf(await city.report('2026-11')).cost?.total.refusal?.code).toBe('needs-quarter-hours');
  });

  it('of which only days are kept names a day of which a part is not known', async () => {
    const city = await aReportCity();
    await city.meter('main', { kind: 'electricity-meter' });
    const [reset, back] = [bostonTime('2026-10-20 06:00'), bostonTime('2026-10-20 18:00')];
    await city.count('2026-10', {
      device: 'main',
      metric: KWH,
      shows: (time, quarter) =>
        time > reset && time < back ? undefined : time <= reset ? 5_000 + quarter : (time - back) / QUARTER,
    });
    await city.store.keep({ quarters: monthOf('2026-10').to }, city.clock.now());
    const report = await city.report('2026-10');
    const electricity = carrierOf(report);
    expect(electricity.consumption.value).toBe(2_976 - 48);
    expect(electricity.amount.known).toBeCloseTo(2_928 / 2_976, 12);
    expect(electricity.missing).toMatchObject({ hours: 12, words: 'missing: 12 hours on 2026-10-20' });
    expect(electricity.meters[0]?.missing.hours).toBe(12);
    expect(report.days[19]?.carriers.get('electricity')).toMatchObject({ value: 48, known: 0.5 });
    expect(report.days[19]?.carriers.get('electricity')?.flags).toContain('incomplete');
  });

  it('looks at the peaks of the months before where the tariff does', async () => {
    const demand = [{ name: 'Demand', rate: 10, ratchet: { share: 0.5, months: 1 } }];
    const tariff = aTariff({ id: 'city-general', energy: [], demand });
    const city = await aReportCity();
    await tellNovember(city);
    const top = bostonTime('2026-10-06 09:15');
    const shows = (time: number, quarter: number) => 500 + quarter + (time >= top ? 99 : 0);
    await city.count('2026-10', { device: 'main', metric: KWH, shows });
    const { cost, consumption } = carrierOf(await city.report('2026-11', withOwnTables({ tariffs: [tariff] })));
    // 100 kWh in a quarter hour of October are 400 kW; half of them are more than the 80 kW of November.
    expect(cost?.lines).toMatchObject([{ quantity: 200, amount: 2_000 }]);
    expect(cost?.notes).toEqual([]);
    expect(consumption.value).toBe(7_227.5);
  });
});

describe('what people decided', () => {
  it('stands beside the events of the month', async () => {
    const city = await aReportCity();
    await city.meter('main', { kind: 'electricity-meter' });
    const reset = bostonTime('2026-10-20 00:00');
    const decision = { metric: KWH, at: reset, decision: 'reset' as const, estimate: 1.5 };
    await city.count('2026-10', {
      device: 'main',
      metric: KWH,
      facts: { decisions: [decision] },
      shows: (time, quarter) => (time < reset ? 5_000 + quarter : (time - reset) / QUARTER),
    });
    await city.register.putDecision({ gateway: 'basement', device: 'main', ...decision, who: '=Ann', why: 'Sheet 7' });
    const report = await city.report('2026-10');
    expect(report.events).toMatchObject([{ kind: 'reset', decidedBy: 'person', booked: 1.5 }]);
    expect(report.decisions).toMatchObject([{ decision: 'reset', estimate: 1.5, who: '=Ann', why: 'Sheet 7' }]);
    expect(carrierOf(report)).toMatchObject({ consumption: { value: 2_976.5 }, amount: { estimated: 1.5 } });
    expect(report.days[18]?.carriers.get('electricity')?.flags).toEqual(['estimated']);
  });
});
