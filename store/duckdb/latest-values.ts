/**
 * The newest value of each series, in memory.
 *
 * The file holds a snapshot of them together with the commit order up to which it is right, written with every
 * checkpoint. Opening reads the snapshot and then only the rows committed after it, so its cost is bounded by what is
 * written between two checkpoints, and the answer is right whatever order the readings came in.
 */
import { BIGINT, DOUBLE, type DuckDBConnection, UINTEGER } from '@duckdb/node-api';
import { readMeta, writeMeta } from './schema.ts';
import { grown, itemsOf, putInteger, TableAppender } from './table-appender.ts';

const THROUGH = 'latest_through';

export class LatestValues {
  readonly #appender = new TableAppender('latest_values', [UINTEGER, BIGINT, DOUBLE]);
  /** By series id; −Infinity where nothing is known. */
  #times = new Float64Array(0);
  #values = new Float64Array(0);

  /** Readings come in the order of their commit: at the same time the later wins. */
  observe(series: number, time: number, value: number): void {
    if (series >= this.#times.length) this.#grow(series + 1);
    if (time < (this.#times[series] as number)) return;
    this.#times[series] = time;
    this.#values[series] = value;
  }

  get(series: number): { time: number; value: number } | undefined {
    const time = this.#times[series];
    return time === undefined || time === Number.NEGATIVE_INFINITY
      ? undefined
      : { time, value: this.#values[series] as number };
  }

  async load(connection: DuckDBConnection): Promise<void> {
    await this.#observeRows(connection, 'SELECT series, time::DOUBLE, value FROM latest_values', {});
    const through = (await readMeta(connection, THROUGH)) ?? -1n;
    await this.#observeRows(
      connection,
      `SELECT series, max(time)::DOUBLE, arg_max(value, {'time': time, 'commit_order': commit_order})
       FROM reading_values WHERE commit_order > $through GROUP BY series`,
      { through },
    );
  }

  /** Replaces the snapshot, within the connection's transaction. `through`: the order of the last committed reading. */
  async save(connection: DuckDBConnection, through: bigint): Promise<void> {
    const series = new Uint32Array(this.#times.length);
    const times = new Uint32Array(2 * this.#times.length);
    const values = new Float64Array(this.#times.length);
    let rows = 0;
    for (const [id, time] of this.#times.entries()) {
      if (time === Number.NEGATIVE_INFINITY) continue;
      series[rows] = id;
      putInteger(times, rows, time);
      values[rows] = this.#values[id] as number;
      rows++;
    }
    await connection.run('DELETE FROM latest_values');
    await this.#appender.append(connection, [series, times, values], rows);
    await writeMeta(connection, THROUGH, through);
  }

  async #observeRows(connection: DuckDBConnection, sql: string, values: Record<string, bigint>): Promise<void> {
    const result = await connection.run(sql, values);
    for await (const chunk of result) {
      const series = itemsOf(chunk, 0) as Uint32Array;
      const times = itemsOf(chunk, 1) as Float64Array;
      const newest = itemsOf(chunk, 2) as Float64Array;
      for (const [row, id] of series.entries()) this.observe(id, times[row] as number, newest[row] as number);
    }
  }

  #grow(size: number): void {
    const before = this.#times.length;
    const capacity = Math.max(1_024, size, 2 * before);
    this.#times = grown(this.#times, capacity).fill(Number.NEGATIVE_INFINITY, before);
    this.#values = grown(this.#values, capacity);
  }
}
