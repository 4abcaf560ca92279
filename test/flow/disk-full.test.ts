/**
 * A disk is full: the server's, then a gateway's. Each says so in words, keeps what it has, counts only what is durable,
 * and goes on where it stood once there is room. A limit on file sizes plays the full disk.
 */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isLong } from '../is-long.ts';
import { freePorts } from '../real-servers/server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, expectExactly, openHeld, storedSeries } from './ledger.ts';
import { aServer, counted, countsOf, EdgeProcess, enrol, eventually, freshHealth, healthOf } from './story.ts';

const quick = (yaml: string): string =>
  yaml.replace(/^outbox: .*$/m, '$&\nuplink: { backlog_readings_per_s: 1000000 }');

test('the disk of the store: it says so, the readings stay on the gateways', { timeout: 180_000 }, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  // Some 56 bytes a reading: half of them fit.
  const limited = await aServer({ data, fileLimitKiB: 1_536 });
  const { mqttPort } = limited;
  const feeds = new Map();
  const files: string[] = [];
  for (const [i, id] of ['library', 'school'].entries()) {
    const { feed, entry } = counted({ seed: i, count: 25_000, t0: Date.now() - 86_400_000, stepMs: 100, devices: 5 });
    feeds.set(id, feed.expectedSums());
    files.push((await enrol(limited.api, folder, id, entry, quick)).file);
  }
  const edge = new EdgeProcess(files, join(folder, 'edge.log'));

  const sick = await eventually(
    () => healthOf(limited),
    ({ parts }) => parts?.store.ok === false,
    60_000,
  );
  expect(sick.status).toBe('degraded');
  expect(sick.parts?.store.words).toMatch(
    /^The disk that holds .*telemetry\.duckdb is full \(.*\)\. Free some space: /,
  );
  expect(sick.parts?.store.words).toContain('until then readings wait on the gateways');
  const stored = async (api = limited.api): Promise<number> =>
    (await countsOf(api, 'library')).stored + (await countsOf(api, 'school')).stored;
  expect(await stored()).toBeLessThan(50_000);
  await expectBooksBalance(limited.api);
  // What was acknowledged can be read while nothing can be written.
  const settled = await stored();
  expect((await storedSeries(limited.api)).reduce((sum, { count }) => sum + count, 0)).toBe(2 * settled);
  expect(await limited.stop()).toBe(0);

  const server = await aServer({ data, mqttPort });
  await eventually(
    () => stored(server.api),
    (count) => count >= 50_000 - settled,
    60_000,
  );
  await eventually(
    async () => (await storedSeries(server.api)).reduce((sum, { count }) => sum + count, 0),
    (count) => count === 100_000,
  );
  expectExactly(await storedSeries(server.api), feeds);
  expect(await healthOf(server)).toMatchObject({ status: 'ok' });
  await expectBooksBalance(server.api);
  expect(await edge.stop()).toBe(0);
  for (const id of feeds.keys()) {
    const { account } = await openHeld(join(folder, id), id);
    expect(account).toEqual({ produced: 25_000, stored: 25_000, rejected: {}, dropped: 0, buffered: 0 });
  }
});

test.runIf(isLong)(
  'the disk of a gateway: its source says so, and nothing counts that is not on it',
  {
    timeout: 180_000,
  },
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    // A city that takes nothing, so that the outbox grows: its store cannot be reached.
    const [nobody = 0] = await freePorts(1);
    const args = ['--store', 'influxdb', '--influx-url', `http://127.0.0.1:${nobody}`];
    const deaf = await aServer({ data, args });
    const count = 40_000;
    const { feed, entry } = counted({ seed: 1, count, t0: Date.now() - 86_400_000, stepMs: 100, devices: 5 });
    const gateway = await enrol(deaf.api, folder, 'library', entry, quick);
    const edge = new EdgeProcess([gateway.file], join(folder, 'edge.log'), { fileLimitKiB: 3_072 });

    await eventually(
      () => edge.log,
      (log) => log.includes('the disk refuses readings'),
      60_000,
    );
    const health = await freshHealth(deaf, gateway, ({ sources }) => sources[0]?.state === 'failing');
    expect(health.sources[0]?.detail).toMatch(
      /^the disk refuses readings: The outbox at .* cannot be written: the disk (is full|refused a write: it is full or failing)\. /,
    );
    expect(health.outbox.produced).toBeGreaterThan(0);
    expect(health.outbox).toMatchObject({ buffered: health.outbox.produced, stored: 0, dropped: 0 });
    await expectBooksBalance(deaf.api);
    await edge.kill();
    const { mqttPort } = deaf;
    expect(await deaf.stop()).toBe(0);

    const held = await openHeld(join(folder, 'library'), 'library', ['counted']);
    expect(held.account).toEqual({
      produced: held.readings.length,
      stored: 0,
      rejected: {},
      dropped: 0,
      buffered: held.readings.length,
    });
    expect(held.account.produced).toBeGreaterThanOrEqual(health.outbox.produced);
    expect(held.account.produced).toBeLessThan(count);
    expect(held.cursors.get('counted')).toBe(held.readings.length);
    for (const [i, reading] of held.readings.entries()) expect(reading).toEqual(feed.reading(i));

    const server = await aServer({ data, mqttPort });
    edge.restart();
    await eventually(
      () => countsOf(server.api, 'library'),
      ({ stored }) => stored === count,
      60_000,
    );
    expectExactly(await storedSeries(server.api), new Map([['library', feed.expectedSums()]]));
    await expectBooksBalance(server.api);
    expect(await edge.stop()).toBe(0);
    const { account } = await openHeld(join(folder, 'library'), 'library');
    expect(account).toEqual({ produced: count, stored: count, rejected: {}, dropped: 0, buffered: 0 });
  },
);
