/** Answers from the tables of roll-ups and events. */
import { type DuckDBConnection, type DuckDBType, type DuckDBValue, LIST, listValue, UINTEGER } from '@duckdb/node-api';
import type { MeterEvent, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { checkInstants, instant } from './instants.ts';
import { SELECTED_COLUMNS, tableOf, takeRollUp } from './roll-up-columns.ts';
import type { SeriesDictionary, SeriesName } from './series-dictionary.ts';
import type { SiteDictionary } from './site-dictionary.ts';
import { itemsOf } from './table-appender.ts';

/** What is asked for, by ids; absent for all. */
export interface RowStretch {
  readonly series?: readonly number[] | undefined;
  readonly sites?: readonly number[] | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
}

interface Names {
  readonly series: SeriesDictionary;
  readonly sites: SiteDictionary;
}

/** In rising order of start within each series and site. Throws `bad-request`. */
export async function readRollUps(
  connection: DuckDBConnection,
  width: RollUpWidth,
  stretch: RowStretch,
  names: Names,
): Promise<RollUp[]> {
  const { where, values, types } = conditionOf(stretch, 'start');
  if (isNothing(stretch)) return [];
  return readRows(
    connection,
    `SELECT ${SELECTED_COLUMNS} FROM ${tableOf(width)} AS r WHERE ${where} ORDER BY r.series, r.site, r.start`,
    { values, types },
    names,
  );
}

/** The newest row of each series in the stretch. Throws `bad-request`. */
export async function readLatestRollUps(
  connection: DuckDBConnection,
  width: RollUpWidth,
  stretch: RowStretch,
  names: Names,
): Promise<RollUp[]> {
  const { where, values, types } = conditionOf(stretch, 'start');
  if (isNothing(stretch)) return [];
  const table = tableOf(width);
  return readRows(
    connection,
    `SELECT ${SELECTED_COLUMNS} FROM ${table} AS r
     JOIN (SELECT series, max(start) AS start FROM ${table} AS r WHERE ${where} GROUP BY series) AS newest
       ON r.series = newest.series AND r.start = newest.start`,
    { values, types },
    names,
  );
}

/** In rising order of `at` within each series. Throws `bad-request`. */
export async function readMeterEvents(
  connection: DuckDBConnection,
  stretch: Omit<RowStretch, 'sites'>,
  series: SeriesDictionary,
): Promise<MeterEvent[]> {
  const { where, values, types } = conditionOf(stretch, 'time');
  if (isNothing(stretch)) return [];
  const result = await connection.run(
    `SELECT series, time::DOUBLE, kind, from_time::DOUBLE, value_before, value_after, booked, decided_by
     FROM meter_events AS r WHERE ${where} ORDER BY series, time`,
    values,
    types,
  );
  const events: MeterEvent[] = [];
  for await (const chunk of result) {
    for (const row of chunk.getRows()) {
      const [id, at, kind, from, before, after, booked, decidedBy] = row as EventRow;
      const { gateway, device, metric } = series.name(id) as SeriesName;
      events.push({ gateway, device, metric, at, kind, from, before, after, booked, decidedBy });
    }
  }
  return events;
}

type EventRow = [number, number, MeterEvent['kind'], number, number, number, number, MeterEvent['decidedBy']];

async function readRows(
  connection: DuckDBConnection,
  sql: string,
  { values, types }: { values: Record<string, DuckDBValue>; types: Record<string, DuckDBType> },
  names: Names,
): Promise<RollUp[]> {
  const result = await connection.run(sql, values, types);
  const rows: RollUp[] = [];
  for await (const chunk of result) {
    const ids = itemsOf(chunk, 0) as Uint32Array;
    const sites = itemsOf(chunk, 1) as Uint32Array;
    const figures = Array.from({ length: chunk.columnCount - 2 }, (_, i) => itemsOf(chunk, i + 2) as Float64Array);
    let key = { site: '', gateway: '', device: '', metric: '' };
    for (let row = 0; row < ids.length; row++) {
      // Rows of a series come together.
      if (row === 0 || ids[row] !== ids[row - 1] || sites[row] !== sites[row - 1]) {
        const { gateway, device, metric } = names.series.name(ids[row] as number) as SeriesName;
        key = { site: names.sites.name(sites[row] as number) as string, gateway, device, metric };
      }
      rows.push(takeRollUp(figures, row, key));
    }
  }
  return rows;
}

/** An empty list asks for nothing. */
function isNothing({ series, sites, from, to }: RowStretch): boolean {
  return series?.length === 0 || sites?.length === 0 || !(from < to);
}

function conditionOf({ series, sites, from, to }: RowStretch, time: 'start' | 'time') {
  checkInstants({ from, to });
  const conditions = [`r.${time} >= $from`, `r.${time} < $to`];
  const values: Record<string, DuckDBValue> = { from: instant(from), to: instant(to) };
  const types: Record<string, DuckDBType> = {};
  for (const [column, ids] of [
    ['series', series],
    ['site', sites],
  ] as const) {
    if (ids === undefined) continue;
    conditions.push(`r.${column} IN (SELECT unnest($${column}))`);
    values[column] = listValue(ids as number[]);
    types[column] = LIST(UINTEGER);
  }
  return { where: conditions.join(' AND '), values, types };
}
