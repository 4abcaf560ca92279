import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { METRICS } from '../../contract/metrics.ts';
import { Tally } from '../../runtime/counters.ts';
import { StoreFailure } from '../../store/telemetry-store.ts';
import { aCityOfOne, aDeadLetter, aGatewayStatus, aHealth, BEARER, NO_COUNTS } from './fake-city.ts';

async function aConsole(city = aCityOfOne()) {
  const app = await buildConsoleApp(city, { host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const get = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url, headers: { host: 'localhost', ...headers } });
  const post = (url: string, body?: unknown, headers: Record<string, string> = BEARER) =>
    app.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    });
  return { city, app, get, post };
}

describe('health', () => {
  it('is ok part by part', async () => {
    const { get } = await aConsole();
    const reply = await get('/api/health');
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({
      status: 'ok',
      version: '0.1.0',
      uptime_s: 0,
      parts: {
        broker: { ok: true },
        ingest: { ok: true },
        store: { ok: true },
        register: { words: 'version 1, gateways: 1' },
      },
    });
  });

  it('is 503 with the words of the store', async () => {
    const { city, get } = await aConsole();
    city.ingest.state = { ...city.ingest.state, storeFault: 'InfluxDB refuses the connection at 127.0.0.1:8086' };
    const reply = await get('/api/health');
    expect(reply.statusCode).toBe(503);
    expect(reply.json().status).toBe('degraded');
    expect(reply.json().parts.store).toEqual({ ok: false, words: 'InfluxDB refuses the connection at 127.0.0.1:8086' });
  });

  it('is 503 when ingest holds or the broker has a fault', async () => {
    const city = aCityOfOne({ broker: () => ({ connections: 0, fault: 'port 1883 is taken' }) });
    city.ingest.state = { ...city.ingest.state, accepting: false };
    const { get } = await aConsole(city);
    const { parts } = (await get('/api/health')).json();
    expect(parts.broker).toEqual({ ok: false, words: 'port 1883 is taken' });
    expect(parts.ingest.ok).toBe(false);
  });

  it('is 503 while the manifest is not applied, with its first fault', async () => {
    let faults = ['city.yaml:6: sites[0].kind: expected building', 'city.yaml:9: sites[1].id: twice'];
    const { get } = await aConsole(aCityOfOne({ manifestFaults: () => faults }));
    const reply = await get('/api/health');
    expect(reply.statusCode).toBe(503);
    expect(reply.json().parts.register).toEqual({
      ok: false,
      words:
        'version 1, gateways: 1; the manifest was not applied. city.yaml:6: sites[0].kind: expected building (and 1 more, see the log)',
    });
    faults = [];
    expect((await get('/api/health')).json().parts.register).toEqual({ ok: true, words: 'version 1, gateways: 1' });
  });

  it('tells the lesser room of the console’s disk and of ingest’s', async () => {
    const city = aCityOfOne({ disk: () => ({ freeBytes: 80e9, sizeBytes: 100e9 }) });
    const { get } = await aConsole(city);
    const told = async () => (await get('/api/health')).json();
    expect((await told()).parts.disk).toEqual({ ok: true, words: '80 GB of 100 GB free, 80 %' });
    city.ingest.state = { ...city.ingest.state, disk: { freeBytes: 7e9, sizeBytes: 100e9 } };
    expect((await told()).parts.disk).toEqual({ ok: true, words: '7 GB of 100 GB free, 7 %; it fills up' });
    city.ingest.state = { ...city.ingest.state, disk: { freeBytes: 2e9, sizeBytes: 100e9 } };
    expect(await told()).toMatchObject({ status: 'degraded', parts: { disk: { ok: false } } });
    const unknown = await aConsole();
    expect((await unknown.get('/api/health')).json().parts.disk).toEqual({ ok: true, words: 'not known' });
  });
});

describe('a query that is not right', () => {
  it.each([
    ['device=library/main', 'metric: this query parameter is missing'],
    ['metrc=active_power_kw', 'unknown query parameter "metrc"; known: metric, '],
    ['metric=active_power_kw&metrc=x', 'unknown query parameter "metrc"; known: metric, '],
  ])('%s is told which parameter is wrong', async (query, words) => {
    const { get } = await aConsole();
    const reply = await get(`/api/series?${query}`);
    expect([reply.statusCode, reply.json().error.message]).toEqual([400, expect.stringContaining(words)]);
  });
});

