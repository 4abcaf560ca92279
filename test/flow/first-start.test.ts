/**
 * Somebody starts the product for the first time, looks at it, starts it twice by mistake, stops it, cuts its power, and
 * finds everything as it was: no reading twice, none missing.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LatestReply, ValueReply } from '../../console/api/replies.ts';
import { cityOf, type Founding, readFounding } from '../../simulators/founding.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { expectBooksBalance, type StoredSeries, storedSeries } from './ledger.ts';
import { eventually } from './story.ts';

/** The simulated gateways tell two hours of their past when they first run. */
const HISTORY_DAYS = 2 / 24;

test('the demo city runs, stops, loses its power and goes on without a hole', { timeout: 180_000 }, async () => {
  const data = join(temporaryFolder(), 'data');
  let server = await start(data);

  const founding = readFounding(data);
  if (founding === undefined) throw new Error('the demo city was not founded');
  await valuesMove(server);
  await pageIsServed(server);
  await wholeSince(server, founding);

  const second = await lamplighter(['start', '--data', data, '--port', '0', '--mqtt-port', '0']);
  expect(second.code).toBe(1);
  expect(second.stdout).toBe('');
  expect(second.stderr).toBe(
    `lamplighter: a server at ${server.console} (process ${server.child.pid}) already runs on the data folder ${data}. ` +
      'Stop it first, or start this one with another --data.\n',
  );
  await valuesMove(server);

  const live = await followLive(server);
  expect(await server.stop()).toBe(0);
  expect(server.log).toMatch(/Stopping \(SIGINT\) …\nStopped\.\n$/);
  await live.ended;

  server = await start(data);
  await valuesMove(server);
  await wholeSince(server, founding);
  await server.kill();

  server = await start(data);
  await valuesMove(server);
  await wholeSince(server, founding);
  await expectBooksBalance(server.api);
  expect(await server.stop()).toBe(0);
  expect(server.log).toMatch(/Stopped\.\n$/);
  expect(server.log).not.toMatch(/unexpected|stopping failed/i);
});

/** Buildings and circuits, but for the one that fell silent before its history began. */
const METERS = 41;

async function start(data: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    data,
    args: ['--city', 'demo', '--seed', '1', '--history-days', String(HISTORY_DAYS)],
  });
  onTestFinished(() => server.kill());
  return server;
}

/** `/api/latest` shows newer values of several meters from one look to another, in the unit that people expect. */
async function valuesMove(server: ServerProcess): Promise<void> {
  const look = async (): Promise<ReadonlyMap<string, ValueReply>> => {
    const { values } = await server.api.get<LatestReply>('/api/latest', { metric: 'active_energy_kwh' });
    return new Map(values.map((row) => [row.gateway, row]));
  };
  const first = await eventually(look, (rows) => rows.size >= METERS);
  const next = await eventually(look, (rows) => moved(first, rows).length >= 3, 100_000);
  for (const { before, now } of moved(first, next)) expect(now.time_ms).toBeGreaterThan(before.time_ms);
  expect(next.get('city-hall-gateway')).toMatchObject({ site: 'city-hall', device: 'main-meter', unit: 'kWh' });
}

function moved(first: ReadonlyMap<string, ValueReply>, next: ReadonlyMap<string, ValueReply>) {
  return [...first].flatMap(([gateway, before]) => {
    const now = next.get(gateway);
    return now === undefined || now.value === before.value ? [] : [{ before, now }];
  });
}

async function pageIsServed(server: ServerProcess): Promise<void> {
  const page = await fetch(server.console);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const html = await page.text();
  expect(html).toContain('<title>Lamplighter</title>');
  const script = /<script[^>]+src="([^"]+)"/.exec(html)?.[1] ?? '';
  const code = await fetch(new URL(script, server.console));
  expect(code.status).toBe(200);
  expect(code.headers.get('content-type')).toMatch(/javascript/);
}

/** Every device of the city has every reading that it made from the founding to its newest stored one, and the right sums. */
async function wholeSince(server: ServerProcess, founding: Founding): Promise<void> {
  const truth = new GroundTruth(cityOf(founding));
  const upTo = Date.now() - 1_000;
  const devices = truth
    .devices()
    .filter(({ gateway, id }) => truth.expectedCount(gateway, id, founding.begins, upTo) > 0);
  const series = await eventually(
    () => storedSeries(server.api),
    (found) => {
      const byDevice = ofDevices(found);
      return devices.every((device) => {
        const own = byDevice.get(`${device.gateway}/${device.id}`) ?? [];
        return own.length > 0 && own.every((row) => isWhole(truth, row, founding.begins, upTo));
      });
    },
  );
  const byDevice = ofDevices(series);
  expect(byDevice.size).toBe(devices.length);
  for (const { gateway, id } of devices) {
    const own = byDevice.get(`${gateway}/${id}`) ?? [];
    // A device says all its values at each instant.
    const [{ first_ms, last_ms } = { first_ms: 0, last_ms: 0 }] = own;
    const sums = truth.expectedSums(gateway, id, first_ms, last_ms + 1);
    expect(own.map(({ metric }) => metric).toSorted()).toEqual([...sums.keys()].toSorted());
    for (const { metric, count, sum } of own) {
      expect(count, `${gateway} ${id} ${metric}`).toBe(sums.get(metric)?.count);
      expect(sum, `${gateway} ${id} ${metric}`).toBeCloseTo(sums.get(metric)?.sum ?? Number.NaN, 3);
    }
  }
}

function ofDevices(series: readonly StoredSeries[]): ReadonlyMap<string, readonly StoredSeries[]> {
  const byDevice = new Map<string, StoredSeries[]>();
  for (const row of series) {
    const key = `${row.gateway}/${row.device}`;
    byDevice.set(key, [...(byDevice.get(key) ?? []), row]);
  }
  return byDevice;
}

function isWhole(truth: GroundTruth, row: StoredSeries, from: number, upTo: number): boolean {
  const { gateway, device, count, first_ms, last_ms } = row;
  const isSpanned =
    truth.expectedCount(gateway, device, from, first_ms) === 0 &&
    truth.expectedCount(gateway, device, last_ms + 1, upTo) === 0;
  return isSpanned && count === truth.expectedCount(gateway, device, first_ms, last_ms + 1);
}

/** Reads `/api/live` until the server ends the stream. */
async function followLive(server: ServerProcess): Promise<{ ended: Promise<void> }> {
  const reply = await fetch(new URL('/api/live', server.console));
  const reader = reply.body?.getReader();
  if (reader === undefined) throw new Error('the live stream has no body');
  let heard = '';
  while (!heard.includes('event: status')) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the live stream ended after: ${heard}`);
    heard += Buffer.from(value).toString('utf8');
  }
  const ended = (async () => {
    while (!(await reader.read().catch(() => ({ done: true }))).done);
  })();
  return { ended };
}
