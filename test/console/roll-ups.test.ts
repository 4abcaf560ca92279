import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { ConsoleDeps } from '../../console/api/console-deps.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { NOON } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { aGaugeRollUp, anUpdate, aRollUp } from '../roll-up-builders.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne } from './fake-city.ts';

const QUARTER = 900_000;

async function aConsole(rollUps?: ConsoleDeps['rollUps']) {
  const store = new DuckDBStore({ options: { path: join(temporaryFolder(), 'telemetry.duckdb') }, log: silentLog });
  await store.open();
  const city = aCityOfOne({ clock: new ManualClock(NOON + 3_600_000) });
  const app = await buildConsoleApp({ ...city, store, rollUps }, { host: '127.0.0.1' });
  onTestFinished(async () => {
    await app.close();
    await store.close();
  });
  const get = async (url: string) => await app.inject({ method: 'GET', url, headers: { host: 'localhost' } });
  return { store, get };
}

it('answers with rows as they are stored, by width, metric and time', async () => {
  const { store, get } = await aConsole();
  const first = aRollUp();
  const second = aRollUp({ start: NOON + QUARTER, peak: null, peakAt: null, coverage: 40 });
  await store.putRollUps(anUpdate({ '15m': [first, second, aGaugeRollUp()], '1h': [aRollUp({ position: null })] }));
  const reply = (await get('/api/roll-ups?width=15m&metric=active_energy_kwh&from=-2h')).json();
  expect(reply).toMatchObject({ width: '15m', to_ms: NOON + 3_600_000 });
  expect(reply.rows).toHaveLength(2);
  expect(reply.rows[0]).toEqual({
    site: first.site,
    gateway: first.gateway,
    device: first.device,
    metric: first.metric,
    unit: 'kWh',
    start: new Date(NOON).toISOString(),
    start_ms: NOON,
    count: 15,
    expected: 15,
    coverage_percent: 100,
    min: first.min,
    mean: first.mean,
    max: first.max,
    last: first.last,
    consumption: first.consumption,
    interpolated: 0,
    estimated: 0,
    peak: first.peak,
    peak_at: new Date(NOON).toISOString(),
  });
  expect(reply.rows[1]).toMatchObject({ coverage_percent: 40, peak: null, peak_at: null });
  expect((await get('/api/roll-ups?width=15m&from=-2h')).json().rows).toHaveLength(3);
  expect((await get('/api/roll-ups?width=15m&from=-2h&to=-1h')).json().rows).toHaveLength(0);
  expect((await get('/api/roll-ups?width=1h&from=-2h')).json().rows).toHaveLength(1);
});

it.each([
  ['width=2h', 'width'],
  ['width=1h&metric=nonsense', 'metric'],
  ['width=1h&from=-1h&to=-2h', 'from'],
  ['width=1h&site=nowhere', 'site'],
  ['width=15m&from=2000-01-01T00:00Z', 'from'],
])('names what is wrong with %s', async (query, field) => {
  const { get } = await aConsole();
  const reply = await get(`/api/roll-ups?${query}`);
  expect([400, 404]).toContain(reply.statusCode);
  expect(JSON.stringify(reply.json())).toContain(field);
});

it('says how far roll-ups are behind', async () => {
  let status = {
    pendingQuarters: 0,
    oldestMs: 0,
    caughtUpAt: undefined as number | undefined,
    fault: '',
    failedDevices: [],
  };
  const { get } = await aConsole(async () => status);
  const ask = async () => (await get('/api/roll-ups/status')).json();
  expect(await ask()).toMatchObject({ state: 'caught-up', caught_up_at: null, fault: '' });
  status = { ...status, pendingQuarters: 12, oldestMs: 3_500, caughtUpAt: NOON };
  expect(await ask()).toEqual({
    state: 'behind',
    pending_quarters: 12,
    oldest_s: 3.5,
    behind_s: 3_600,
    caught_up_at: new Date(NOON).toISOString(),
    fault: '',
    failed_devices: [],
  });
  expect((await (await aConsole()).get('/api/roll-ups/status')).json()).toEqual({ state: 'none' });
});

it('says in the health how far roll-ups are behind, and when that is no longer well', async () => {
  let status: Awaited<ReturnType<NonNullable<ConsoleDeps['rollUps']>>> = {
    pendingQuarters: 12,
    oldestMs: 61_400,
    caughtUpAt: NOON + 3_540_000,
    fault: '',
    failedDevices: [],
  };
  const { get } = await aConsole(async () => status);
  const health = async () => (await get('/api/health')).json();
  const at = (time: number) => new Date(time).toISOString();
  expect((await health()).parts.roll_ups).toEqual({
    ok: true,
    words: `12 quarter hours of devices wait, the oldest for 60 s; last caught up at ${at(NOON + 3_540_000)}`,
  });
  status = { ...status, caughtUpAt: NOON };
  expect(await health()).toMatchObject({ status: 'degraded', parts: { roll_ups: { ok: false } } });
  status = { ...status, pendingQuarters: 0 };
  expect((await health()).parts.roll_ups).toEqual({ ok: true, words: `nothing waits; last caught up at ${at(NOON)}` });
  status = { ...status, caughtUpAt: undefined, fault: 'the disk is full', failedDevices: ['g/main-meter'] };
  const { roll_ups } = (await health()).parts;
  expect(roll_ups.ok).toBe(false);
  expect(roll_ups.words).toMatch(
    /^the disk is full; 1 devices cannot be counted .*g\/main-meter; nothing waits; not caught/,
  );
  expect((await (await aConsole()).get('/api/health')).json().parts.roll_ups).toEqual({
    ok: true,
    words: 'none are made',
  });
});

it('says that nobody knows when the question fails', async () => {
  const { get } = await aConsole(async () => {
    throw new Error('ingest does not answer');
  });
  expect((await get('/api/roll-ups/status')).json()).toEqual({ state: 'unknown', fault: 'ingest does not answer' });
  expect((await get('/api/health')).json().parts.roll_ups).toEqual({ ok: false, words: 'ingest does not answer' });
  expect((await get('/api/city')).json().roll_ups.state).toBe('unknown');
});