describe('metrics for Prometheus', () => {
  it('is the registry and the process', async () => {
    const registry = new Registry();
    new Tally({ name: 'lamplighter_stored_total', help: 'Readings stored', labels: ['gateway'] }, registry).add(
      3,
      'library',
    );
    const { get } = await aConsole(aCityOfOne({ registry }));
    const reply = await get('/metrics');
    expect(reply.headers['content-type']).toContain('text/plain');
    expect(reply.body).toContain('lamplighter_stored_total{gateway="library"} 3');
    expect(reply.body).toContain('process_resident_memory_bytes');
  });
});

describe('what there is', () => {
  it('lists the catalogue', async () => {
    const { get } = await aConsole();
    const { metrics } = (await get('/api/metrics-catalogue')).json();
    expect(metrics).toHaveLength(METRICS.length);
    expect(metrics[0]).toMatchObject({ id: 'active_power_kw', unit: 'kW', symbol: 'kW', decimals: 2, roll_up: 'mean' });
  });

  it('lists sites and devices', async () => {
    const { get } = await aConsole();
    expect((await get('/api/sites')).json().sites.map((site: { id: string }) => site.id)).toEqual([
      'city-hall',
      'park',
    ]);
    expect((await get('/api/devices?gateway=library')).json().devices).toMatchObject([
      { id: 'main-meter', site: 'city-hall' },
    ]);
  });
});

describe('latest', () => {
  it('carries unit, label, both times, age and site', async () => {
    const { get } = await aConsole();
    const reply = await get('/api/latest?metric=active_power_kw');
    expect(reply.json().values).toEqual([
      {
        site: 'city-hall',
        gateway: 'library',
        device: 'main-meter',
        metric: 'active_power_kw',
        label: 'Active power',
        value: 41.2,
        unit: 'kW',
        time: '2026-11-01T11:59:00.000Z',
        time_ms: Date.parse('2026-11-01T11:59:00Z'),
        age_s: 60,
      },
    ]);
  });

  it('is filtered by site', async () => {
    const { get } = await aConsole();
    expect((await get('/api/latest?site=park')).json().values).toEqual([]);
    expect((await get('/api/latest?site=city-hall')).json().values).toHaveLength(2);
  });

  it.each([
    ['/api/latest?format=csv', {}],
    ['/api/latest', { accept: 'text/csv' }],
  ])('is CSV when asked: %s %o', async (url, headers) => {
    const { get } = await aConsole();
    const reply = await get(url, headers);
    expect(reply.headers['content-type']).toContain('text/csv');
    expect(reply.body.split('\r\n')).toEqual([
      'site,gateway,device,metric,label,value,unit,time (UTC),time (ms),age (s)',
      'city-hall,library,main-meter,active_energy_kwh,"Active energy, import",918273.5,kWh,2026-11-01T11:59:00.000Z,1793534340000,60',
      'city-hall,library,main-meter,active_power_kw,Active power,41.2,kW,2026-11-01T11:59:00.000Z,1793534340000,60',
      '',
    ]);
  });

  it('says that the store is away, and that trying again helps', async () => {
    const { city, get } = await aConsole();
    city.store.failure = new StoreFailure('unavailable', 'The store does not answer at 127.0.0.1:8086.');
    const reply = await get('/api/latest');
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toEqual({
      error: { code: 'store-unavailable', message: 'The store does not answer at 127.0.0.1:8086.', retry: true },
    });
  });
});

