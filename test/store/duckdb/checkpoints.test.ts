import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { NOON } from '../../builders.ts';
import { anUpdate, aRollUp } from '../../roll-up-builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MIB = 1024 * 1024;
const QUARTER = 900_000;
/** Somewhat more than 8 MiB of the log. */
const ROWS = 62_000;
const SERIES = 62;

describe('the write-ahead log of a DuckDB store', () => {
  it('is moved early when roll-ups grow it, in pieces that are not merged at once', { timeout: 120_000 }, async () => {
    const { store, path } = await openStore();
    for (let round = 0; round < 3; round++) {
      await store.putRollUps(anUpdate({ '15m': rowsFrom(NOON + round * (ROWS / SERIES) * QUARTER) }));
      await store.ledger(); // comes after whatever checkpoint was due
      expect(statSync(`${path}.wal`, { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(8 * MIB);
    }
    await store.close();
    expect(await rowGroups(path)).toBeGreaterThanOrEqual(3);
    const again = await openStore(path);
    expect(await again.store.rollUps({ width: '15m', from: NOON, to: NOON + 4_000 * QUARTER })).toHaveLength(3 * ROWS);
  });

  it('of readings is left to grow', { timeout: 60_000 }, async () => {
    const { store, path } = await openStore();
    const values = { active_power_kw: 1, active_energy_kwh: 2, voltage_l1_v: 230, voltage_l2_v: 231 };
    for (let seq = 1; seq <= 5; seq++) {
      const readings = Array.from({ length: 20_000 }, (_, i) => ({
        device: 'meter',
        time: NOON + seq + 100 * i,
        values,
      }));
      await store.commit([{ gateway: 'library', epoch: 'epoch1', seq, readings, rejected: [] }], async () => {});
    }
    await store.ledger();
    expect(statSync(`${path}.wal`).size).toBeGreaterThan(8 * MIB);
  });
});

async function openStore(path = `${temporaryFolder()}/telemetry.duckdb`) {
  const store = new DuckDBStore({ options: { path }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  return { store, path };
}

function rowsFrom(begin: number) {
  return Array.from({ length: ROWS }, (_, i) =>
    aRollUp({ device: `meter-${i % SERIES}`, start: begin + Math.floor(i / SERIES) * QUARTER, mean: Math.sqrt(i) }),
  );
}

async function rowGroups(path: string): Promise<number> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const result = await connection.run(
    `SELECT count(DISTINCT row_group_id)::INTEGER FROM pragma_storage_info('rollup_15m')`,
  );
  const [[groups]] = (await result.getRows()) as [[number]];
  connection.closeSync();
  instance.closeSync();
  return groups;
}
