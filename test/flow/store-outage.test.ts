/**
 * InfluxDB is away, refuses the password, or has no database. Ingest stays small and says why, the readings wait on the
 * gateways, and when somebody has mended it everything arrives once.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { RollUpStatusReply } from '../../console/api/replies-roll-ups.ts';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { isLong } from '../is-long.ts';
import { startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import type { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { type Expected, expectBooksBalance, expectExactly, openHeld, storedSeries } from './ledger.ts';
import { aServer, connected, counted, EdgeProcess, enrol, eventually, healthOf, sum } from './story.ts';

const OUTAGE_MS = isLong ? 120_000 : 10_000;

describeWithServer('influxd')('with InfluxDB', () => {
  test('an outage under load: ingest stays small, the gateways hold, everything arrives once', {
    timeout: 600_000,
  }, async () => {
    const folder = temporaryFolder();
    const influxd = await startInfluxd();
    onTestFinished(() => influxd.remove());
    const args = ['--store', 'influxdb', '--influx-url', influxd.url, '--queue-mb', '1'];
    const server = await aServer({ data: join(folder, 'data'), args });
    await server.api.post('/api/store/init');
    const fleet = await aFleet(server, folder, {
      gateways: 6,
      count: isLong ? 130_000 : 14_000,
      perSecond: 1_000,
    });
    const acks = await watchAcks(server);
    // Each answer widens a gateway's window by one batch: now they can fill the queue.
    await eventually(
      () => ingestOf(server),
      ({ counts }) => counts.stored > fleet.gateways * 4_000,
      60_000,
    );
    expect((await healthOf(server)).status).toBe('ok');

    await influxd.stop();
    const sick = await eventually(
      () => healthOf(server),
      ({ parts }) => parts?.store.ok === false && parts.ingest.ok === false,
    );
    expect(sick.status).toBe('degraded');
    expect(sick.parts?.store.words).toContain(`InfluxDB at ${influxd.url} cannot be reached`);
    expect(sick.parts?.ingest.words).toMatch(/^asks the gateways to hold; \d+ readings queued, \d+ of 1048576 bytes$/);
    await eventually(
      () => acks,
      (heard) => heard.some(({ accepting }) => !accepting),
    );
    const atFirst = await ingestOf(server);
    const peakAtFirst = server.peakMiB();
    const until = Date.now() + OUTAGE_MS;
    while (Date.now() < until) {
      const { queue, counts, accepting } = await ingestOf(server);
      expect(accepting).toBe(false);
      expect(queue.bytes).toBeLessThanOrEqual(queue.capacity_bytes);
      expect(counts.stored).toBe(atFirst.counts.stored);
      await sleep(250);
    }
    expect(server.peakMiB() - peakAtFirst).toBeLessThan(40);
    await expectBooksBalance(server.api);

    await influxd.restart();
    await arrives(server, fleet);
    await eventually(
      () => healthOf(server),
      ({ status }) => status === 'ok',
    );
    await closes(server, fleet);
  });

  test.runIf(isLong)(
    'a wrong password: it is said, nothing is lost, and the right one lets everything in',
    {
      timeout: 180_000,
    },
    async () => {
      const folder = temporaryFolder();
      const data = join(folder, 'data');
      const influxd = await startInfluxd({ auth: { username: 'lamplighter', password: 'right one' } });
      onTestFinished(() => influxd.remove());
      const passwordFile = join(folder, 'password');
      writeFileSync(passwordFile, 'swordfish\n', { mode: 0o600 });
      const args = ['--store', 'influxdb', '--influx-url', influxd.url, '--influx-username', 'lamplighter'];
      args.push('--influx-password-file', passwordFile);
      const locked = await aServer({ data, args });
      const { mqttPort } = locked;
      const fleet = await aFleet(locked, folder, { gateways: 2, count: 2_000, perSecond: 1_000 });
      const sick = await eventually(
        () => healthOf(locked),
        ({ parts }) => parts?.store.ok === false,
      );
      const words = `InfluxDB at ${influxd.url} does not accept the credentials`;
      expect(sick.parts?.store.words).toContain(words);
      expect(locked.log).toContain(`the store cannot be used yet: ${words}`);
      expect(locked.log).toContain(`cannot store readings: ${words}`);
      const { counts } = await ingestOf(locked);
      expect(counts.stored).toBe(0);
      await expectBooksBalance(locked.api);
      expect(await locked.stop()).toBe(0);

      writeFileSync(passwordFile, 'right one\n');
      const server = await aServer({ data, mqttPort, args });
      expect(await server.api.post('/api/store/init')).toMatchObject({ ok: true });
      await arrives(server, fleet);
      await closes(server, fleet);
      for (const secret of ['swordfish', 'right one']) expect(server.log).not.toContain(secret);
    },
  );

  test('a missing database: it is said what to type, and typing it lets everything in', {
    timeout: 180_000,
  }, async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const influxd = await startInfluxd();
    onTestFinished(() => influxd.remove());
    const server = await aServer({ data, args: ['--store', 'influxdb', '--influx-url', influxd.url] });
    const fleet = await aFleet(server, folder, { gateways: 2, count: 2_000, perSecond: 1_000 });
    const sick = await eventually(
      () => healthOf(server),
      ({ parts }) => parts?.store.ok === false,
    );
    expect(sick.parts?.store.words).toContain(
      'has no database or bucket "city": create it with: lamplighter store init',
    );
    const checked = await lamplighter(['store', 'check', '--data', data]);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('create it with: lamplighter store init');

    const made = await lamplighter(['store', 'init', '--data', data]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^influxdb 1\..*"city" can be written and read/);
    await arrives(server, fleet);
    await closes(server, fleet);
  });
});

interface TestFleet {
  readonly gateways: number;
  readonly count: number;
  readonly folder: string;
  readonly edge: EdgeProcess;
  readonly expected: ReadonlyMap<string, Expected>;
}

async function aFleet(
  server: ServerProcess,
  folder: string,
  { gateways, count, perSecond }: { gateways: number; count: number; perSecond: number },
): Promise<TestFleet> {
  const expected = new Map<string, Expected>();
  const files: string[] = [];
  for (let i = 0; i < gateways; i++) {
    const t0 = Date.now() - 86_400_000;
    const { feed, entry } = counted({ seed: i, count, t0, stepMs: 100, devices: 5, perSecond });
    const { id, file } = await enrol(server.api, folder, `gateway-${i}`, entry);
    expected.set(id, feed.expectedSums());
    files.push(file);
  }
  return { gateways, count, folder, expected, edge: new EdgeProcess(files, join(folder, 'edge.log')) };
}

interface IngestAnswer {
  readonly accepting: boolean;
  readonly queue: { readonly bytes: number; readonly capacity_bytes: number };
  readonly counts: { readonly stored: number };
}

function ingestOf({ api }: ServerProcess): Promise<IngestAnswer> {
  return api.get<IngestAnswer>('/api/ingest');
}

/** What ingest answers to anybody, as an observer sees it. */
async function watchAcks(server: ServerProcess): Promise<Acknowledgement[]> {
  const { id, token } = await server.api.post<{ id: string; token: string }>('/api/observers', { name: 'anna' });
  const client = await connected(server, { clientId: id, username: id, password: token });
  const acks: Acknowledgement[] = [];
  client.on('message', (_, payload) => acks.push(JSON.parse(String(payload)) as Acknowledgement));
  await client.subscribeAsync('city/v1/+/ack');
  return acks;
}

async function arrives(server: ServerProcess, { gateways, count, expected }: TestFleet): Promise<void> {
  await eventually(
    async () => (await ingestOf(server)).counts.stored,
    (stored) => stored >= gateways * count,
    180_000,
  );
  expectExactly(await storedSeries(server.api), expected);
}

/** Nothing is left anywhere, and both identities hold. */
async function closes(server: ServerProcess, { edge, folder, expected, count }: TestFleet): Promise<void> {
  await expectBooksBalance(server.api);
  expect(await edge.stop()).toBe(0);
  for (const id of expected.keys()) {
    const { account } = await openHeld(join(folder, id), id);
    expect({ ...account, rejected: sum(account.rejected) }).toEqual({
      produced: count,
      stored: count,
      rejected: 0,
      dropped: 0,
      buffered: 0,
    });
  }
  // What arrived at once is rolled up first: a server that is told to stop has five seconds, however busy the machine is.
  await eventually(
    () => server.api.get<RollUpStatusReply>('/api/roll-ups/status'),
    ({ state }) => state === 'caught-up',
    180_000,
  );
  expect(await server.stop()).toBe(0);
}