describe('series', () => {
  async function withHistory() {
    const console = await aConsole();
    const { store, clock } = console.city;
    for (let minute = 1; minute <= 30; minute++) {
      const time = clock.now() - minute * 60_000;
      store.put('library', { device: 'main-meter', time, values: { active_power_kw: minute } });
      store.put('school', { device: 'main-meter', time, values: { active_power_kw: 100 } });
    }
    return console;
  }

  it('states its range and its number of points', async () => {
    const { get } = await withHistory();
    const url = '/api/series?metric=active_power_kw&device=library/main-meter&from=-10m';
    const reply = (await get(url)).json();
    expect(reply).toMatchObject({
      metric: 'active_power_kw',
      unit: 'kW',
      from: '2026-11-01T11:50:00.000Z',
      to: '2026-11-01T12:00:00.000Z',
      every_ms: null,
      points: 10,
    });
    expect(reply.series[0]).toMatchObject({ site: 'city-hall', gateway: 'library', device: 'main-meter' });
    expect(reply.series[0].points[0]).toEqual({
      time: '2026-11-01T11:50:00.000Z',
      time_ms: Date.parse('2026-11-01T11:50:00Z'),
      value: 10,
    });
  });

  it('takes several devices and buckets, ISO with an offset and epoch milliseconds', async () => {
    const { get } = await withHistory();
    const query = new URLSearchParams([
      ['metric', 'active_power_kw'],
      ['device', 'library/main-meter'],
      ['device', 'school/main-meter'],
      ['from', '2026-11-01T12:30:00+01:00'],
      ['to', String(Date.parse('2026-11-01T12:00:00Z'))],
      ['every', '15m'],
    ]);
    const reply = (await get(`/api/series?${query}`)).json();
    expect(reply.points).toBe(4);
    expect(reply.series[0].points[1]).toMatchObject({ value: 8, min: 1, max: 15, last: 1, count: 15 });
  });

  it('reads an offset whose plus became a space', async () => {
    const { get } = await withHistory();
    const url = '/api/series?metric=active_power_kw&device=library/main-meter&from=2026-11-01T12:30:00+01:00';
    expect((await get(url)).json().from).toBe('2026-11-01T11:30:00.000Z');
  });

  it('adds the main meters of all gateways up', async () => {
    const { get } = await withHistory();
    const url = '/api/series?metric=active_power_kw&device=*/main-meter&from=-30m&every=15m&total=true';
    const reply = (await get(url)).json();
    expect(reply.series).toEqual([]);
    expect(reply.total).toMatchObject([
      { time: '2026-11-01T11:30:00.000Z', value: 123, devices: 2 },
      { time: '2026-11-01T11:45:00.000Z', value: 108, devices: 2 },
    ]);
  });

  it('begins a sum with what slower devices said before', async () => {
    const { city, get } = await withHistory();
    const { store, clock } = city;
    store.put('depot', { device: 'main-meter', time: clock.now() - 90_000, values: { active_power_kw: 1_000 } });
    const url = '/api/series?metric=active_power_kw&device=*/main-meter&from=-1m&every=10s&total=true';
    const reply = (await get(url)).json();
    expect(reply.total).toEqual([
      { time: '2026-11-01T11:59:00.000Z', time_ms: clock.now() - 60_000, value: 1_101, devices: 3 },
    ]);
  });

  it('is CSV with units in its header and its range in its headers', async () => {
    const { get } = await withHistory();
    const url = '/api/series?metric=active_power_kw&device=library/main-meter&from=-2m&format=csv';
    const reply = await get(url);
    expect(reply.headers).toMatchObject({
      'x-lamplighter-from': '2026-11-01T11:58:00.000Z',
      'x-lamplighter-to': '2026-11-01T12:00:00.000Z',
      'x-lamplighter-points': '2',
      'content-disposition':
        'attachment; filename="active_power_kw-2026-11-01T11-58-00.000Z-2026-11-01T12-00-00.000Z.csv"',
    });
    expect(reply.body).toBe(
      'time (UTC),time (ms),site,gateway,device,active_power_kw (kW)\r\n' +
        '2026-11-01T11:58:00.000Z,1793534280000,city-hall,library,main-meter,2\r\n' +
        '2026-11-01T11:59:00.000Z,1793534340000,city-hall,library,main-meter,1\r\n',
    );
  });

  const start = '/api/series?metric=active_power_kw&device=library/main-meter';
  it.each([
    ['metric', '/api/series?metric=active_power&device=library/main-meter', 'did you mean active_power_kw'],
    ['metric', '/api/series?device=library/main-meter', 'metric'],
    ['device', '/api/series?metric=active_power_kw', 'device'],
    ['device.0', '/api/series?metric=active_power_kw&device=library', 'gateway/device'],
    ['device.1', `${start}&device=Library/x`, 'gateway/device'],
    ['from', `${start}&from=yesterday`, 'ISO 8601'],
    ['from', `${start}&from=2026-11-01T08:00:00`, 'offset'],
    ['from', `${start}&from=2026-02-30T08:00:00Z`, 'ISO 8601'],
    ['from', `${start}&from=-1h&to=-2h`, 'before "to"'],
    ['to', `${start}&to=-1x`, 'ISO 8601'],
    ['every', `${start}&every=fast`, 'such as 15m'],
    ['every', `${start}&every=0s`, 'such as 15m'],
    ['every', `${start}&from=-365d&every=1s`, 'choose'],
    ['total', `${start}&total=true`, 'every'],
    ['format', `${start}&format=xml`, 'csv'],
    ['form', `${start}&form=-1h`, 'known: metric, device, from, to, every, total, format'],
  ])('refuses a bad %s: %s', async (field, url, words) => {
    const { get } = await aConsole();
    const reply = await get(url);
    expect(reply.statusCode).toBe(400);
    const { error } = reply.json();
    expect(error).toMatchObject({ code: 'bad-request', field, retry: false });
    expect(error.message).toContain(words);
  });

  it('passes on that the store finds it too much', async () => {
    const { city, get } = await aConsole();
    city.store.failure = new LamplighterError('bad-request', 'more than 50000 points; ask for a shorter range');
    const reply = await get(start);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error).toMatchObject({ field: 'from' });
  });
});

