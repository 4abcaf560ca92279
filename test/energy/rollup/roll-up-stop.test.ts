/** A stop does not wait for the group in hand: it is given up, and made again after the next start. */
import { expect, onTestFinished, test } from 'vitest';
import { SiteFigureWriter } from '../../../energy/rollup/site-figure-writer.ts';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import type { RollUpStore, SeriesValues } from '../../../store/roll-up-store.ts';
import { ManualClock } from '../../manual-clock.ts';
import { aDevice, ENERGY, POWER, RollUpStory, START, StoryRegister } from '../../suites/rollup-worker.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MINUTE = 60_000;

async function aStore(): Promise<DuckDBStore> {
  const store = new DuckDBStore({ options: { path: `${temporaryFolder()}/telemetry.duckdb` }, log: silentLog });
  await store.open();
  await store.init();
  onTestFinished(() => store.close());
  return store;
}

/** The store, but for one question, which is answered otherwise. */
function answering<K extends keyof DuckDBStore>(
  store: DuckDBStore,
  question: K,
  answer: (asked: DuckDBStore[K]) => unknown,
) {
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(target, name) as unknown;
      if (typeof own !== 'function') return own;
      const bound = own.bind(target);
      return name === question ? answer(bound as DuckDBStore[K]) : bound;
    },
  });
}

async function aStory(store: DuckDBStore): Promise<RollUpStory> {
  const engine = { name: 'DuckDB', create: async () => store, runs: 1, isAtomic: true };
  const story = new RollUpStory(engine, store);
  story.register.put(aDevice(story.gateway, 'meter', { interval_s: 300 }));
  await story.start();
  onTestFinished(() => story.stop());
  const times = Array.from({ length: 20 }, (_, place) => START + place * 5 * MINUTE);
  await story.commit(
    times.flatMap((time, place) => [
      { device: 'meter', metric: ENERGY, time, value: place },
      { device: 'meter', metric: POWER, time, value: 12 },
    ]),
  );
  await story.clock.advance(60 * MINUTE);
  return story;
}

test('what is read is not waited for', async () => {
  let isHung = true;
  let asked = 0;
  const slow = answering(await aStore(), 'values', (values) => async (query: Parameters<typeof values>[0]) => {
    asked++;
    return isHung ? await new Promise<SeriesValues[]>(() => {}) : await values(query);
  });
  const story = await aStory(slow);
  while (asked === 0) await story.pass();
  await story.stop();
  expect((await story.stored()).rows['15m']).toEqual([]);
  isHung = false;
  await story.start();
  await story.settle();
  expect(await story.stored()).toEqual(story.expected());
});

test('what was read is not written', async () => {
  let stop: (() => void) | undefined;
  let puts = 0;
  const store = answering(await aStore(), 'values', (values) => async (query: Parameters<typeof values>[0]) => {
    const read = await values(query);
    stop?.();
    return read;
  });
  const counted = answering(store, 'putRollUps', (put) => async (update: Parameters<typeof put>[0]) => {
    puts++;
    await put(update);
  });
  const story = await aStory(counted);
  const stopped = new Promise<void>((resolve) => {
    stop = () => {
      stop = undefined;
      void story.stop().then(resolve);
    };
  });
  while (stop !== undefined) await story.pass();
  await stopped;
  expect(puts).toBe(0);
  await story.start();
  await story.settle();
  expect(await story.stored()).toEqual(story.expected());
});

test('figures of sites end with the group of sites in hand', async () => {
  const stopped = new AbortController();
  let reads = 0;
  const store: Partial<RollUpStore> = {
    latestRollUps: async () => [],
    rollUps: async () => {
      if (++reads === 2) stopped.abort();
      return [];
    },
  };
  const writer = new SiteFigureWriter({
    register: new StoryRegister(),
    store: store as RollUpStore,
    sink: { putPoints: async () => {} },
    clock: new ManualClock(START),
    log: silentLog,
  });
  await writer.start();
  onTestFinished(() => writer.stop());
  const touched = Array.from({ length: 80 }, (_, place) => ({
    site: `site-${place}`,
    from: START - 60 * MINUTE,
    to: START,
  }));
  await expect(writer.write(touched, stopped.signal)).rejects.toThrow();
  await writer.stop();
  expect(reads).toBeLessThan(10);
});
