import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { NOON } from '../../builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const COMMITS = 150;

/** Devices and times widen with every commit, so that a plan made a moment before is wrong about their bounds. */
function widening(seq: number) {
  const reading = (device: string, time: number) => ({ device, time, values: { active_power_kw: seq } });
  return {
    gateway: 'library',
    epoch: 'epoch1',
    seq,
    readings: [reading('main-meter', NOON + seq), reading('main-meter', NOON - seq), reading(`meter-${seq}`, NOON)],
    rejected: [],
  };
}

describe('a DuckDB store that is read while it commits', () => {
  it('answers each question from one whole state, checkpoints included', { timeout: 60_000 }, async () => {
    const store = new DuckDBStore({
      options: { path: `${temporaryFolder()}/telemetry.duckdb`, checkpointBytes: 5_000 },
      log: silentLog,
    });
    onTestFinished(() => store.close());
    await store.open();

    let isDone = false;
    let begun = 0;
    let committed = 0;
    const committing = (async () => {
      for (let seq = 1; seq <= COMMITS; seq++) {
        begun = seq;
        await store.commit([widening(seq)], async () => {});
        committed = seq;
      }
      isDone = true;
    })();

    const between = (count: number, least: number) => {
      expect(count).toBeGreaterThanOrEqual(least);
      expect(count).toBeLessThanOrEqual(begun);
    };
    const countAll = async () => {
      const least = committed;
      const totals = await store.totals({});
      const main = totals.find(({ device }) => device === 'main-meter');
      if (main === undefined) return;
      expect(main.count % 2).toBe(0);
      between(main.count / 2, least);
      expect(totals.length - 1).toBe(main.count / 2);
      expect([main.firstTime, main.lastTime]).toEqual([NOON - main.count / 2, NOON + main.count / 2]);
    };
    const countHalf = async () => {
      const least = committed;
      const [main] = await store.totals({ gateway: 'library', to: NOON });
      between(main?.count ?? 0, least);
    };
    const readEdge = async () => {
      const at = committed;
      const devices = [{ gateway: 'library', device: 'main-meter' }];
      const query = { metric: 'active_power_kw', devices, from: NOON + 1, to: NOON + at + 1, limit: 1_000 };
      const [raw] = await store.series(query);
      expect(raw?.points.length ?? 0).toBe(at);
      const [buckets] = await store.series({ ...query, every: 10 ** 7 });
      expect(buckets?.points[0]?.count ?? 0).toBe(at);
    };
    const keepAsking = async (ask: () => Promise<void>) => {
      while (!isDone) await ask();
    };
    await Promise.all([committing, keepAsking(countAll), keepAsking(countHalf), keepAsking(readEdge)]);
    expect(committed).toBe(COMMITS);
  });
});