describe('totals', () => {
  it('counts and sums each series', async () => {
    const { get } = await aConsole();
    const reply = (await get('/api/totals?gateway=library&from=-1h')).json();
    expect(reply.count).toBe(2);
    expect(reply.totals[0]).toMatchObject({ metric: 'active_power_kw', count: 1, sum: 41.2, unit: 'kW' });
  });

  it.each([
    ['gateway', '/api/totals?gateway=A'],
    ['from', '/api/totals?from=x'],
    ['from', '/api/totals?from=-1h&to=-2h'],
    ['site', '/api/totals?site=x'],
  ])('refuses a bad %s', async (field, url) => {
    const { get } = await aConsole();
    expect((await get(url)).json().error).toMatchObject({ field });
  });
});

describe('gateways', () => {
  it('is online only when present and heard of', async () => {
    const { city, get } = await aConsole();
    const now = city.clock.now();
    const state = async () => (await get('/api/gateways/library')).json();
    expect(await state()).toMatchObject({ state: 'never-seen', silent: true, health: null });
    city.ingest.set('library', { online: true, since: now, version: '0.1.0' });
    expect(await state()).toMatchObject({ state: 'silent', silent: true });
    city.ingest.set('library', { health: aHealth(), healthAt: now });
    expect(await state()).toMatchObject({ state: 'online', silent: false, since: '2026-11-01T12:00:00.000Z' });
    await city.clock.advance(90_000);
    expect(await state()).toMatchObject({ state: 'online', silent: false, health: { age_s: 90 } });
    await city.clock.advance(1);
    expect(await state()).toMatchObject({ state: 'silent', silent: true });
    city.ingest.set('library', { online: false, healthAt: city.clock.now() });
    expect(await state()).toMatchObject({ state: 'offline' });
  });

  it('tells health, counts, two epochs and strangers', async () => {
    const { city, get } = await aConsole();
    const counts = { ...NO_COUNTS, received: 5, stored: 4, rejected: { 'too-old': 1 } };
    city.ingest.set('library', {
      online: true,
      health: aHealth({ buffered: 12, set_aside: 3, dropped: 1, oldest_s: 40 }),
      healthAt: city.clock.now(),
      twoEpochs: true,
      counts,
    });
    city.ingest.statusByGateway.set('stranger', aGatewayStatus({ gateway: 'stranger', online: true }));
    const reply = (await get('/api/gateways')).json();
    expect(reply.summary).toEqual({
      gateways: 2,
      by_state: { online: 1, silent: 1 },
      two_epochs: 1,
      buffered: 12,
      oldest_s: 40,
      set_aside: 3,
      dropped: 1,
    });
    expect(reply.gateways).toMatchObject([
      { id: 'library', name: 'Library', site: 'city-hall', two_epochs: true, counts, registered: true },
      { id: 'stranger', name: null, site: null, registered: false },
    ]);
    expect((await get('/api/gateways?state=silent')).json().gateways).toHaveLength(1);
  });

  it('comes in pages', async () => {
    const { city, get } = await aConsole();
    for (const id of ['a', 'b', 'c']) city.register.gatewayById.set(id, { id, name: id, site: 'park', retired: false });
    const first = (await get('/api/gateways?site=park&limit=2')).json();
    expect(first.next).toBe('b');
    const second = (await get(`/api/gateways?site=park&limit=2&after=${first.next}`)).json();
    expect(second.gateways.map((row: { id: string }) => row.id)).toEqual(['c']);
    expect(second.next).toBeNull();
  });

  it.each([
    [404, 'id', '/api/gateways/nowhere'],
    [400, 'id', '/api/gateways/No_Where'],
    [400, 'limit', '/api/gateways?limit=0'],
    [400, 'state', '/api/gateways?state=on'],
    [404, 'gateway', '/api/devices?gateway=nowhere'],
    [404, 'site', '/api/latest?site=nowhere'],
    [400, 'metric', '/api/latest?metric=power'],
    [400, 'x', '/api/sites?x=1'],
    [400, 'x', '/metrics?x=1'],
  ])('answers %i naming %s: %s', async (status, field, url) => {
    const { get } = await aConsole();
    const reply = await get(url);
    expect(reply.statusCode).toBe(status);
    expect(reply.json().error).toMatchObject({ field });
    expect(reply.json().error.message.length).toBeGreaterThan(10);
  });
});

