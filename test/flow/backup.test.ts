/**
 * A backup of a server under load, restored into an empty folder after the server was killed: ledger, readings and
 * roll-ups agree, and everything goes on. By the commands, as a person gives them.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { KEPT_FILES } from '../../cli/backup/kept-files.ts';
import type { DemoReply } from '../../console/api/demo-reply.ts';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { isLong } from '../is-long.ts';
import { influxql, startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { programCommand, ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { connected, eventually } from './story.ts';

const TIMEOUT_MS = 240_000;
const DEMO = ['--city', 'demo', '--history-days', String(3 / 24)];
const PER_BATCH = 20;

async function start(data: string, args: readonly string[] = DEMO): Promise<ServerProcess> {
  const server = await ServerProcess.start({ data, args });
  onTestFinished(() => server.kill());
  return server;
}

async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await lamplighter(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function fail(...args: string[]): Promise<string> {
  const { code, stderr } = await lamplighter(args);
  expect(code).toBe(1);
  return stderr;
}

async function expectExact(data: string): Promise<void> {
  const { code, stdout, stderr } = await lamplighter(['demo', 'verify', '--data', data]);
  expect(stdout.trim().split('\n').at(-1), stderr).toMatch(/^EXACT: /);
  expect(stdout).not.toMatch(/NOT/);
  expect(code).toBe(0);
}

/** Ready to be backed up in the middle of its history. */
async function inItsHistory(server: ServerProcess): Promise<void> {
  await eventually(
    async () => (await server.api.get<DemoReply>('/api/demo')).history.done_readings,
    (done) => done > 500,
    60_000,
  );
}

/** A gateway that sends a batch as soon as eight before it are acknowledged, and so many have the same readings each. */
class Publisher {
  readonly #client: MqttClient;
  readonly #id: string;
  #sent = 0;
  /** The batches up to this one are acknowledged. */
  acknowledged = 0;
  isStopped = false;

  private constructor(client: MqttClient, id: string) {
    this.#client = client;
    this.#id = id;
  }

  static async start(server: ServerProcess, id: string): Promise<Publisher> {
    await server.api.post('/api/sites', { id, name: id, kind: 'building', zone: 'America/New_York' });
    const { token } = await server.api.post<{ token: string }>('/api/gateways', { id, site: id });
    const publisher = new Publisher(await connected(server, { clientId: id, username: id, password: token }), id);
    await publisher.#client.subscribeAsync(`city/v1/${id}/ack`);
    publisher.#client.on('message', (_topic, payload) => {
      const { epoch, stored } = JSON.parse(payload.toString('utf8')) as Acknowledgement;
      if (epoch !== 'one') return;
      for (const [, last] of stored ?? []) publisher.acknowledged = Math.max(publisher.acknowledged, last);
      publisher.#send();
    });
    publisher.#send();
    return publisher;
  }

  #send(): void {
    while (!this.isStopped && this.#client.connected && this.#sent < this.acknowledged + 8) {
      const seq = ++this.#sent;
      const first = Date.now() - 3_600_000 * 12 + seq * PER_BATCH;
      const readings = Array.from({ length: PER_BATCH }, (_, i) => ({
        device: 'meter',
        time: first + i + seq * 1_000,
        values: { active_power_kw: 1 },
      }));
      this.#client.publish(`city/v1/${this.#id}/readings`, JSON.stringify({ v: 1, epoch: 'one', seq, readings }));
    }
  }
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Nothing that the server keeps may be forgotten: what is not in the backup is named here, and made anew. */
function expectNothingForgotten(data: string, backup: string): void {
  const isMadeAnew = (path: string) =>
    path.endsWith('/lock.mdb') ||
    /^gateways\/[^/]+\/outbox\/reserve$/.test(path) ||
    KEPT_FILES.some(({ name, keeping }) => keeping === 'not taken' && name === path);
  const taken = new Set(filesBelow(backup));
  expect(filesBelow(data).filter((path) => !taken.has(path) && !isMadeAnew(path))).toEqual([]);
  expect([...taken].filter((path) => path !== 'backup.json' && !existsSync(join(data, path)))).toEqual([]);
}

