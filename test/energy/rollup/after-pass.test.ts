/** What is made of roll-ups is made before their marks are done: a kill in between has it made again. */
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

it('a pass whose figures failed is made again, although its rows are written already', async () => {
  const folder = temporaryFolder();
  const clock = new ManualClock(TEN + 3_600_000);
  const register = new StoryRegister();
  register.put({
    gateway: 'g',
    id: 'meter',
    name: 'Meter',
    interval_s: 300,
    is_new: false,
    placements: [{ site: 'new-york', from: 0 }],
  });
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
  let failures = 1;
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
      if (failures-- > 0) throw new StoreFailure('unavailable', 'boards cannot be reached');
    },
  });
  await worker.start();
  onTestFinished(() => worker.stop());
  const turn = async () => {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  while (told.length < 1) await turn();
  expect((await worker.status()).pendingQuarters).toBeGreaterThan(0);
  const { rowsWritten } = await worker.status();
  const isBehind = async () => {
    const { pendingQuarters, fault } = await worker.status();
    return pendingQuarters > 0 || fault !== '';
  };
  while (await isBehind()) await turn();
  // From the quarter hour of the first value to that of the last.
  const touched = [{ site: 'new-york', from: TEN, to: TEN + 3 * QUARTER }];
  expect(told.slice(0, 2)).toEqual([touched, touched]);
  expect((await worker.status()).rowsWritten['15m']).toBeGreaterThanOrEqual(rowsWritten['15m']);
});
