/**
 * Whoever doubts the promise starts the demo city, kills it, and asks: `lamplighter demo verify` compares what the store
 * holds with what the city produced. It says EXACT after everything that may happen, and what is wrong when it is not.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import type { DemoReply } from '../../console/api/demo-reply.ts';
import type { GatewaysReply, LatestReply } from '../../console/api/replies.ts';
import { isLong } from '../is-long.ts';
import { startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type CommandEnd, lamplighter } from './command.ts';
import { connected } from './story.ts';

const FIRST_DAYS = 3;
const SHORT_DAYS = isLong ? 4 / 24 : 2 / 24;
/**
 * A start rolls up again the hour that was running, the quarter hour before it, and the hour and day that one lies in. So
 * much history has a day that no start touches, at any time of day.
 */
const UNTOUCHED_DAYS = 26 / 24;
/** Long enough to stop the store twice in it. */
const OUTAGE_DAYS = 2;
const TIMEOUT_MS = 600_000;

async function startDemo(data: string, args: readonly string[] = [], historyDays = SHORT_DAYS): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    data,
    args: ['--city', 'demo', '--history-days', String(historyDays), ...args],
  });
  onTestFinished(() => server.kill());
  return server;
}

async function verify(data: string): Promise<CommandEnd> {
  return await lamplighter(['demo', 'verify', '--data', data]);
}

async function expectExact(data: string): Promise<void> {
  const { code, stdout, stderr } = await verify(data);
  expect(stdout.trim().split('\n').at(-1), stderr).toMatch(/^EXACT: [\d,]+ values of 3,\d{3} series, /);
  expect(stdout).not.toMatch(/NOT/);
  expect(stdout, stderr).toMatch(/^ROLL-UPS RIGHT: [\d,]+ days and [\d,]+ hours of counters/m);
  expect(code).toBe(0);
}

test.runIf(isLong)(
  'after a clean run and three kill -9, in the middle of history and after it',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const data = join(temporaryFolder(), 'data');
    let server = await startDemo(data, [], FIRST_DAYS);
    await sleep(400 + Math.random() * 1_500);
    await server.kill();
    server = await startDemo(data, [], FIRST_DAYS);
    await expectExact(data);
    expect((await server.api.get<DemoReply>('/api/demo')).history.state).toBe('done');
    for (let kill = 0; kill < 2; kill++) {
      await sleep(500 + Math.random() * 2_000);
      await server.kill();
      server = await startDemo(data, [], FIRST_DAYS);
    }
    await expectExact(data);
    expect(await server.stop()).toBe(0);
  },
);

const DISTURBANCES = ['duplicate,reorder,garbage', 'skew', 'rollover,swap', 'reset,glitch,dip,spike,gap'];

test.runIf(isLong).each(DISTURBANCES)('while the city is disturbed by %s', { timeout: TIMEOUT_MS }, async (faults) => {
  const data = join(temporaryFolder(), 'data');
  const server = await startDemo(data, ['--faults', faults]);
  await expectExact(data);
  expect(await server.stop()).toBe(0);
});

test.runIf(isLong)(
  'when registers are swapped and roll over in a city that has run before',
  { timeout: TIMEOUT_MS },
  async () => {
    const data = join(temporaryFolder(), 'data');
    let server = await startDemo(data);
    await expectExact(data);
    await server.stop();
    server = await startDemo(data, ['--faults', 'rollover,swap']);
    await expectExact(data);
  },
);

test.runIf(isLong)('after gateways were offline', { timeout: TIMEOUT_MS }, async () => {
  const data = join(temporaryFolder(), 'data');
  const server = await startDemo(data, ['--faults', 'offline:15s']);
  const offline = async () => {
    const { gateways } = await server.api.get<GatewaysReply>('/api/gateways');
    return gateways.filter(({ state }) => state === 'offline').length;
  };
  await expect.poll(offline, { timeout: TIMEOUT_MS, interval: 200 }).toBeGreaterThan(10);
  // What they say meanwhile waits on their disks.
  await expectExact(data);
  await expect.poll(offline, { timeout: TIMEOUT_MS, interval: 200 }).toBe(0);
  await expectExact(data);
  expect(await server.stop()).toBe(0);
});

test.runIf(isLong)('after registers fell in a running city', { timeout: TIMEOUT_MS }, async () => {
  const data = join(temporaryFolder(), 'data');
  let server = await startDemo(data);
  await expectExact(data);
  await server.stop();
  server = await startDemo(data, ['--faults', 'rollover:40s,swap:40s']);
  const shown = async () => {
    const { values } = await server.api.get<LatestReply>('/api/latest', {
      device: 'main-meter',
      metric: 'active_energy_kwh',
    });
    const of = (gateway: string) => values.find((value) => value.gateway === gateway)?.value ?? Number.NaN;
    return [of('police-headquarters-gateway'), of('bolling-building-gateway')].every((kwh) => kwh < 100);
  };
  expect(await shown()).toBe(false);
  await expect.poll(shown, { timeout: TIMEOUT_MS, interval: 500 }).toBe(true);
  await expectExact(data);
  expect(await server.stop()).toBe(0);
});

