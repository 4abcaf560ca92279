/**
 * The stack of docker-compose.yml without Docker: the same roles as processes of their own, each with the environment
 * that the file gives its container, on a real influxd. The city flows; the console goes away and comes back meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runningServer } from '../../cli/data-folder.ts';
import { connectToServer, ServerClient } from '../../cli/server-client.ts';
import type { GatewaysReply, HealthReply, LatestReply } from '../../console/api/replies.ts';
import { cityOf, readFounding } from '../../simulators/founding.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { type ComposeFile, readComposeFile, readEnvFile } from '../compose-file.ts';
import { isLong } from '../is-long.ts';
import { influxql, startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { freePorts } from '../real-servers/server-process.ts';
import { PROGRAM } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { storedSeries } from './ledger.ts';
import { aServer, eventually } from './story.ts';

/** The services that are roles, in an order in which each starts after those that it depends on. */
const ROLES = ['console', 'broker', 'ingest', 'analysis', 'demo'] as const;
type RoleName = (typeof ROLES)[number];

/** The containers' network on loopback: every service has ports of its own here. */
class Stack {
  readonly #folder: string;
  readonly #compose: ComposeFile;
  readonly #influxUrl: string;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #children = new Map<string, ChildProcess>();

  constructor(folder: string, compose: ComposeFile, influxUrl: string, ports: ReadonlyMap<string, number>) {
    this.#folder = folder;
    this.#compose = compose;
    this.#influxUrl = influxUrl;
    this.#ports = ports;
  }

