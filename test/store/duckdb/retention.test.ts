import { copyFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LamplighterError } from '../../../contract/error-codes.ts';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { deletionsOf } from '../../../store/duckdb/retention.ts';
import { anAdmittedBatch, NOON } from '../../builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const DAY = 86_400_000;

describe('deleting what is old', () => {
  it('goes on in slices, which together take every old row and no other', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run('CREATE TABLE reading_values (time BIGINT, commit_order BIGINT)');
    // Seven minutes of 100,000 rows around the epoch and one row far before it, in no order.
    await connection.run(`INSERT INTO reading_values
      SELECT (i * 7919) % 420000 - 60000, i FROM range(700000) t(i) UNION ALL SELECT -90000000000, 0`);
    const old = { table: 'reading_values', time: 'time', before: 300_000, through: 650_000n } as const;
    const kept = 'SELECT count(*)::DOUBLE FROM reading_values WHERE time >= 300000 OR commit_order > 650000';
    const count = async (sql: string) => ((await (await connection.run(sql)).getRows()) as [number][])[0]![0];
    const expected = await count(kept);
    const deletions = await deletionsOf(connection, old);
    expect(deletions.length).toBeGreaterThanOrEqual(3);
    for (const deletion of deletions) expect((await connection.run(deletion)).rowsChanged).toBeLessThan(350_000);
    expect(await count('SELECT count(*)::DOUBLE FROM reading_values')).toBe(expected);
    expect(await count(kept)).toBe(expected);
    expect(await deletionsOf(connection, old)).toEqual([]);
    connection.closeSync();
    instance.closeSync();
  });

  it('lets the newest values stay known, of series without any row too, though the process ends at once', async () => {
    const folder = temporaryFolder();
    const path = `${folder}/telemetry.duckdb`;
    const reading = (device: string, time: number) => ({ device, time, values: { active_power_kw: time - NOON } });
    const store = await openStore(path);
    await store.commit([anAdmittedBatch({ readings: [reading('old', NOON), reading('new', NOON)] })], async () => {});
    await store.commit([anAdmittedBatch({ seq: 2, readings: [reading('new', NOON + 9 * DAY)] })], async () => {});
    await store.keep({ raw: NOON + DAY }, NOON + 10 * DAY);
    const newest = [
      { gateway: 'library', device: 'old', metric: 'active_power_kw', time: NOON, value: 0 },
      { gateway: 'library', device: 'new', metric: 'active_power_kw', time: NOON + 9 * DAY, value: 9 * DAY },
    ];
    expect(await store.latest({})).toEqual(newest);
    // Late, and old already: it stays until the next time.
    await store.commit([anAdmittedBatch({ seq: 3, readings: [reading('old', NOON + 5)] })], async () => {});
    expect((await store.totals({})).map(({ count }) => count)).toEqual([1, 1]);
    await store.keep({ raw: NOON + DAY }, NOON + 10 * DAY);
    expect((await store.totals({})).map(({ device }) => device)).toEqual(['new']);
    const known = [{ ...newest[0], time: NOON + 5, value: 5 }, newest[1]];
    expect(await store.latest({})).toEqual(known);
    // What a process that is killed now leaves behind.
    copyFileSync(path, `${folder}/left.duckdb`);
    copyFileSync(`${path}.wal`, `${folder}/left.duckdb.wal`);
    const left = await openStore(`${folder}/left.duckdb`);
    expect(await left.latest({})).toEqual(known);
    expect((await left.totals({})).map(({ device }) => device)).toEqual(['new']);
  });

  it('goes on beside commits, and loses none of them', async () => {
    const store = await openStore(`${temporaryFolder()}/telemetry.duckdb`, 2_000_000);
    const readings = (seq: number, age: number) =>
      Array.from({ length: 5_000 }, (_, i) => ({
        device: `meter-${i % 10}`,
        time: NOON - age * DAY + seq * 1_000_000 + i,
        values: { active_power_kw: i, voltage_v: seq, current_a: 1 },
      }));
    const commit = (seq: number, age: number) =>
      store.commit([anAdmittedBatch({ seq, readings: readings(seq, age) })], async () => {});
    for (let seq = 1; seq <= 30; seq++) await commit(seq, 400);
    const deleting = store.keep({ raw: NOON }, NOON + DAY);
    for (let seq = 31; seq <= 60; seq++) await commit(seq, 0);
    await deleting;
    const totals = await store.totals({});
    expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(30 * 15_000);
    expect((await store.ledger())[0]?.range).toEqual([1, 60]);
  });

  it('is refused for an instant that is none', async () => {
    const store = await openStore(`${temporaryFolder()}/telemetry.duckdb`);
    const refusal = await store.keep({ raw: Number.NaN }, NOON).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LamplighterError);
    expect((refusal as Error).message).toMatch(/raw must be epoch milliseconds/);
  });
});

async function openStore(path: string, checkpointBytes?: number): Promise<DuckDBStore> {
  const store = new DuckDBStore({ options: { path, checkpointBytes }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}