test('a backup under load, restored after a kill: ledger, readings and roll-ups agree, and all goes on', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = temporaryFolder();
  const [data, backup, archive] = [join(folder, 'data'), join(folder, 'backups/one'), join(folder, 'backups/two.tar')];
  let server = await start(data);
  const publisher = await Publisher.start(server, 'visitor');
  await inItsHistory(server);

  const before = await eventually(
    async () => publisher.acknowledged,
    (batches) => batches > 20,
    20_000,
  );
  expect(await succeed('backup', backup, '--data', data)).toMatch(/^Backed up to .*It holds secrets/);
  const after = publisher.acknowledged;
  expect(before).toBeGreaterThan(0);
  expect(after, 'commits go on').toBeGreaterThan(before);
  expectNothingForgotten(data, backup);
  expect(await fail('backup', backup, '--data', data)).toMatch(/is not empty/);
  await sleep(500);
  publisher.isStopped = true;
  await server.kill();

  const restored = join(folder, 'restored');
  expect(await succeed('restore', backup, '--data', restored)).toMatch(/Restored .* as it was at/);
  expect(await fail('restore', backup, '--data', restored)).toMatch(/is not empty/);

  const store = new DuckDBStore({ options: { path: join(restored, 'telemetry.duckdb') }, log: silentLog });
  await store.open();
  const settled = (await store.ledger()).filter(({ gateway }) => gateway === 'visitor').map(({ range }) => range);
  const [total] = await store.totals({ gateway: 'visitor' });
  await store.close();
  // What was acknowledged before the backup is in it, batch for batch as the ledger says, and no more.
  expect(settled).toEqual([[1, settled[0]?.[1]]]);
  expect(settled[0]?.[1]).toBeGreaterThanOrEqual(before);
  expect(settled[0]?.[1]).toBeLessThanOrEqual(after + 8);
  expect(total?.count).toBe((settled[0]?.[1] ?? 0) * PER_BATCH);

  server = await start(restored);
  await expectExact(restored);
  // Through a pipe, as out of a container.
  const out = openSync(archive, 'w');
  const [program, ...words] = programCommand(['backup', '-', '--data', restored]);
  const piped = spawnSync(program, words, { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' });
  closeSync(out);
  expect(piped.status, piped.stderr).toBe(0);
  expect(await server.stop()).toBe(0);

  // A damaged one says which file, and leaves nothing.
  const other = join(folder, 'other');
  const input = openSync(archive, 'r');
  const [restorer, ...flags] = programCommand(['restore', '-', '--data', join(folder, 'piped')]);
  const taken = spawnSync(restorer, flags, { stdio: [input, 'pipe', 'pipe'], encoding: 'utf8' });
  closeSync(input);
  expect(taken.status, taken.stderr).toBe(0);
  expect(filesBelow(join(folder, 'piped'))).toContain('telemetry.duckdb');
  truncateSync(archive, Math.floor(readFileSync(archive).length / 2));
  expect(await fail('restore', archive, '--data', other)).toMatch(/cut short (in|after) \S+\. Nothing was restored/);
  const register = join(backup, 'register/data.mdb');
  const bytes = readFileSync(register);
  bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
  writeFileSync(register, bytes);
  expect(await fail('restore', backup, '--data', other)).toMatch(/register\/data\.mdb is altered/);
  expect(existsSync(other)).toBe(false);
});

test('a backup that finds no room, or whose server is killed, leaves nothing', { timeout: TIMEOUT_MS }, async () => {
  const folder = temporaryFolder();
  const [data, backups] = [join(folder, 'data'), join(folder, 'backups')];
  const server = await start(data, ['--city', 'demo', '--history-days', String(1 / 24)]);
  const [program, ...words] = programCommand(['backup', join(backups, 'one'), '--data', data], 1_024);
  const full = spawnSync(program, words, { encoding: 'utf8' });
  expect(full.status).toBe(1);
  expect(full.stderr).toMatch(/is full, or has no room for so large a file .*Nothing was kept of this backup/);
  expect(readdirSync(backups)).toEqual([]);

  const cut = lamplighter(['backup', join(backups, 'two'), '--data', data]);
  await eventually(
    async () => readdirSync(backups).length,
    (names) => names > 0,
    20_000,
  );
  await server.kill();
  const { code, stderr } = await cut;
  expect(code).toBe(1);
  expect(stderr).toMatch(/the server stopped while|takes no order/);
  expect(readdirSync(backups)).toEqual([]);
  expect(await fail('backup', join(backups, 'two'), '--data', data)).toMatch(/no server runs/);
});

describeWithServer('influxd')('with InfluxDB', () => {
  test.runIf(isLong)(
    'files of a backup beside readings that are younger: nothing is missing or counted twice',
    {
      timeout: TIMEOUT_MS,
    },
    async () => {
      const folder = temporaryFolder();
      const [data, backup, restored] = [join(folder, 'data'), join(folder, 'one.tar'), join(folder, 'restored')];
      const influxd = await startInfluxd();
      onTestFinished(() => influxd.remove());
      await influxql(influxd.url, 'CREATE DATABASE city');
      const args = [...DEMO, '--store', 'influxdb', '--influx-url', influxd.url];
      let server = await start(data, args);
      await server.api.post('/api/store/init');
      await inItsHistory(server);
      expect(await succeed('backup', backup, '--data', data)).toMatch(/InfluxDB: back that up now, after this/);
      // The server's own backup comes after ours, and has more.
      await sleep(2_000);
      await server.kill();

      expect(await succeed('restore', backup, '--data', restored)).toMatch(/Restore the backup of InfluxDB/);
      server = await start(restored, args);
      await expectExact(restored);
      expect(await server.stop()).toBe(0);
    },
  );
});