describe('enrolment', () => {
  it('adds a site, a gateway with its file, a new token, and retires it', async () => {
    const { city, post } = await aConsole();
    const site = { id: 'school', name: 'School', kind: 'building', zone: 'America/New_York' };
    expect((await post('/api/sites', site)).statusCode).toBe(201);
    expect((await post('/api/sites', site)).statusCode).toBe(200);

    const added = await post('/api/gateways', { site: 'school', name: 'École Curie, 2nd floor' });
    expect(added.statusCode).toBe(201);
    const { id, token, gateway_yaml } = added.json();
    expect(id).toBe('ecole-curie-2nd-floor');
    expect(gateway_yaml).toContain(token);
    expect(gateway_yaml).toContain('mqtt://127.0.0.1:1883');
    expect(city.register.gateway(id)).toMatchObject({ site: 'school', retired: false });
    expect(JSON.stringify(city.register.credential(id))).not.toContain(token);

    const rotated = (await post(`/api/gateways/${id}/token`)).json();
    expect(rotated.token).not.toBe(token);
    expect((await post(`/api/gateways/${id}/retire`)).json()).toEqual({ id, retired: true });
    expect((await post(`/api/gateways/${id}/token`)).statusCode).toBe(409);
  });

  it('adds an observer', async () => {
    const { city, post } = await aConsole();
    const { id, token } = (await post('/api/observers', { name: 'Ada' })).json();
    expect(token).toBeTruthy();
    expect(city.register.credential(id)?.role).toBe('observer');
  });

  it.each([
    [400, 'site', '/api/gateways', {}],
    [400, 'site', '/api/gateways', { site: 'nowhere' }],
    [400, 'id', '/api/gateways', { site: 'park', id: 'Not OK' }],
    [409, 'id', '/api/gateways', { site: 'park', id: 'library' }],
    [400, 'id', '/api/gateways', { site: 'park', id: 'observer-1' }],
    [400, 'colour', '/api/gateways', { site: 'park', colour: 'red' }],
    [400, 'name', '/api/observers', { name: ' ' }],
    [400, 'zone', '/api/sites', { id: 'x', name: 'x', kind: 'building', zone: 'Boston' }],
    [404, 'id', '/api/gateways/nowhere/retire', undefined],
    [404, 'id', '/api/gateways/nowhere/token', undefined],
    [400, 'ids', '/api/dead-letters/drop', {}],
    [400, 'ids.0', '/api/dead-letters/replay', { ids: ['x'] }],
  ])('answers %i naming %s to a bad %s %o', async (status, field, url, body) => {
    const { post } = await aConsole();
    const reply = await post(url, body);
    expect(reply.statusCode).toBe(status);
    expect(reply.json().error).toMatchObject({ field });
  });

  it('refuses a body that is no JSON, of another type, or too big', async () => {
    const { app } = await aConsole();
    const send = (payload: string, type: string) =>
      app.inject({
        method: 'POST',
        url: '/api/observers',
        headers: { host: 'localhost', 'content-type': type, ...BEARER },
        payload,
      });
    expect((await send('{', 'application/json')).statusCode).toBe(400);
    expect((await send('name=x', 'text/plain')).statusCode).toBe(415);
    const big = await send(JSON.stringify({ name: 'x'.repeat(70_000) }), 'application/json');
    expect(big.statusCode).toBe(413);
    expect(big.json().error.code).toBe('bad-request');
  });
});

