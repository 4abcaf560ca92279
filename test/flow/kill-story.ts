/**
 * The story that the promise is measured by: gateways publish while processes are killed at random moments. In the end
 * the store holds exactly what was produced, and both accounting identities hold.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { createLmdbOutbox } from '../../edge/outbox/lmdb-outbox.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { CountedFeed } from '../../simulators/counted-feed.ts';
import type { SeriesTotal } from '../../store/telemetry-store.ts';
import { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { countsOf, EdgeProcess, enrol, eventually, isBalanced } from './story.ts';

/** Continuous integration tells the whole story, other runs a shorter one. */
const isLong = process.env.CI === 'true';

const GATEWAYS = 20;
const READINGS_EACH = isLong ? 10_000 : 2_000;
const PER_SECOND_EACH = isLong ? 400 : 200;
const DEVICES = 5;
const SERVER_KILLS = isLong ? 3 : 2;
/** Killed once each, in processes of their own; the other gateways share one. */
const LONE_GATEWAYS = 2;

/** A server that the story kills beside ours: the store's, or the broker. */
export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export interface KillStory {
  /** Flags of the server. */
  readonly args: readonly string[];
  readonly victims: readonly Victim[];
  /** Called once the server runs for the first time. */
  readonly prepare?: (server: ServerProcess) => Promise<void>;
}

export async function tellKillStory({ args, victims, prepare }: KillStory): Promise<void> {
  const seed = Number(process.env.STORY_SEED ?? Math.floor(Math.random() * 1e9));
  console.log(`seed of this story: ${seed} (tell it again with STORY_SEED=${seed})`);
  const random = seeded(seed);
  const folder = temporaryFolder();
  const data = join(folder, 'data');

  let server = await ServerProcess.start({ data, args: ['--city', 'none', ...args] });
  onTestFinished(() => server.kill());
  const mqttPort = server.mqttPort;
  await prepare?.(server);

  const feeds = new Map<string, CountedFeed>();
  const files: string[] = [];
  const t0 = Date.now() - 86_400_000;
  for (let i = 0; i < GATEWAYS; i++) {
    const id = `gateway-${i}`;
    const common = { count: READINGS_EACH, t0, devices: DEVICES };
    feeds.set(id, new CountedFeed({ seed: i, stepMs: 100, ...common }));
    const profile = `counted:count=${common.count},t0=${t0},step_ms=100,devices=${DEVICES},per_second=${PER_SECOND_EACH}`;
    const source = `sources:\n  - { kind: simulated, name: counted, profile: "${profile}", seed: ${i} }`;
    files.push((await enrol(server.api, folder, id, source)).file);
  }
  const edges = [
    new EdgeProcess(files.slice(LONE_GATEWAYS), join(folder, 'edge.log')),
    ...files.slice(0, LONE_GATEWAYS).map((file, i) => new EdgeProcess([file], join(folder, `edge-${i}.log`))),
  ];

  const spanMs = (READINGS_EACH / PER_SECOND_EACH) * 1_000;
  const killServer = async (): Promise<void> => {
    await server.kill();
    await sleep(random() * 2_000);
    server = await ServerProcess.start({ data, mqttPort, args: ['--city', 'none', ...args] });
  };
  await Promise.all([
    (async () => {
      for (let kill = 0; kill < SERVER_KILLS; kill++) {
        await sleep(1_000 + (random() * spanMs) / SERVER_KILLS);
        await killServer();
      }
    })(),
    ...edges.slice(1).map(async (edge) => {
      await sleep(1_000 + random() * spanMs * 0.8);
      await edge.kill();
      await sleep(random() * 2_000);
      edge.restart();
    }),
    ...victims.map(async (victim) => {
      await sleep(1_000 + random() * spanMs * 0.8);
      await victim.kill();
      await sleep(500 + random() * 2_000);
      await victim.restart();
    }),
  ]);

  await eventually(
    async () => (await totals(server)).reduce((sum, { count }) => sum + count, 0),
    (count) => count >= GATEWAYS * READINGS_EACH * 2,
    120_000,
  );
  expectExactly(await totals(server), feeds);

  for (const edge of edges) expect(await edge.stop()).toBe(0);
  for (const id of feeds.keys()) await expectSettled(join(folder, id, `${id}-data`, 'outbox'));
  for (const id of feeds.keys()) {
    const counts = await countsOf(server.api, id).catch(() => undefined);
    if (counts !== undefined) expect(isBalanced(counts), JSON.stringify(counts)).toBe(true);
  }
  expect(await server.stop()).toBe(0);
}

async function totals(server: ServerProcess): Promise<SeriesTotal[]> {
  return (await server.api.get<{ totals: SeriesTotal[] }>('/api/totals')).totals;
}

/** Count and sum of every series, and no series that was not produced. */
function expectExactly(found: readonly SeriesTotal[], feeds: ReadonlyMap<string, CountedFeed>): void {
  let expected = 0;
  for (const [gateway, feed] of feeds) {
    for (const [device, byMetric] of feed.expectedSums()) {
      for (const [metric, { count, sum }] of byMetric) {
        expected++;
        const total = found.find((row) => row.gateway === gateway && row.device === device && row.metric === metric);
        expect(total?.count, `${gateway} ${device} ${metric}`).toBe(count);
        expect(total?.sum, `${gateway} ${device} ${metric}`).toBeCloseTo(sum, 3);
      }
    }
  }
  expect(found.length).toBe(expected);
}

/** produced = stored + rejected + dropped + buffered, with everything stored. */
async function expectSettled(path: string): Promise<void> {
  const outbox = createLmdbOutbox({ path, clock: systemClock, randomWord, log: silentLog });
  await outbox.start();
  const { produced, stored, rejected, dropped, buffered } = outbox.counters();
  await outbox.stop();
  expect({ produced, stored, rejected, dropped, buffered }).toEqual({
    produced: READINGS_EACH,
    stored: READINGS_EACH,
    rejected: {},
    dropped: 0,
    buffered: 0,
  });
}

/** mulberry32: small, and the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
