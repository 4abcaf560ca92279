import { BIGINT, DOUBLE, DuckDBInstance, UINTEGER } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { CommitOrder } from '../../../store/duckdb/commit-order.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { putInteger, TableAppender, takeInteger } from '../../../store/duckdb/table-appender.ts';
import { anAdmittedBatch } from '../../builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const MOST = Number.MAX_SAFE_INTEGER;
const INTEGERS = [0, 1, -1, 4_294_967_295, 4_294_967_296, -4_294_967_296, -4_294_967_297, 1.79e12, MOST, -MOST];

describe('whole numbers in two halves', () => {
  it('come back, and mean the same to DuckDB', async () => {
    const halves = new Uint32Array(2 * INTEGERS.length);
    for (const [row, integer] of INTEGERS.entries()) putInteger(halves, row, integer);
    expect(INTEGERS.map((_, row) => takeInteger(halves, row))).toEqual(INTEGERS);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run('CREATE TABLE t (a BIGINT)');
    await new TableAppender('t', [BIGINT]).append(connection, [halves], INTEGERS.length);
    expect(await (await connection.run('FROM t')).getRows()).toEqual(INTEGERS.map((integer) => [BigInt(integer)]));
    connection.closeSync();
    instance.closeSync();
  });
});

describe('a table appender', () => {
  it('appends any number of rows, again and again', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run('CREATE TABLE t (a UINTEGER, b DOUBLE)');
    const appender = new TableAppender('t', [UINTEGER, DOUBLE]);
    let next = 0;
    for (const rows of [1, 2_048, 5_000, 0, 2_047, 2_049, 300_000, 3]) {
      const a = Uint32Array.from({ length: rows + 5 }, (_, row) => next + row);
      await appender.append(connection, [a, Float64Array.from(a, (id) => id / 8)], rows);
      next += rows;
    }
    const result = await connection.run(
      'SELECT count(*)::DOUBLE, count(DISTINCT a)::DOUBLE, max(a), bool_and(a / 8 = b) FROM t',
    );
    expect(await result.getRows()).toEqual([[next, next, next - 1, true]]);
    connection.closeSync();
    instance.closeSync();
  });
});

describe('the order of commits', () => {
  it('rises over openings and says when an opening is used up', () => {
    const order = new CommitOrder(3, 2 ** 32 - 10);
    expect(order.hasRoomFor(9)).toBe(true);
    expect(order.hasRoomFor(10)).toBe(false);
    expect(order.next()).toBe(2 ** 32 - 10);
    expect(order.last).toBe(3n * 2n ** 32n + 2n ** 32n - 10n);
    expect(new CommitOrder(4).last).toBe(4n * 2n ** 32n - 1n);
    expect(new CommitOrder(4).last).toBeGreaterThan(order.last);
  });
});

describe('a DuckDB store', () => {
  it('takes any instant up to 2^53 milliseconds either side of 1970', async () => {
    const options = { path: `${temporaryFolder()}/telemetry.duckdb` };
    const store = new DuckDBStore({ options, log: silentLog });
    onTestFinished(() => store.close());
    await store.open();
    const times = [-MOST, -900_001, -1, 0, 1, MOST - 1];
    const readings = times.map((time, i) => ({ device: 'clock', time, values: { active_power_kw: i } }));
    await store.commit([anAdmittedBatch({ readings })], async () => {});
    const query = {
      metric: 'active_power_kw',
      devices: [{ gateway: 'library', device: 'clock' }],
      from: Number.NEGATIVE_INFINITY,
      to: Number.POSITIVE_INFINITY,
      limit: 10,
    };
    const [raw] = await store.series(query);
    expect(raw?.points.map(({ time }) => time)).toEqual(times);
    const [buckets] = await store.series({ ...query, from: -1_000_000, to: 1_000_000, every: 900_000 });
    expect(buckets?.points.map(({ time, count }) => [time, count])).toEqual([
      [-1_800_000, 1],
      [-900_000, 1],
      [0, 2],
    ]);
    await store.close();
    await store.open();
    expect(await store.latest({})).toMatchObject([{ time: MOST - 1, value: 5 }]);
  });

  it('merges a long ledger without losing or inventing a batch', async () => {
    const options = { path: `${temporaryFolder()}/telemetry.duckdb` };
    const store = new DuckDBStore({ options, log: silentLog });
    onTestFinished(() => store.close());
    await store.open();
    const settle = async (from: number, to: number) => {
      const batches = Array.from({ length: to - from + 1 }, (_, i) => anAdmittedBatch({ seq: from + i, readings: [] }));
      await store.commit(batches, async () => {});
    };
    for (let start = 1; start < 120_000; start += 10_000) await settle(start, start + 9_998);
    const expected = Array.from({ length: 12 }, (_, i) => [i * 10_000 + 1, i * 10_000 + 9_999]);
    const ranges = async () => (await store.ledger()).map(({ range }) => range);
    expect(await ranges()).toEqual(expected);
    await settle(10_000, 10_000);
    expected.splice(0, 2, [1, 19_999]);
    await store.close();
    const instance = await DuckDBInstance.create(options.path);
    const connection = await instance.connect();
    const rows = await (await connection.run('SELECT count(*)::DOUBLE FROM settled')).getRows();
    expect(rows).toEqual([[13]]);
    connection.closeSync();
    instance.closeSync();
    await store.open();
    expect(await ranges()).toEqual(expected);
  });

  it('names what is wrong with a question', async () => {
    const options = { path: `${temporaryFolder()}/telemetry.duckdb` };
    const store = new DuckDBStore({ options, log: silentLog });
    onTestFinished(() => store.close());
    await store.open();
    const query = { metric: 'active_power_kw', devices: [], from: 0, to: 1, limit: 1 };
    for (const [wrong, words] of [
      [{ limit: 0 }, /limit .* not 0/],
      [{ every: 0 }, /every .* not 0/],
      [{ every: 1.5 }, /every .* not 1.5/],
      [{ from: Number.NaN }, /from and to/],
    ] as const) {
      await expect(store.series({ ...query, ...wrong })).rejects.toThrow(words);
    }
  });
});