  data(role: RoleName): string {
    return join(this.#folder, role);
  }

  log(role: RoleName): string {
    return readFileSync(join(this.#folder, `${role}.log`), 'utf8');
  }

  /** What the file gives the container, with the names of services and its ports put on loopback. */
  environment(service: string): Record<string, string> {
    const given = this.#compose.services[service]?.environment ?? {};
    const own: Record<string, string> = {};
    for (const [name, value] of Object.entries(given)) {
      const port = (of: string) => String(this.#ports.get(of));
      own[name] = String(value)
        .replace('http://influxdb:8086', this.#influxUrl)
        .replace(/^0\.0\.0\.0$/, '127.0.0.1')
        .replace(/http:\/\/([a-z]+):8090/, (_, role: string) => `http://127.0.0.1:${port(role)}`)
        .replace('mqtt://broker:1883', `mqtt://127.0.0.1:${port('mqtt')}`)
        .replace('mqtt://127.0.0.1:1883', `mqtt://127.0.0.1:${port('mqtt')}`);
      if (value === '/data') own[name] = this.data(service as RoleName);
      if (name === 'LAMPLIGHTER_INTERNAL_PORT') own[name] = port(service);
      if (name === 'LAMPLIGHTER_PORT') own[name] = port('http');
      if (name === 'LAMPLIGHTER_MQTT_PORT') own[name] = port('mqtt');
    }
    return own;
  }

  /** Starts a role and waits until its health check would be good. */
  async start(role: RoleName, extra: Readonly<Record<string, string>> = {}): Promise<void> {
    this.begin(role, extra);
    await this.ready(role);
  }

  begin(role: RoleName, extra: Readonly<Record<string, string>> = {}): void {
    const log = openSync(join(this.#folder, `${role}.log`), 'a');
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('LAMPLIGHTER')),
    );
    const child = spawn(process.execPath, [PROGRAM, ...(this.#compose.services[role]?.command ?? [])], {
      stdio: ['ignore', log, log],
      env: { ...inherited, ...this.environment(role), ...extra },
    });
    closeSync(log);
    this.#children.set(role, child);
  }

  async ready(role: RoleName): Promise<void> {
    const child = this.#children.get(role);
    await eventually(
      () => {
        if (child?.exitCode !== null) throw new Error(`${role} ended:\n${this.log(role)}`);
        return runningServer(this.data(role)).catch(() => undefined);
      },
      (running) => running?.pid === child?.pid && running?.roles !== undefined,
      60_000,
    );
  }

  async end(role: RoleName, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#children.get(role);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  }

  async endAll(): Promise<void> {
    for (const role of this.#children.keys()) await this.end(role as RoleName, 'SIGKILL');
  }
}

async function aStack(influxUrl: string): Promise<Stack> {
  const folder = temporaryFolder();
  copyFileSync(join(import.meta.dirname, '../../docker-compose.yml'), join(folder, 'docker-compose.yml'));
  const made = await lamplighter(['compose', 'init', '--folder', folder]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
  const compose = readComposeFile(readEnvFile(join(folder, '.env')));
  const names = [...ROLES, 'http', 'mqtt'];
  const free = await freePorts(names.length);
  const stack = new Stack(folder, compose, influxUrl, new Map(names.map((name, i) => [name, free[i] ?? 0])));
  onTestFinished(() => stack.endAll());
  return stack;
}

async function storedReadings(url: string): Promise<number> {
  const { series = [] } = await influxql(url, 'SELECT count(*) FROM /.*/', { database: 'city' });
  return series
    .flatMap(({ values }) => values[0]?.slice(1) ?? [])
    .reduce<number>((sum, count) => sum + Number(count ?? 0), 0);
}

/** Every device has every reading that it made between its first and its newest stored one, which is young. */
async function wholeSince(api: ServerClient, demo: string): Promise<void> {
  const founding = readFounding(demo);
  if (founding === undefined) throw new Error('the demo city was not founded');
  const truth = new GroundTruth(cityOf(founding));
  const upTo = Date.now() - 5_000;
  const devices = truth
    .devices()
    .filter(({ gateway, id }) => truth.expectedCount(gateway, id, founding.begins, upTo) > 0);
  await eventually(
    async () => {
      const rows = new Map((await storedSeries(api)).map((row) => [`${row.gateway}/${row.device}`, row]));
      return devices.filter(({ gateway, id }) => {
        const row = rows.get(`${gateway}/${id}`);
        return (
          row === undefined ||
          truth.expectedCount(gateway, id, founding.begins, row.first_ms) > 0 ||
          truth.expectedCount(gateway, id, row.last_ms + 1, upTo) > 0 ||
          row.count !== truth.expectedCount(gateway, id, row.first_ms, row.last_ms + 1)
        );
      });
    },
    (wrong) => wrong.length === 0,
    60_000,
  );
}

describeWithServer('influxd')('the stack of docker-compose.yml as processes', () => {
  test.runIf(isLong)(
    'flows, also while the console is away, and ingest starts without it',
    { timeout: 300_000 },
    async () => {
      const influxd = await startInfluxd();
      onTestFinished(() => influxd.remove());
      const stack = await aStack(influxd.url);

      const init = await lamplighter(['store', 'init'], stack.environment('store-init'));
      expect(init).toMatchObject({ code: 0, stderr: '' });

      const brief = { LAMPLIGHTER_HISTORY_DAYS: '0.02' };
      for (const role of ROLES) await stack.start(role, role === 'demo' ? brief : {});
      const healthy = await lamplighter(['health', '--data', stack.data('ingest')]);
      expect(healthy).toMatchObject({ code: 0, stderr: '' });
      expect(healthy.stdout).toMatch(/^process \d+ runs ingest\n$/);

      // Readings come from the simulated gateways through broker and ingest into the store, and out at the console.
      let api = await connectToServer(stack.data('console'));
      await eventually(
        () => api.get<LatestReply>('/api/latest', { metric: 'active_energy_kwh' }),
        ({ values }) => values.length > 20,
        60_000,
      );
      const all = await eventually(
        () => api.get<GatewaysReply>('/api/gateways'),
        ({ summary }) => (summary.by_state.online ?? 0) > 30,
        60_000,
      );
      expect(all.gateways.find(({ id }) => id === 'city-hall-gateway')).toMatchObject({
        site: 'city-hall',
        state: 'online',
      });
      const health = await eventually(
        () => api.get<HealthReply>('/api/health'),
        ({ status }) => status === 'ok',
      );
      expect(health.parts?.broker?.words).toMatch(/^\d\d connections$/);
      // Told by the analysis, in its own process.
      expect(health.parts?.roll_ups?.words).toMatch(/^(nothing waits|\d+ quarter hours? of )/);

      // A batch handed in at the console is stored by ingest; what it refuses is seen, and dropped, from the console.
      await api.post('/api/sites', { id: 'annex', name: 'Annex', kind: 'building', zone: 'UTC' });
      await api.post('/api/gateways', { site: 'annex', id: 'annex-gateway' });
      const time = Date.now() - 60_000;
      const batch = {
        v: 1,
        epoch: 'import1',
        seq: 1,
        readings: [
          { device: 'new-meter', time, values: { active_power_kw: 4.5 } },
          { device: 'new-meter', time, values: { nonsense: 1 } },
        ],
      };
      const imported = await eventually(
        () =>
          api.postFile<{ outcome: string }>(
            '/api/import/readings',
            { gateway: 'annex-gateway' },
            'application/vnd.lamplighter.batch+json',
            JSON.stringify(batch),
          ),
        ({ outcome }) => outcome !== 'later',
      );
      expect(imported).toMatchObject({ outcome: 'settled', rejected: [{ index: 1, reason: 'unknown-metric' }] });
      const { letters } = await api.get<{ letters: { id: string }[] }>('/api/dead-letters', {
        gateway: 'annex-gateway',
      });
      expect(letters).toHaveLength(1);
      expect(await api.get(`/api/dead-letters/${letters[0]?.id}`)).toMatchObject({ reason: 'unknown-metric' });
      expect(await api.post('/api/dead-letters/drop', { gateway: 'annex-gateway' })).toEqual({ dropped: 1 });
      const latest = await api.get<LatestReply>('/api/latest', { gateway: 'annex-gateway' });
      expect(latest.values).toMatchObject([{ device: 'new-meter', value: 4.5, site: 'annex' }]);
      // The device that nobody had listed is listed now, by the console, which owns the register.
      await eventually(
        () => api.text('/api/export/manifest'),
        (manifest) => manifest.includes('new-meter'),
      );

      // The live stream shows what ingest commits.
      const live = new AbortController();
      const stream = await fetch(new URL('/api/live', (await runningServer(stack.data('console')))?.console), {
        signal: live.signal,
      });
      let heard = '';
      for await (const bytes of stream.body ?? []) {
        heard += Buffer.from(bytes).toString('utf8');
        if (heard.includes('event: values')) break;
      }
      live.abort();
      expect(heard).toContain('event: status');

      // The console goes away: broker, ingest and gateways go on.
      expect(await stack.end('console', 'SIGTERM')).toBe(0);
      const before = await storedReadings(influxd.url);
      await eventually(
        () => storedReadings(influxd.url),
        (count) => count > before,
        60_000,
      );

      // Broker and ingest lose their power and start again without the console, each from its copy of the register.
      for (const role of ['broker', 'ingest'] as const) {
        const copy = join(stack.data(role), 'register-snapshot.json');
        expect(existsSync(copy)).toBe(true);
        expect(statSync(copy).mode & 0o777).toBe(0o600);
        expect(readFileSync(copy, 'utf8')).toContain('annex-gateway');
        await stack.end(role, 'SIGKILL');
        await stack.start(role);
        expect(stack.log(role)).toContain('going on with version');
      }
      const restarted = await storedReadings(influxd.url);
      await eventually(
        () => storedReadings(influxd.url),
        (count) => count > restarted,
        90_000,
      );

      // It comes back, and shows what was stored meanwhile.
      await stack.start('console');
      api = await connectToServer(stack.data('console'));
      const { values } = await eventually(
        () => api.get<LatestReply>('/api/latest', { gateway: 'city-hall-gateway', metric: 'active_energy_kwh' }),
        (found) => found.values.length > 0,
      );
      expect(values[0]?.age_s).toBeLessThan(120);
      // Through all of it no reading was lost and none came twice.
      await wholeSince(api, stack.data('demo'));

      // What is over is rolled up, by the analysis, which asks ingest for the marks.
      await eventually(
        async () =>
          (await influxql(influxd.url, 'SELECT count(consumption) FROM energy', { database: 'city_15m' })).series ?? [],
        (series) => Number(series[0]?.values[0]?.[1] ?? 0) > 30,
        90_000,
      );

      // A token that is made now is known to the broker within a moment, without anybody restarting it.
      const { token } = await api.post<{ token: string }>('/api/gateways', { site: 'annex', id: 'annex-two' });
      expect(token).toHaveLength(43);
      const link = { clientId: 'annex-two', username: 'annex-two', password: token, reconnectPeriod: 0 };
      const client = await eventually(
        () => mqtt.connectAsync(stack.environment('demo').LAMPLIGHTER_BROKER_URL ?? '', link, false),
        ({ connected }) => connected,
      );
      onTestFinished(() => client.endAsync(true).then(() => {}));
      // And one that is taken away is worth nothing at once.
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      await api.post('/api/gateways/annex-two/retire');
      await closed;

      for (const role of ['demo', 'analysis', 'console', 'ingest', 'broker'] as const) {
        expect({ role, code: await stack.end(role, 'SIGTERM') }).toEqual({ role, code: 0 });
        expect(stack.log(role)).not.toMatch(/unexpected|stopping failed/i);
      }
    },
  );
});

describe('on DuckDB', () => {
  test.runIf(isLong)('the broker runs apart; nothing else does', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const apart = await lamplighter(['start', '--roles', 'ingest', '--data', join(folder, 'no')]);
    expect(apart).toMatchObject({ code: 1, stdout: '' });
    expect(apart.stderr).toContain('--roles: ingest cannot run without analysis,console on DuckDB');
    const lonely = await lamplighter(['start', '--roles', 'broker', '--data', join(folder, 'no')]);
    expect(lonely.stderr).toContain('--console-url: is needed');
    expect(lonely.stderr).toContain('--service-token-file: is needed');

    const [consoleDoor = 0, brokerDoor = 0, mqtt = 0] = await freePorts(3);
    const env = { LAMPLIGHTER_SERVICE_TOKEN: 'a-token-of-the-services-of-this-test' };
    const rest = aServer({
      data: join(folder, 'rest'),
      env,
      args: [
        ...['--roles', 'ingest,analysis,console', '--internal-port', String(consoleDoor)],
        ...['--broker-url', `mqtt://127.0.0.1:${mqtt}`, '--broker-status-url', `http://127.0.0.1:${brokerDoor}`],
      ],
    });
    const broker = spawn(
      process.execPath,
      [
        ...[PROGRAM, 'start', '--roles', 'broker', '--data', join(folder, 'broker'), '--mqtt-port', String(mqtt)],
        ...['--internal-port', String(brokerDoor), '--console-url', `http://127.0.0.1:${consoleDoor}`],
      ],
      { stdio: 'ignore', env: { ...process.env, ...env } },
    );
    onTestFinished(() => {
      broker.kill('SIGKILL');
    });
    const server = await rest;
    // Ingest is the broker's one client.
    await eventually(
      () => server.api.get<HealthReply>('/api/health'),
      ({ status, parts }) => status === 'ok' && parts?.broker?.words === '1 connections',
    );
    const commands = connectToServer(join(folder, 'broker'));
    await expect(commands).rejects.toThrow(/runs broker\. Commands ask the console/);
    expect(server.api).toBeInstanceOf(ServerClient);
    // Nobody gets in without the token, and people's token is none.
    for (const authorization of [
      '',
      'Bearer wrong',
      `Bearer ${readFileSync(join(folder, 'rest/operator-token'), 'utf8').trim()}`,
    ]) {
      const answer = await fetch(`http://127.0.0.1:${consoleDoor}/internal/register`, { headers: { authorization } });
      expect(answer.status).toBe(401);
    }
    expect(await server.stop()).toBe(0);
  });
});
