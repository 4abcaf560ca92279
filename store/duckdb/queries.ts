/** Answers about a stretch of time. A value counts once per (series, time): the one committed last. */
import { type DuckDBConnection, type DuckDBValue, LIST, listValue, UINTEGER } from '@duckdb/node-api';
import type { LamplighterError } from '../../contract/error-codes.ts';
import type { SeriesPoint } from '../telemetry-store.ts';
import { badRequest, checkInstants, instant } from './instants.ts';
import { itemsOf } from './table-appender.ts';

export interface Stretch {
  /** Series ids. */
  readonly ids: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly every?: number | undefined;
  readonly limit: number;
}

const VALUES = `
  SELECT series, time, arg_max(value, commit_order) AS value FROM reading_values
  WHERE series IN (SELECT unnest($ids)) AND time >= $from AND time < $to
  GROUP BY series, time`;

const POINTS = `
  SELECT series, time::DOUBLE, value FROM (${VALUES}) ORDER BY series, time LIMIT $most`;

const BUCKETS = `
  SELECT series, (time - ((time % $every) + $every) % $every)::DOUBLE AS start,
    favg(value), min(value), max(value), arg_max(value, time), count(*)::DOUBLE
  FROM (${VALUES}) GROUP BY series, start ORDER BY series, start LIMIT $most`;

/** Points by series id, in rising order of time. Throws `bad-request` when a series has more than the limit. */
export async function readPoints(connection: DuckDBConnection, stretch: Stretch): Promise<Map<number, SeriesPoint[]>> {
  const { ids, from, to, every, limit } = stretch;
  checkStretch(stretch);
  const points = new Map<number, SeriesPoint[]>();
  if (ids.length === 0) return points;
  // One row more than all series together may have: then one of them has too many, and no more need be fetched.
  const most = BigInt(limit) * BigInt(ids.length) + 1n;
  const result = await connection.run(
    every === undefined ? POINTS : BUCKETS,
    {
      ids: listValue(ids as number[]),
      from: instant(from),
      to: instant(to),
      most,
      ...(every === undefined ? {} : { every: BigInt(every) }),
    },
    { ids: LIST(UINTEGER) },
  );
  for await (const chunk of result) {
    const series = itemsOf(chunk, 0) as Uint32Array;
    const columns = Array.from({ length: chunk.columnCount - 1 }, (_, i) => itemsOf(chunk, i + 1) as Float64Array);
    const [times, values, min, max, last, count] = columns as [Float64Array, Float64Array, ...Float64Array[]];
    for (const [row, id] of series.entries()) {
      let ofSeries = points.get(id);
      if (ofSeries === undefined) {
        ofSeries = [];
        points.set(id, ofSeries);
      }
      if (ofSeries.length === limit) throw tooMany(limit, every);
      const point = { time: times[row] as number, value: values[row] as number };
      ofSeries.push(
        every === undefined
          ? point
          : {
              ...point,
              min: min?.[row] as number,
              max: max?.[row] as number,
              last: last?.[row] as number,
              count: count?.[row] as number,
            },
      );
    }
  }
  return points;
}

export interface Total {
  readonly id: number;
  readonly count: number;
  readonly sum: number;
  readonly firstTime: number;
  readonly lastTime: number;
}

/** Of all series when `ids` is undefined. Sums are compensated (Kahan), so that they do not depend on the order of rows. */
export async function readTotals(
  connection: DuckDBConnection,
  query: { ids: readonly number[] | undefined; from: number | undefined; to: number | undefined },
): Promise<Total[]> {
  const conditions: string[] = [];
  const values: Record<string, DuckDBValue> = {};
  if (query.ids !== undefined) {
    conditions.push('series IN (SELECT unnest($ids))');
    values.ids = listValue(query.ids as number[]);
  }
  if (query.from !== undefined) {
    conditions.push('time >= $from');
    values.from = instant(query.from);
  }
  if (query.to !== undefined) {
    conditions.push('time < $to');
    values.to = instant(query.to);
  }
  const result = await connection.run(
    `SELECT series, count(*)::DOUBLE, fsum(value), min(time)::DOUBLE, max(time)::DOUBLE FROM (
       SELECT series, time, arg_max(value, commit_order) AS value FROM reading_values
       ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
       GROUP BY series, time
     ) GROUP BY series ORDER BY series`,
    values,
    query.ids === undefined ? {} : { ids: LIST(UINTEGER) },
  );
  const totals: Total[] = [];
  for (const row of (await result.getRows()) as [number, number, number, number, number][]) {
    const [id, count, sum, firstTime, lastTime] = row;
    totals.push({ id, count, sum, firstTime, lastTime });
  }
  return totals;
}

function checkStretch({ from, to, every, limit }: Stretch): void {
  checkInstants({ from, to });
  if (every !== undefined && !(Number.isSafeInteger(every) && every > 0)) {
    throw badRequest(`every must be a whole number of milliseconds above 0, not ${every}.`);
  }
  if (!(Number.isSafeInteger(limit) && limit > 0)) {
    throw badRequest(`limit must be a whole number above 0, not ${limit}.`);
  }
}

function tooMany(limit: number, every: number | undefined): LamplighterError {
  const wider = every === undefined ? 'ask for buckets (every)' : 'ask for wider buckets (every)';
  return badRequest(`A device has more than ${limit} points in this time: shorten it, ${wider}, or raise the limit.`);
}
