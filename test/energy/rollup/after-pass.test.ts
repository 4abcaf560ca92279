/** What is made of roll-ups is made before their marks are done, and again when a meter is retired: a kill has it made again. */
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { RollUpWorker } from '../../../energy/rollup/roll-up-worker.ts';
import type { TouchedSite } from '../../../energy/rollup/touched-sites.ts';
import { FileRollUpMarks } from '../../../ingest/roll-up-marks.ts';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { ManualClock } from '../../manual-clock.ts';
import { StoryRegister } from '../../suites/rollup-worker.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const TEN = Date.parse('2026-11-03T10:00:00Z');
const QUARTER = 900_000;

const METER = {
  gateway: 'g',
  id: 'meter',
  name: 'Meter',
  interval_s: 300,
  is_new: false,
  placements: [{ site: 'new-york', from: 0 }],
};

/** Half an hour of a meter, and a worker that tells what it touched; the first `failures` of it fail. */
async function aWorker(failures: number) {
  const folder = temporaryFolder();
  const clock = new ManualClock(TEN + 3_600_000);
  const register = new StoryRegister();
  register.put(METER);
  const options = { path: join(folder, 'telemetry.duckdb'), threads: 1, memoryLimit: '200MB' };
  const store = new DuckDBStore({ options, log: silentLog });
  await store.open();
  await store.init();
  onTestFinished(() => store.close());
  const marks = new FileRollUpMarks({ folder: join(folder, 'marks'), clock });
  await marks.start();
  onTestFinished(() => marks.stop());
  const readings = Array.from({ length: 7 }, (_, i) => ({
    device: 'meter',
    time: TEN + i * 300_000,
    values: { active_energy_kwh: i },
  }));
  const batch = { gateway: 'g', epoch: 'e', seq: 1, readings, rejected: [] };
  await marks.beforeCommit([batch]);
  await store.commit([batch], async () => {});
  marks.settled();

  const told: (readonly TouchedSite[])[] = [];
  const fail = { times: failures };
  const start = async () => {
    const worker = new RollUpWorker({
      options: { folder: join(folder, 'state') },
      store,
      marks,
      register,
      clock,
      random: () => 0,
      log: silentLog,
      registry: new Registry(),
      afterPass: async (touched) => {
        told.push(touched);
        if (fail.times-- > 0) throw new StoreFailure('unavailable', 'boards cannot be reached');
      },
    });
    await worker.start();
    onTestFinished(() => worker.stop());
    return worker;
  };
  const turn = async () => {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const isBehind = async (worker: RollUpWorker) => {
    const { pendingQuarters, fault } = await worker.status();
    return pendingQuarters > 0 || fault !== '';
  };
  return { register, clock, told, fail, start, turn, isBehind };
}

it('a pass whose figures failed is made again, although its rows are written already', async () => {
  const { told, start, turn, isBehind } = await aWorker(1);
  const worker = await start();
  while (told.length < 1) await turn();
  expect((await worker.status()).pendingQuarters).toBeGreaterThan(0);
  const { rowsWritten } = await worker.status();
  while (await isBehind(worker)) await turn();
  // From the quarter hour of the first value to that of the last.
  const touched = [{ site: 'new-york', from: TEN, to: TEN + 3 * QUARTER }];
  expect(told.slice(0, 2)).toEqual([touched, touched]);
  expect((await worker.status()).rowsWritten['15m']).toBeGreaterThanOrEqual(rowsWritten['15m']);
});

it('a meter that is retired in the past has the figures of its site made again from then on', async () => {
  const { register, clock, told, fail, start, turn, isBehind } = await aWorker(0);
  const worker = await start();
  while (told.length < 1 || (await isBehind(worker))) await turn();
  const fromThen = async (length: number, from: number) => {
    while (told.length < length) await turn();
    expect(told.at(-1)).toEqual([{ site: 'new-york', from, to: expect.any(Number) }]);
    expect(clock.now() - (told.at(-1)?.[0]?.to ?? 0)).toBeLessThan(60_000);
  };
  const known = told.length;
  fail.times = 1;
  register.put({ ...METER, retired: true, retired_at: TEN + 2 * QUARTER });
  await fromThen(known + 2, TEN + 2 * QUARTER);
  while (await isBehind(worker)) await turn();
  expect(told).toHaveLength(known + 2);
  // Dated anew while nobody was there to hear of it.
  await worker.stop();
  register.put({ ...METER, retired: true, retired_at: TEN + QUARTER });
  await start();
  while (told.length < known + 3) await turn();
  expect(told.at(-1)).toEqual([{ site: 'new-york', from: TEN + QUARTER, to: TEN + 2 * QUARTER }]);
  register.put(METER);
  await fromThen(known + 4, TEN + QUARTER);
});
