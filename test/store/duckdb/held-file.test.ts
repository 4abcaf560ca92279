import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import type { AdmittedBatch } from '../../../store/telemetry-store.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const keepNothing = async () => {};

function batch(seq: number, readings: number): AdmittedBatch {
  return {
    gateway: 'g',
    epoch: 'e',
    seq,
    rejected: [],
    readings: Array.from({ length: readings }, (_, i) => ({
      device: 'd',
      time: seq * 10_000_000 + i,
      values: { active_power_kw: i },
    })),
  } as unknown as AdmittedBatch;
}

async function opened(path: string, checkpointBytes?: number): Promise<DuckDBStore> {
  const store = new DuckDBStore({ options: { path, checkpointBytes }, log: silentLog });
  await store.open();
  return store;
}

describe('the main file, held', () => {
  test('is the state of the moment, whatever is committed and asked for while it is copied', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.duckdb');
    // A checkpoint would be due after each commit.
    const store = await opened(path, 1);
    for (let seq = 1; seq <= 5; seq++) await store.commit([batch(seq, 30_000)], keepNothing);
    // Frees blocks of the file, which later commits may use.
    await store.keep({ raw: 2 * 10_000_000 }, 0);
    const held = await store.hold();
    // More than a row group at once: DuckDB writes such rows to the main file before the commit.
    for (let seq = 6; seq <= 9; seq++) await store.commit([batch(seq, 260_000)], keepNothing);
    await store.keep({ raw: 4 * 10_000_000 }, 0);
    await expect(store.hold()).rejects.toThrow(/copied already/);
    const copy = join(folder, 'b.duckdb');
    copyFileSync(path, copy);
    truncateSync(copy, held.bytes);
    await held.release();
    await store.commit([batch(10, 1)], keepNothing);

    const restored = await opened(copy);
    expect((await restored.ledger()).map(({ range }) => range)).toEqual([[1, 5]]);
    expect(await restored.totals({ gateway: 'g' })).toMatchObject([{ count: 4 * 30_000 }]);
    await restored.commit([batch(6, 10)], keepNothing);
    await restored.close();

    expect((await store.ledger()).map(({ range }) => range)).toEqual([[1, 10]]);
    expect(await store.totals({ gateway: 'g' })).toMatchObject([{ count: 2 * 30_000 + 4 * 260_000 + 1 }]);
    await store.close();
    const again = await opened(path);
    expect(await again.totals({ gateway: 'g' })).toMatchObject([{ count: 2 * 30_000 + 4 * 260_000 + 1 }]);
    await again.close();
    expect(statSync(path).size).toBeGreaterThan(held.bytes);
  });

  test('that was closed meanwhile is no copy', async () => {
    const store = await opened(join(temporaryFolder(), 'a.duckdb'));
    const held = await store.hold();
    await store.close();
    await expect(held.release()).rejects.toThrow(/closed or opened again/);
  });
});
