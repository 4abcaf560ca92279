/**
 * The story that the promise is measured by: gateways publish while processes are killed at random moments. In the end
 * the store holds exactly what was produced, and both accounting identities hold.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { CountedFeed } from '../../simulators/counted-feed.ts';
import { isLong } from '../is-long.ts';
import { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, expectExactly, openHeld, storedSeries } from './ledger.ts';
import { counted, EdgeProcess, enrol, eventually } from './story.ts';

const GATEWAYS = 20;
const READINGS_EACH = isLong ? 10_000 : 1_200;
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
    const common = { count: READINGS_EACH, t0, stepMs: 100, devices: DEVICES };
    const { feed, entry } = counted({ seed: i, perSecond: PER_SECOND_EACH, ...common });
    feeds.set(id, feed);
    files.push((await enrol(server.api, folder, id, entry)).file);
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
    async () => (await storedSeries(server.api)).reduce((sum, { count }) => sum + count, 0),
    (count) => count >= GATEWAYS * READINGS_EACH * 2,
    120_000,
  );
  const expected = new Map([...feeds].map(([id, feed]) => [id, feed.expectedSums()]));
  expectExactly(await storedSeries(server.api), expected);

  for (const edge of edges) expect(await edge.stop()).toBe(0);
  const settled = { produced: READINGS_EACH, stored: READINGS_EACH, rejected: {}, dropped: 0, buffered: 0 };
  for (const id of feeds.keys()) expect((await openHeld(join(folder, id), id)).account).toEqual(settled);
  await expectBooksBalance(server.api);
  expect(await server.stop()).toBe(0);
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
