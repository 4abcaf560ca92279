import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { MeterEventReply } from '../../console/api/replies-meters.ts';
import type { MeterEvent } from '../../contract/roll-up.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne, BEARER } from './fake-city.ts';

/** The clock of the tests stands at noon of 2026-11-01 UTC, seven in the morning in Boston. */
const NOON = Date.parse('2026-11-01T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KWH = 'active_energy_kwh';

/** A library with a meter and a chiller behind transformers; its readings and events are in a real store. */
async function aConsole(folder = temporaryFolder()) {
  const clock = new ManualClock(NOON);
  const register = new Register({ folder: join(folder, 'register'), clock, log: silentLog });
  await register.start();
  const zone = 'America/New_York';
  await register.putSite({ id: 'library', name: 'Central Library', kind: 'building', zone });
  await register.putSite({ id: 'depot', name: 'Depot', kind: 'building', zone });
  await register.putGateway({ id: 'basement', name: 'Basement', site: 'library', retired: false });
  const placements = [{ site: 'library', from: 0 }];
  const common = { gateway: 'basement', is_new: false, placements };
  await register.putDevice({ ...common, id: 'main', name: 'Main meter' });
  const meter = { multiplier: 40, register_limit: 1_000_000 };
  await register.putDevice({
    ...common,
    id: 'chiller',
    name: 'Chiller',
    interval_s: 900,
    interval_stamp: 'begin',
    meter,
  });
  const store = new DuckDBStore({
    options: { path: join(folder, 'telemetry.duckdb'), threads: 1, memoryLimit: '256MB' },
    log: silentLog,
  });
  await store.open();
  await store.init();
  const app = await buildConsoleApp({ ...aCityOfOne({ clock }), register, store }, { host: '127.0.0.1' });
  onTestFinished(async () => {
    await app.close();
    await store.close();
    await register.stop();
  });
  const get = async (url: string) => await app.inject({ method: 'GET', url, headers: { host: 'localhost' } });
  const post = async (url: string, payload: object, headers: Record<string, string> = BEARER) =>
    await app.inject({ method: 'POST', url, headers: { host: 'localhost', ...headers }, payload });
  const events = async (query = '') => (await get(`/api/meters/events?${query}`)).json();
  const tell = async (...told: MeterEvent[]) =>
    await store.putRollUps({ rows: { '15m': [], '1h': [], '1d': [] }, events: told, erasedEvents: [] });
  let seq = 0;
  const read = async (device: string, values: Record<number, number>) => {
    const readings = Object.entries(values).map(([time, value]) => ({
      device,
      time: Number(time),
      values: { [KWH]: value },
    }));
    await store.commit([{ gateway: 'basement', epoch: 'test', seq: ++seq, readings, rejected: [] }], async () => {});
  };
  return { clock, register, store, get, post, events, tell, read };
}

function anEvent(change: Partial<MeterEvent> = {}): MeterEvent {
  return {
    gateway: 'basement',
    device: 'main',
    metric: KWH,
    kind: 'reset',
    from: NOON - HOUR - 10_000,
    at: NOON - HOUR,
    before: 918_273.5,
    after: 0.25,
    booked: 0,
    decidedBy: 'rule',
    ...change,
  };
}

describe('events of meters', () => {
  it('are told newest first, with names, local time and words', async () => {
    const { events, tell } = await aConsole();
    await tell(
      anEvent(),
      anEvent({ kind: 'gap', from: NOON - 50 * HOUR, at: NOON - HOUR - MINUTE, before: 5, after: 17.5, booked: 12.5 }),
      anEvent({ device: 'chiller', kind: 'rollover', at: NOON - 2 * HOUR, before: 999_990, after: 2.5, booked: 500 }),
    );
    const answer = await events();
    expect(answer).toMatchObject({ total: 3, by_kind: { reset: 1, gap: 1, rollover: 1 }, next: null });
    expect(answer.events[0]).toEqual({
      site: 'library',
      site_name: 'Central Library',
      gateway: 'basement',
      device: 'main',
      device_name: 'Main meter',
      metric: KWH,
      label: 'Active energy, import',
      unit: 'kWh',
      kind: 'reset',
      at: '2026-11-01T11:00:00.000Z',
      at_ms: NOON - HOUR,
      at_local: '2026-11-01T06:00-05:00',
      from: '2026-11-01T10:59:50.000Z',
      from_ms: NOON - HOUR - 10_000,
      before: 918_273.5,
      after: 0.25,
      booked: 0,
      decided_by: 'rule',
      decision: null,
      words:
        'Active energy (import) of Main meter (Central Library) fell from 918,273.5 kWh to 0.25 kWh on ' +
        'Sunday 1 November 2026, 06:00 and stayed there: a reset. Nothing was booked. Counting goes on from 0.25 kWh.',
    });
    expect(answer.events.map(({ words }: MeterEventReply) => words).slice(1)).toEqual([
      'Active energy (import) of Main meter (Central Library) told nothing for 2 days until Sunday 1 November 2026, ' +
        '05:59. 12.5 kWh was counted meanwhile and is spread over that time.',
      'Active energy (import) of Chiller (Central Library) went from 999,990 × 40 kWh to 2.5 × 40 kWh on ' +
        'Sunday 1 November 2026, 05:00: it began again at 0, a roll-over. 500 kWh was booked.',
    ]);
  });

  it('tell each reading by the multiplier of its meter', async () => {
    const { events, tell, register } = await aConsole();
    const chiller = register.device('basement', 'chiller')!;
    const swaps = [{ metric: KWH, at: NOON - HOUR - MINUTE, last: 1_002, first: 20, multiplier: 10 }];
    await register.putDevice({ ...chiller, meter: { multiplier: 40, swaps } });
    const swap = { device: 'chiller', kind: 'swap', before: 1_001, after: 22, booked: 60 } as const;
    await tell(anEvent({ ...swap, from: NOON - 2 * HOUR, at: NOON - HOUR }));
    expect((await events()).events[0].words).toContain('stood at 1,001 × 40 kWh before and at 22 × 10 kWh on');
  });

  it('are asked for by site, gateway, device, metric, kind and time', async () => {
    const { events, tell, register } = await aConsole();
    await register.placeDevice('basement', 'chiller', 'depot', NOON - 90 * MINUTE);
    await tell(
      anEvent(),
      anEvent({ device: 'chiller', at: NOON - HOUR }),
      anEvent({ device: 'chiller', at: NOON - 2 * HOUR, kind: 'dip' }),
      anEvent({ metric: 'active_energy_export_kwh', at: NOON - 40 * 24 * HOUR }),
    );
    const count = async (query: string) => (await events(query)).total;
    expect(await count('')).toBe(3);
    expect(await count('from=-60d')).toBe(4);
    expect(await count('site=depot')).toBe(1);
    expect(await count('site=library')).toBe(2);
    expect(await count('gateway=basement&device=basement/chiller')).toBe(2);
    expect(await count('device=*/main&from=-60d&metric=active_energy_export_kwh')).toBe(1);
    expect(await count('kind=dip&kind=gap')).toBe(1);
    expect(await count(`from=${NOON - HOUR}&to=${NOON - HOUR + 1}`)).toBe(2);
  });

  it('come in pages that miss none and tell none twice', async () => {
    const { events, tell } = await aConsole();
    const told = Array.from({ length: 7 }, (_, n) => anEvent({ at: NOON - HOUR - Math.floor(n / 2) * MINUTE }));
    await tell(...told.map((event, n) => (n % 2 === 0 ? event : { ...event, device: 'chiller' })));
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page: { events: MeterEventReply[]; next: string | null } = await events(
        `limit=2${next === '' ? '' : `&after=${next}`}`,
      );
      seen.push(...page.events.map(({ at_ms, device }) => `${at_ms} ${device}`));
      next = page.next;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it.each([
    ['site=nowhere', 404, 'site: "nowhere" is not in the register'],
    ['gateway=nobody', 404, 'gateway: "nobody" is not in the register'],
    ['device=basement/ghost', 404, 'device: "basement/ghost" is not in the register'],
    ['metric=active_power_kw', 400, 'metric: is not a counter'],
    ['metric=energy', 400, '"energy" is not in the catalogue'],
    ['kind=explosion', 400, 'kind.0: '],
    ['from=-800d', 400, 'from: is more than 732 days before "to"'],
    ['from=now&to=-1h', 400, 'from: must lie before "to"'],
    ['limit=100000', 400, 'limit: '],
    ['after=yesterday', 400, 'after: must be the `next` of the page before'],
    ['sit=library', 400, 'unknown query parameter "sit"; known: site'],
  ])('refuse %s', async (query, status, words) => {
    const { get } = await aConsole();
    const reply = await get(`/api/meters/events?${query}`);
    expect([reply.statusCode, reply.json().error.message]).toEqual([status, expect.stringContaining(words)]);
  });

  it('are asked for by days of the site', async () => {
    const { events, tell } = await aConsole();
    // One at local midnight of the last day of October, and one an instant before it.
    const midnight = Date.parse('2026-10-31T00:00:00-04:00');
    await tell(anEvent({ at: midnight }), anEvent({ at: midnight - 1 }));
    const { total, from } = await events('site=library&from=2026-10-31&to=today');
    expect([total, from]).toEqual([1, '2026-10-31T04:00:00.000Z']);
    expect((await events('device=basement/main&from=2026-10-31')).total).toBe(1);
  });

  it('are CSV when asked', async () => {
    const { get, tell } = await aConsole();
    await tell(anEvent());
    const [header, row] = (await get('/api/meters/events?format=csv')).body.split('\r\n');
    expect(header).toMatch(
      /^site,gateway,device,metric,kind,from \(UTC\),at \(UTC\),at \(site\),before,after,booked,unit/,
    );
    expect(row).toMatch(/^library,basement,main,active_energy_kwh,reset,.*,918273.5,0.25,0,kWh,rule,/);
  });
});

describe('decisions about meters', () => {
  const body = {
    gateway: 'basement',
    device: 'main',
    metric: KWH,
    at: '2026-11-01T06:00',
    decision: 'swap',
    last: 918_280,
    first: 0,
    who: 'Ada',
    why: 'The meter was exchanged.',
  };

  it('are made at the time of the site, shown with the event, and withdrawn', async () => {
    const { events, tell, read, get, post, register } = await aConsole();
    await read('main', { [NOON - HOUR - 10_000]: 918_273.5, [NOON - HOUR]: 0.25 });
    await tell(anEvent());
    const made = await post('/api/meters/decisions', body);
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({
      number: 1,
      decision: 'swap',
      at_ms: NOON - HOUR,
      last: 918_280,
      estimate: null,
    });
    expect(made.json().words).toBe(
      'Ada decided on Sunday 1 November 2026, 07:00 about Active energy (import) of Main meter (Central Library), the ' +
        'value of Sunday 1 November 2026, 06:00: the meter was exchanged, last reading of the old meter 918,280 kWh, ' +
        'first of the new one 0 kWh. Why: The meter was exchanged.',
    );
    expect(register.decisions()).toMatchObject([{ at: NOON - HOUR, decided: NOON }]);
    const [before] = (await events()).events;
    expect(before.decision).toMatchObject({ decision: 'swap', who: 'Ada' });
    expect(before.words).toContain('Not yet counted as decided by Ada: The meter was exchanged.');
    await tell(anEvent({ kind: 'swap', booked: 6.75, decidedBy: 'person' }));
    expect((await events()).events[0].words).toBe(
      'The meter was exchanged: Active energy (import) of Main meter (Central Library) stood at 918,273.5 kWh before and ' +
        'at 0.25 kWh on Sunday 1 November 2026, 06:00. 6.75 kWh was booked. Decided by Ada: The meter was exchanged.',
    );

    const { gateway, device, metric, at } = body;
    const withdrawal = { gateway, device, metric, at, who: 'Grace', why: 'It was another meter.' };
    const withdrawn = await post('/api/meters/decisions/withdraw', withdrawal);
    expect([withdrawn.statusCode, withdrawn.json().decision]).toEqual([200, 'withdrawn']);
    expect((await post('/api/meters/decisions/withdraw', withdrawal)).statusCode).toBe(404);
    expect((await get('/api/meters/decisions')).json()).toEqual({ total: 0, decisions: [], next: null });
    const history = (await get('/api/meters/decisions/history?limit=1')).json();
    expect(history).toMatchObject({ total: 2, decisions: [{ number: 2, who: 'Grace' }], next: 2 });
    const rest = (await get('/api/meters/decisions/history?after=2')).json();
    expect(rest).toMatchObject({ decisions: [{ number: 1, who: 'Ada' }], next: null });
    const csv = (await get('/api/meters/decisions/history?format=csv&site=library')).body.split('\r\n');
    expect(csv[1]).toContain(',withdrawn,,,,kWh,Grace,It was another meter.,2026-11-01T12:00:00.000Z');
    expect((await get('/api/meters/decisions/history?site=depot')).json().total).toBe(0);
  });

  it('are about the instant that the counter was read, also where stamps say the beginning', async () => {
    const { read, post } = await aConsole();
    await read('chiller', { [NOON - HOUR]: 5 });
    const chiller = { ...body, device: 'chiller', decision: 'reset', last: undefined, first: undefined };
    expect((await post('/api/meters/decisions', { ...chiller, at: NOON - HOUR + 15 * MINUTE })).statusCode).toBe(201);
    const reply = await post('/api/meters/decisions', { ...chiller, at: NOON - HOUR });
    expect(reply.json().error.message).toContain('Nearby: a value at 2026-11-01T06:15-05:00.');
  });

  it('are about a value that is stored; else what is nearby is named', async () => {
    const { read, tell, post, register } = await aConsole();
    const none = await post('/api/meters/decisions', body);
    expect([none.statusCode, none.json().error.field]).toEqual([400, 'at']);
    expect(none.json().error.message).toContain('There is none within an hour either.');
    await read('main', { [NOON - HOUR + 7_000]: 0.25 });
    await tell(anEvent({ at: NOON - HOUR + 7_000 }));
    const near = await post('/api/meters/decisions', body);
    expect(near.json().error.message).toContain(
      'no value of active_energy_kwh of basement/main was read at 2026-11-01T06:00-05:00, or it is no longer kept; ' +
        'name the later value of the two. Nearby: reset at 2026-11-01T06:00:07-05:00; a value at 2026-11-01T06:00:07-05:00.',
    );
    expect(register.decisionHistory()).toEqual([]);
  });

  it.each([
    [{ device: 'ghost' }, 404, 'device: "basement/ghost" is not in the register'],
    [{ at: 'noon' }, 400, 'at: "noon" is no time; write 2026-05-04T12:00'],
    [{ at: 1.5 }, 400, 'at: '],
    [{ at: 9e15 }, 400, 'at: must lie between 1970 and 2200'],
    [{ metric: 'active_power_kw' }, 400, 'metric: "active_power_kw" is not a counter. Name one of active_energy_kwh'],
    [{ decision: 'wish' }, 400, 'decision: '],
    [{ last: undefined, first: undefined }, 400, 'a swap needs the last reading'],
    [{ decision: 'reset' }, 400, 'last: goes with a swap only'],
    [{ estimate: -1 }, 400, 'estimate: '],
    [{ why: '' }, 400, 'why: '],
    [{ who: undefined }, 400, 'who: '],
    [{ because: 'x' }, 400, 'unknown body field "because"'],
  ])('are refused with %j', async (change, status, words) => {
    const { post, read, register } = await aConsole();
    await read('main', { [NOON - HOUR]: 0.25 });
    const reply = await post('/api/meters/decisions', { ...body, ...change });
    expect([reply.statusCode, reply.json().error.message]).toEqual([status, expect.stringContaining(words)]);
    expect(register.decisionHistory()).toEqual([]);
  });

  it('need the operator token', async () => {
    const { post } = await aConsole();
    for (const url of ['/api/meters/decisions', '/api/meters/decisions/withdraw']) {
      expect((await post(url, body, {})).statusCode).toBe(401);
    }
  });
});