test.runIf(isLong)(
  'says what is missing and different when somebody has been at the store',
  { timeout: TIMEOUT_MS },
  async () => {
    const data = join(temporaryFolder(), 'data');
    let server = await startDemo(data, [], UNTOUCHED_DAYS);
    await expectExact(data);
    await server.stop();

    const file = await DuckDBInstance.create(join(data, 'telemetry.duckdb'));
    const connection = await file.connect();
    await connection.run(`
      DELETE FROM reading_values WHERE (series, time) IN (
        SELECT series, min(time) FROM reading_values WHERE series = (
          SELECT id FROM series WHERE gateway = 'city-hall-gateway' AND device = 'main-meter' AND metric = 'voltage_v')
        GROUP BY series)`);
    await connection.run(`
      UPDATE reading_values SET value = value + 1 WHERE (series, time) IN (
        SELECT series, max(time) FROM reading_values WHERE series = (
          SELECT id FROM series WHERE gateway = 'kenmore-air-gateway' AND metric = 'o3_ppb')
        GROUP BY series)`);
    for (const table of ['rollup_1h', 'rollup_1d']) {
      await connection.run(`
        UPDATE ${table} SET consumption = consumption * 1.01 WHERE series = (
          SELECT id FROM series WHERE gateway = 'city-hall-gateway' AND metric = 'active_energy_kwh')`);
    }
    connection.closeSync();
    file.closeSync();

    server = await startDemo(data, [], UNTOUCHED_DAYS);
    const { code, stdout } = await verify(data);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /city-hall-gateway main-meter voltage_v, \d{4}-\d{2}-\d{2}: 1 missing\n {2}\S+Z is missing \(2\d\d/,
    );
    expect(stdout).toMatch(
      /kenmore-air-gateway station o3_ppb, \S+: 1 different\n {2}\S+Z is [\d.]+ instead of [\d.]+/,
    );
    expect(stdout).toMatch(
      /city-hall-gateway main-meter active_energy_kwh, (day|hour) from \S+Z: [\d.]+ kWh instead of [\d.]+ kWh\n/,
    );
    expect(stdout).toMatch(/^ROLL-UPS WRONG: \d+ of [\d,]+ days and [\d,]+ hours of counters/m);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^NOT EXACT: 1 missing, 1 different — of [\d,]+ values/);
    expect(await server.stop()).toBe(0);
  },
);

test.runIf(isLong)('says what was never produced', { timeout: TIMEOUT_MS }, async () => {
  const data = join(temporaryFolder(), 'data');
  const server = await startDemo(data);
  await expectExact(data);
  // Somebody else speaks in a gateway's name, with a token of its own.
  const { token } = await server.api.post<{ token: string }>('/api/gateways/engine-10-gateway/token', {});
  const id = 'engine-10-gateway';
  const impostor = await connected(server, { clientId: id, username: id, password: token });
  const time = Date.now() - 60_000;
  const readings = [{ device: 'main-meter', time: time - (time % 1_000), values: { voltage_v: 999 } }];
  await impostor.publishAsync(`city/v1/${id}/readings`, JSON.stringify({ v: 1, epoch: 'impostor', seq: 1, readings }));
  await sleep(1_000);
  const { code, stdout } = await lamplighter(['demo', 'verify', '--data', data, '--wait', '2']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /engine-10-gateway main-meter voltage_v, \S+: 1 unexpected\n {2}\S+Z was never produced \(999\)/,
  );
});

test('names what is asked for without a demo city', { timeout: TIMEOUT_MS }, async () => {
  const data = join(temporaryFolder(), 'data');
  const none = await verify(data);
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/holds no demo city. Start one with: lamplighter start --city demo --data/);
  const server = await startDemo(data);
  expect(await server.stop()).toBe(0);
  const stopped = await lamplighter(['demo', 'verify', '--data', data, '--wait', '0']);
  expect(stopped.stderr).toMatch(/no server runs on the data folder/);
  const other = await lamplighter(['start', '--data', data, '--seed', '2', '--port', '0', '--mqtt-port', '0']);
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(/holds the demo city of seed 1. Start it with --seed 1/);
});

describeWithServer('influxd')('with InfluxDB', () => {
  async function startOnInfluxd(historyDays: number) {
    const data = join(temporaryFolder(), 'data');
    const influxd = await startInfluxd();
    onTestFinished(() => influxd.remove());
    const server = await startDemo(data, ['--store', 'influxdb', '--influx-url', influxd.url], historyDays);
    await server.api.post('/api/store/init');
    return { data, influxd, server };
  }

  test.runIf(isLong)('after InfluxDB was down while the city told its history', { timeout: TIMEOUT_MS }, async () => {
    const { data, influxd, server } = await startOnInfluxd(SHORT_DAYS);
    await sleep(1_000);
    await influxd.kill();
    await sleep(4_000);
    await influxd.restart();
    await expectExact(data);
    expect(await server.stop()).toBe(0);
  });

  test.runIf(isLong)('after InfluxDB was down twice in two days of history', { timeout: TIMEOUT_MS }, async () => {
    const { data, influxd, server } = await startOnInfluxd(OUTAGE_DAYS);
    const told = async () => {
      const { history } = await server.api.get<DemoReply>('/api/demo');
      return history.done_readings / history.total_readings;
    };
    for (const [share, end] of [
      [0.2, () => influxd.stop()],
      [0.6, () => influxd.kill()],
    ] as const) {
      await expect.poll(told, { timeout: TIMEOUT_MS, interval: 200 }).toBeGreaterThan(share);
      await end();
      await sleep(8_000);
      await influxd.restart();
    }
    expect(await told()).toBeLessThan(1);
    await expectExact(data);
    expect(await server.stop(), server.log.slice(-2_000)).toBe(0);
  });
});