describe('dead letters', () => {
  async function withLetters() {
    const console = await aConsole();
    console.city.ingest.deadLetters.letters = [
      aDeadLetter({ seq: 9, reason: 'unknown-metric' }),
      aDeadLetter({ seq: 8 }),
      aDeadLetter({ seq: 7, gateway: 'school' }),
    ];
    return console;
  }

  it('lists with counts, what to do, and pages', async () => {
    const { get } = await withLetters();
    const first = (await get('/api/dead-letters?limit=2')).json();
    expect(first.counts).toEqual({ 'unknown-metric': 1, 'value-out-of-range': 2 });
    expect(first.letters[1]).toMatchObject({ id: 'library/epoch1/8/3', at: '2026-11-01T11:59:00.000Z' });
    expect(first.letters[1].mend).toContain('scaling');
    const second = (await get(`/api/dead-letters?limit=2&after=${encodeURIComponent(first.next)}`)).json();
    expect(second.letters).toHaveLength(1);
    expect(second.next).toBeNull();
    expect((await get('/api/dead-letters?gateway=school&reason=value-out-of-range')).json().letters).toHaveLength(1);
  });

  it('finds one by its id with slashes', async () => {
    const { get } = await withLetters();
    expect((await get('/api/dead-letters/library/epoch1/8/3')).json().detail).toContain('100000 kW');
    expect((await get('/api/dead-letters/library/epoch1/8/4')).statusCode).toBe(404);
    expect((await get('/api/dead-letters/library/epoch1')).json().error.field).toBe('*');
  });

  it('replays and drops what is named', async () => {
    const { city, post } = await withLetters();
    expect((await post('/api/dead-letters/replay', { ids: ['library/epoch1/8/3'] })).json()).toEqual({
      stored: 1,
      rejected: {},
    });
    expect((await post('/api/dead-letters/drop', { reason: 'unknown-metric' })).json()).toEqual({ dropped: 1 });
    expect(city.ingest.deadLetters.letters.map((letter) => letter.gateway)).toEqual(['school']);
  });
});

describe('ingest and store', () => {
  it('tells its state', async () => {
    const { city, get } = await aConsole();
    city.ingest.state = { ...city.ingest.state, storedPerSecond: 12, acknowledgement: { p50Ms: 8, p99Ms: 30 } };
    expect((await get('/api/ingest')).json()).toMatchObject({
      session: 'session1',
      stored_per_s: 12,
      acknowledgement: { p50_ms: 8, p99_ms: 30 },
      last_commit: null,
    });
  });

  it('checks and initialises the store', async () => {
    const { city, get, post } = await aConsole();
    expect((await get('/api/store/check')).json()).toMatchObject({ ok: true, engine: 'duckdb' });
    expect((await post('/api/store/init')).json()).toMatchObject({ ok: true });
    expect(city.store.initialised).toBe(1);
  });
});

describe('everything else', () => {
  it('answers an unknown path in the shape of errors', async () => {
    const { get } = await aConsole();
    const reply = await get('/api/nothing?secret=1');
    expect(reply.statusCode).toBe(404);
    expect(reply.json().error).toMatchObject({ code: 'not-found', retry: false });
    expect(reply.body).not.toContain('secret');
  });

  it('does not tell what broke inside', async () => {
    const { city, get } = await aConsole();
    city.store.failure = new Error('ENOENT /home/ada/secret.duckdb');
    const reply = await get('/api/latest');
    expect(reply.statusCode).toBe(500);
    expect(reply.body).not.toContain('ada');
  });

  it('describes itself in OpenAPI', async () => {
    const { get } = await aConsole();
    const document = (await get('/api/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/series', '/api/gateways/{id}', '/api/dead-letters/replay', '/metrics']),
    );
    const series = document.paths['/api/series'].get;
    expect(series.parameters.map((one: { name: string }) => one.name)).toContain('every');
    const docs = await get('/api/docs');
    expect(docs.statusCode).toBe(200);
    expect(docs.body).toContain('swagger-ui-bundle.js');
    expect(docs.headers['content-security-policy']).toContain("script-src 'self'");
  });

  it('says how to build the page when there is none', async () => {
    const { get } = await aConsole();
    const reply = await get('/');
    expect(reply.statusCode).toBe(503);
    expect(reply.json().error.message).toContain('npm run build');
  });
});
