import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type {
  CityReply,
  CitySiteReply,
  CitySitesReply,
  EnergyReply,
  LightsReply,
  ProblemsReply,
} from '../../console/api/replies-city.ts';
import { StoreFailure } from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne, aGatewayStatus, aHealth } from './fake-city.ts';
import { rollUpAll } from './rolled-up.ts';

const MINUTE = 60_000;
/** Ten at night in Boston. */
const NOW = Date.parse('2026-11-19T22:00:00-05:00');

/** A library with a meter that took 60 kW all day, a circuit with two lamps, an air station. */
async function aLivingCity() {
  const city = aCityOfOne({ clock: new ManualClock(NOW) });
  const { register, store, ingest } = city;
  const place = { latitude: 42.35, longitude: -71.06 };
  register.siteById.set('park', { ...register.siteById.get('park')!, ...place });
  register.siteById.set('roof', { id: 'roof', name: 'Roof', kind: 'station', zone: 'America/New_York', ...place });
  for (const [gateway, site] of [
    ['park-gateway', 'park'],
    ['roof-gateway', 'roof'],
  ] as const) {
    register.gatewayById.set(gateway, { id: gateway, name: gateway, site, retired: false });
  }
  const add = (gateway: string, id: string, site: string, kind: string, nominal_w?: number) =>
    register.deviceByKey.set(`${gateway}/${id}`, {
      gateway,
      id,
      name: id,
      kind,
      interval_s: 60,
      ...(nominal_w === undefined ? {} : { nominal_w }),
      placements: [{ site, from: 0 }],
      is_new: false,
    });
  add('library', 'main-meter', 'city-hall', 'electricity-meter');
  add('library', 'air-1', 'city-hall', 'air-sensor');
  for (const lamp of ['lamp-1', 'lamp-2']) add('park-gateway', lamp, 'park', 'lamp', 70);
  add('roof-gateway', 'air', 'roof', 'air-station');
  store.series_.clear();
  const midnight = Date.parse('2026-11-19T00:00:00-05:00');
  for (let time = midnight - 8 * 24 * 60 * MINUTE; time <= NOW; time += MINUTE) {
    const kwh = (time - midnight) / MINUTE + 100_000;
    store.put('library', { device: 'main-meter', time, values: { active_energy_kwh: kwh, active_power_kw: 60 } });
  }
  store.put('library', { device: 'air-1', time: NOW, values: { co2_ppm: 1_300, temperature_c: 21 } });
  for (const device of ['lamp-1', 'lamp-2']) {
    store.put('park-gateway', {
      device,
      time: NOW - MINUTE,
      values: { lamp_command_percent: 100, lamp_power_w: device === 'lamp-1' ? 70 : 0, lamp_failure: 0 },
    });
  }
  store.put('roof-gateway', { device: 'air', time: NOW, values: { pm2_5_ug_per_m3: 12, wind_speed_m_per_s: 3 } });
  for (const gateway of ['library', 'park-gateway'])
    ingest.set(gateway, { online: true, health: aHealth(), healthAt: NOW });
  await rollUpAll(city, { now: NOW, folder: temporaryFolder() });
  const app = await buildConsoleApp(city, { host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const ask = async <T>(url: string, status = 200): Promise<T> => {
    const reply = await app.inject({ url, headers: { host: 'localhost' } });
    expect(reply.statusCode, reply.body.slice(0, 400)).toBe(status);
    return reply.json() as T;
  };
  return { ...city, app, ask };
}

describe('the budget of a site', () => {
  // Fiscal year 2027 has 365 days; of eight and 22/24 of them it is known that 60 kWh passed in each hour.
  const known = 8 + 22 / 24;

  it('is compared with what it allows for the time that is known', async () => {
    const { ask, register } = await aLivingCity();
    register.siteById.set('city-hall', { ...register.siteById.get('city-hall')!, budget_kwh: 365 * 24 * 50 });
    const { sites } = await ask<CitySitesReply>('/api/city/sites');
    const { budget } = sites.find(({ id }) => id === 'city-hall')!;
    expect(budget).toMatchObject({
      fiscal_year: 2027,
      from: '2026-07-01T04:00:00.000Z',
      to: '2027-07-01T04:00:00.000Z',
    });
    expect(budget?.known_days).toBeCloseTo(known, 3);
    expect(budget?.used_kwh).toBeCloseTo(known * 24 * 60, 0);
    expect(budget?.allowed_kwh).toBeCloseTo(known * 24 * 50, 0);
    expect(budget?.percent).toBe(120);
    expect(sites.find(({ id }) => id === 'park')?.budget).toBeNull();
    expect((await ask<CitySiteReply>('/api/city/sites/city-hall')).budget).toEqual(budget);
  });

  it('says nothing of less than a day, nor of a meter that was never heard', async () => {
    const { ask, register, clock } = await aLivingCity();
    for (const id of ['city-hall', 'roof']) {
      register.siteById.set(id, { ...register.siteById.get(id)!, budget_kwh: 100_000 });
    }
    Object.assign(register, { city: () => ({ name: 'Boston', zone: 'America/New_York', fiscal_year_start: 12 }) });
    await clock.advance(Date.parse('2026-12-01T00:00:00-05:00') - NOW + 60_000);
    for (const { id, budget } of (await ask<CitySitesReply>('/api/city/sites')).sites) {
      if (id !== 'park') expect(budget, id).toMatchObject({ known_days: 0, used_kwh: 0, percent: null });
    }
  });
});

describe('the city at a glance', () => {
  it('says what it takes, what it took, what burns and how the air is', async () => {
    const { ask } = await aLivingCity();
    expect(await ask<CityReply>('/api/city')).toMatchObject({
      zone: 'America/New_York',
      store_fault: '',
      power_kw: { value: 60, sites_reporting: 1, sites_total: 1 },
      solar_kw: null,
      energy_today: { kwh: 1_320, coverage_percent: 100, same_weekday_kwh: 1_320, change_percent: 0 },
      lamps: { total: 2, lit: 1, commanded: 2, failed: 0 },
      air: { stations: 1, worst: { site: 'roof', metric: 'pm2_5_ug_per_m3', value: 12, band: 'moderate' } },
      gateways: { total: 3, online: 2 },
      history: { state: 'none', percent: 0, oldest_day: null },
    });
  });

  it('has rows for sites, and one site with meters, rooms and gateways', async () => {
    const { ask } = await aLivingCity();
    const { sites } = await ask<{ sites: { id: string; power_kw: number | null; state: string }[] }>('/api/city/sites');
    expect(sites.map(({ id, power_kw, state }) => [id, power_kw, state])).toEqual([
      ['city-hall', 60, 'live'],
      ['park', null, 'live'],
      ['roof', null, 'live'],
    ]);
    const site = await ask<CitySiteReply>('/api/city/sites/city-hall');
    expect(site.meters).toMatchObject([
      {
        device: 'main-meter',
        carrier: 'electricity',
        power: { value: 60, unit: 'kW' },
        today: { value: 1_320, unit: 'kWh' },
      },
    ]);
    expect(site.rooms).toMatchObject([{ device: 'air-1', co2_ppm: 1_300, co2_band: 'poor' }]);
    expect(site.gateways.map(({ id }) => id)).toEqual(['library']);
    await ask('/api/city/sites/nowhere', 404);
  });

  it('shows circuits and their lamps', async () => {
    const { ask } = await aLivingCity();
    const { circuits, totals } = await ask<LightsReply>('/api/lights');
    expect(totals).toEqual({ total: 2, lit: 1, commanded: 2, failed: 0, silent: 0 });
    expect(circuits).toMatchObject([{ site: 'park', state: 'lit', expected_kw: 0.14, power_kw: 0.07 }]);
    const { lamps } = await ask<{ lamps: { device: string; state: string }[] }>('/api/lights/park');
    expect(lamps.map(({ device, state }) => [device, state])).toEqual([
      ['lamp-1', 'lit'],
      ['lamp-2', 'dark'],
    ]);
    await ask('/api/lights/city-hall', 400);
  });

  it('lists rooms with the stalest air first, and stations', async () => {
    const { ask } = await aLivingCity();
    const { stations, rooms } = await ask<{ stations: { band: string }[]; rooms: { device: string }[] }>('/api/air');
    expect(stations).toMatchObject([{ site: 'roof', band: 'moderate' }]);
    expect(rooms).toMatchObject([{ site: 'city-hall', device: 'air-1', co2_ppm: 1_300, band: 'poor' }]);
  });
});

describe('consumption over HTTP', () => {
  it('comes by day, as CSV too, and days are those of the site', async () => {
    const { ask, app } = await aLivingCity();
    const answer = await ask<EnergyReply>('/api/energy?site=city-hall&from=2026-11-17&to=2026-11-19&every=day');
    expect(answer).toMatchObject({ unit: 'kWh', zone: 'America/New_York', total: 2_880, coverage_percent: 100 });
    expect(answer.rows.map(({ from, value }) => [from, value])).toEqual([
      ['2026-11-17T05:00:00.000Z', 1_440],
      ['2026-11-18T05:00:00.000Z', 1_440],
    ]);
    const csv = await app.inject({
      url: '/api/energy?device=library/main-meter&from=2026-11-18&to=2026-11-19&format=csv',
      headers: { host: 'localhost' },
    });
    expect(csv.body).toBe(
      'from (America/New_York),from (UTC),to (UTC),electricity (kWh),measured (%),events,' +
        'interpolated (kWh),estimated (kWh),peak (kW),peak at (America/New_York)\r\n' +
        '2026-11-18T00:00-05:00,2026-11-18T05:00:00.000Z,2026-11-19T05:00:00.000Z,1440,100,,0,0,60,2026-11-18T00:00-05:00\r\n',
    );
  });

  it('is null where nobody measured, and never 0', async () => {
    const { ask } = await aLivingCity();
    const { rows, total } = await ask<EnergyReply>('/api/energy?site=city-hall&from=2026-10-01&to=2026-10-03');
    expect(rows.map(({ value, coverage_percent }) => [value, coverage_percent])).toEqual([
      [null, 0],
      [null, 0],
    ]);
    expect(total).toBeNull();
    const gas = await ask<EnergyReply>('/api/energy?site=city-hall&carrier=gas&from=today');
    expect(gas).toMatchObject({ total: null, unit: 'm³', devices: [] });
  });

  it.each([
    ['from=today', 'site'],
    ['site=city-hall&from=2026-02-30', 'from'],
    ['site=city-hall&from=gestern', 'from'],
    ['site=city-hall&from=-7d&to=-8d', 'from'],
    ['site=city-hall&from=1970-01-01', 'from'],
    ['site=city-hall&date=2026-10-14', 'date'],
    ['site=city-hall&date=2026-10-14,2026-10-13', 'date'],
    ['site=city-hall&from=-700d&every=15m', 'every'],
    ['site=city-hall&carrier=steam', 'carrier'],
    ['site=city-hall&every=fortnight', 'every'],
  ])('refuses %s and names %s', async (query, field) => {
    const { ask } = await aLivingCity();
    expect(await ask(`/api/energy?${query}`, 400)).toMatchObject({ error: { field } });
  });

  it('counts a device that moved for each site only while it stood there', async () => {
    const { ask, register, store } = await aLivingCity();
    const meter = register.deviceByKey.get('library/main-meter')!;
    const from = Date.parse('2026-11-18T12:00:00-05:00');
    register.deviceByKey.set('library/main-meter', {
      ...meter,
      placements: [...meter.placements, { site: 'roof', from }],
    });
    await rollUpAll({ store, register }, { now: NOW, folder: temporaryFolder() });
    const total = async (site: string) =>
      (await ask<EnergyReply>(`/api/energy?site=${site}&from=2026-11-18&to=2026-11-19`)).total;
    expect([await total('city-hall'), await total('roof')]).toEqual([720, 720]);
  });

  it('counts a retired device in the past as before it was retired', async () => {
    const { ask, register, store, clock } = await aLivingCity();
    await rollUpAll({ store, register }, { now: NOW, folder: temporaryFolder() });
    const said = async () => {
      const { total, coverage_percent } = await ask<EnergyReply>(
        '/api/energy?site=city-hall&from=2026-11-17&to=2026-11-19',
      );
      return { total, coverage_percent };
    };
    const before = await said();
    expect(before.total).toBeGreaterThan(720);
    const meter = register.deviceByKey.get('library/main-meter')!;
    register.deviceByKey.set('library/main-meter', { ...meter, retired: true, retired_at: NOW });
    await clock.advance(2_000);
    expect(await said()).toEqual(before);
    // Retired before dates were kept.
    register.deviceByKey.set('library/main-meter', { ...meter, retired: true });
    await clock.advance(2_000);
    expect(await said()).toEqual(before);
  });
});

describe('a city in trouble', () => {
  it('without anything in it answers everything', async () => {
    const city = aCityOfOne();
    city.register.siteById.clear();
    city.register.gatewayById.clear();
    city.register.deviceByKey.clear();
    city.store.series_.clear();
    const app = await buildConsoleApp(city, { host: '127.0.0.1' });
    onTestFinished(() => app.close());
    for (const url of ['/api/city', '/api/city/sites', '/api/problems', '/api/lights', '/api/air']) {
      expect((await app.inject({ url, headers: { host: 'localhost' } })).statusCode, url).toBe(200);
    }
    const city_ = (await app.inject({ url: '/api/city', headers: { host: 'localhost' } })).json<CityReply>();
    expect(city_).toMatchObject({ power_kw: { value: null }, energy_today: { kwh: null, change_percent: null } });
  });

  it('with a store that is down says what is known, why not more, and that it is wrong', async () => {
    const { ask, store } = await aLivingCity();
    store.failure = new StoreFailure('unavailable', 'the disk is full');
    expect(await ask<CityReply>('/api/city')).toMatchObject({
      store_fault: 'the disk is full',
      power_kw: { value: null },
      energy_today: { kwh: null },
      gateways: { total: 3, online: 2 },
    });
    for (const url of ['/api/city/sites', '/api/city/sites/city-hall', '/api/lights', '/api/lights/park', '/api/air']) {
      expect(await ask(url)).toMatchObject({ store_fault: 'the disk is full' });
    }
    expect((await ask<ProblemsReply>('/api/problems')).problems).toMatchObject([
      { kind: 'store', severity: 'critical' },
    ]);
    expect(await ask('/api/energy?site=city-hall', 503)).toMatchObject({ error: { code: 'store-unavailable' } });
  });

  it('names what is wrong once it has looked', async () => {
    const { ask, store, clock, ingest } = await aLivingCity();
    const since = NOW - 40 * 60 * MINUTE;
    for (let time = since - 60 * MINUTE; time < NOW; time += MINUTE) {
      store.put('library', { device: 'air-1', time, values: { co2_ppm: time < since ? 900 : 1_500 } });
    }
    ingest.set('roof-gateway', aGatewayStatus({ gateway: 'roof-gateway', online: false }));
    await ask('/api/problems');
    await clock.advance(20 * MINUTE);
    await ask('/api/problems');
    await clock.advance(5_000);
    const { problems, checked } = await ask<ProblemsReply>('/api/problems');
    expect(checked).not.toBeNull();
    expect(problems.map(({ kind, site }) => `${kind} ${site}`)).toEqual(
      expect.arrayContaining(['high-co2 city-hall', 'silent-gateway roof']),
    );
    // Longer than rooms are read which were fresh a day ago.
    expect(problems.find(({ kind }) => kind === 'high-co2')?.since_ms).toBe(since);
  });
});
