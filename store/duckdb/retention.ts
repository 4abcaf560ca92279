/** Deletes rows that are older than an instant, in slices that are each one short transaction. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { instant } from './instants.ts';

/** About so many rows a slice. A narrower stretch of time than a minute is not cut further. */
const SLICE_ROWS = 200_000;
const MINUTE_MS = 60_000n;

export interface OldRows {
  readonly table: 'reading_values' | 'rollup_15m';
  /** Column of the instant. */
  readonly time: 'time' | 'start';
  /** Epoch milliseconds; rows before it are deleted. */
  readonly before: number;
  /** Rows that were committed later are left for the next time. */
  readonly through?: bigint | undefined;
}

/** Statements that together delete the rows, the oldest first; none when there are none. */
export async function deletionsOf(connection: DuckDBConnection, old: OldRows): Promise<string[]> {
  const { table, time } = old;
  const before = instant(old.before);
  const condition = [`${time} < ${before}`, ...(old.through === undefined ? [] : [`commit_order <= ${old.through}`])];
  const result = await connection.run(
    `SELECT ((${time} // ${MINUTE_MS} + 1) * ${MINUTE_MS})::DOUBLE AS ending, count(*)::DOUBLE
     FROM ${table} WHERE ${condition.join(' AND ')} GROUP BY ending ORDER BY ending`,
  );
  const ends: bigint[] = [];
  let rows = 0;
  for await (const chunk of result) {
    for (const [ending, count] of chunk.getRows() as [number, number][]) {
      rows += count;
      if (rows < SLICE_ROWS) continue;
      ends.push(BigInt(ending));
      rows = 0;
    }
  }
  // What is left, and whatever a slice has missed.
  if (rows > 0 || ends.length > 0) ends.push(before);
  return ends.map((end, i) => {
    const after = i === 0 ? [] : [`${time} >= ${ends[i - 1]}`];
    return `DELETE FROM ${table} WHERE ${[...condition, `${time} < ${end}`, ...after].join(' AND ')}`;
  });
}
