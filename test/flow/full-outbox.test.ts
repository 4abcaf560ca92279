/**
 * The city is out of reach for longer than a small outbox lasts: what gives way is chosen by policy, counted on disk,
 * and told to the city once it is back. The store then holds exactly what did not give way.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { GatewaysReply } from '../../console/api/replies.ts';
import type { Reading } from '../../contract/reading.ts';
import type { CountedFeed } from '../../simulators/counted-feed.ts';
import { isLong } from '../is-long.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, expectExactly, type Held, openHeld, storedSeries, sumsOf } from './ledger.ts';
import {
  aServer,
  counted,
  countsOf,
  EdgeProcess,
  type EnrolledGateway,
  enrol,
  eventually,
  freshHealth,
} from './story.ts';

/** About 105 bytes each: a third more than the smallest outbox takes. */
const SOURCES = 4;
const READINGS_EACH = 27_500;
const PRODUCED = SOURCES * READINGS_EACH;
const CAPACITY_BYTES = 8 * 1024 * 1024;

test.runIf(isLong)(
  'a full outbox drops by its policy, counts it, and delivers the rest',
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    let server = await aServer({ data });
    const { mqttPort } = server;
    const names = Array.from({ length: SOURCES }, (_, i) => `part-${i}`);
    const t0 = Date.now() - 86_400_000;
    // Interleaved in time, so that each instant belongs to one source.
    const parts = names.map((name, i) =>
      counted({ name, seed: i, count: READINGS_EACH, t0: t0 + i, stepMs: SOURCES, devices: 5 }),
    );
    const entries = parts.map(({ entry }) => entry).join('\n');
    const gateways: EnrolledGateway[] = [];
    for (const policy of ['oldest', 'newest']) {
      const settings = [
        `outbox: { capacity_mib: 8, drop_policy: ${policy} }`,
        'uplink: { backlog_readings_per_s: 1000000 }',
      ].join('\n');
      gateways.push(
        await enrol(server.api, folder, policy, entries, (yaml) => yaml.replace(/^outbox: .*$/m, settings)),
      );
    }
    await server.stop();

    const edge = new EdgeProcess(
      gateways.map(({ file }) => file),
      join(folder, 'edge.log'),
    );
    const [oldest, newest] = await whenAllIsProduced(edge, folder, names);
    const feeds = parts.map(({ feed }) => feed);
    for (const { account, readings } of [oldest, newest]) {
      expect(account).toMatchObject({ produced: PRODUCED, stored: 0, rejected: {} });
      expect(account.dropped).toBeGreaterThan(PRODUCED / 8);
      expect(account.buffered).toBe(readings.length);
      expect(account.dropped + readings.length).toBe(PRODUCED);
      const bytes = readings.reduce((sum, reading) => sum + JSON.stringify(reading).length, 0);
      expect(bytes).toBeGreaterThan(CAPACITY_BYTES * 0.9);
      expect(bytes).toBeLessThan(CAPACITY_BYTES);
    }
    for (const [i, feed] of feeds.entries()) {
      const ofSource = ({ time }: Reading): boolean => (time - t0) % SOURCES === i;
      expectNewest(oldest.readings.filter(ofSource), feed);
      expectOldest(newest.readings.filter(ofSource), feed);
    }

    server = await aServer({ data, mqttPort });
    edge.restart();
    const toldOf = async (id: string, { account }: Held): Promise<void> => {
      await eventually(
        () => countsOf(server.api, id),
        ({ stored }) => stored === account.buffered,
        60_000,
      );
      const gateway = gateways.find((one) => one.id === id);
      if (gateway === undefined) throw new Error(`${id} was not enrolled`);
      const { outbox } = await freshHealth(server, gateway, (health) => health.outbox.buffered === 0);
      expect(outbox).toMatchObject({
        produced: PRODUCED,
        stored: account.buffered,
        dropped: account.dropped,
        rejected: {},
        capacity_bytes: CAPACITY_BYTES,
      });
    };
    await Promise.all([toldOf('oldest', oldest), toldOf('newest', newest)]);
    const { summary } = await server.api.get<GatewaysReply>('/api/gateways');
    expect(summary.dropped).toBe(oldest.account.dropped + newest.account.dropped);
    expectExactly(
      await storedSeries(server.api),
      new Map([
        ['oldest', sumsOf(oldest.readings)],
        ['newest', sumsOf(newest.readings)],
      ]),
    );
    await expectBooksBalance(server.api);
    expect(await edge.stop()).toBe(0);
  },
);

/**
 * Kills the gateways again and again until their outboxes say that every reading was produced, so that what was counted
 * as dropped is known to be on disk.
 */
async function whenAllIsProduced(edge: EdgeProcess, folder: string, sources: readonly string[]): Promise<[Held, Held]> {
  for (let look = 0; look < 60; look++) {
    // Longer each time, so that a slow machine gets further than its start.
    await sleep(3_000 + look * 2_000);
    await edge.kill();
    const oldest = await openHeld(join(folder, 'oldest'), 'oldest', sources);
    const newest = await openHeld(join(folder, 'newest'), 'newest', sources);
    const cursors = [...oldest.cursors.values(), ...newest.cursors.values()];
    if (cursors.every((cursor) => cursor === READINGS_EACH)) return [oldest, newest];
    edge.restart();
  }
  throw new Error('the gateways never produced all their readings');
}

/** The last readings of the feed, without a hole. */
function expectNewest(held: readonly Reading[], feed: CountedFeed): void {
  const first = READINGS_EACH - held.length;
  expect(first).toBeGreaterThan(0);
  for (const [i, reading] of held.entries()) expect(reading).toEqual(feed.reading(first + i));
}

/** The first readings of the feed; when it was nearly full, a small batch may have found room after a large one had not. */
function expectOldest(held: readonly Reading[], feed: CountedFeed): void {
  expect(held.length).toBeLessThan(READINGS_EACH);
  const indexes = held.map(({ time }) => (time - feed.reading(0).time) / SOURCES);
  for (const [i, reading] of held.entries()) expect(reading).toEqual(feed.reading(indexes[i] ?? -1));
  const firstHole = indexes.findIndex((index, i) => index !== i);
  if (firstHole !== -1) expect(firstHole).toBeGreaterThan(held.length * 0.9);
}
