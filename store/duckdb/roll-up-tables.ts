/**
 * Writes roll-ups and the events of meters, one row per key: in the transaction that appends a row, the one of its key
 * is deleted. Whether there can be one is known from the highest start in each table, so that live roll-ups, which
 * are younger than all, are only appended; else their keys go to a temporary table, and the rows between their lowest
 * and highest start are joined with it.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { isEmptyRollUp, ROLL_UP_WIDTHS, type RollUpWidth } from '../../contract/roll-up.ts';
import { KeyColumns, keyAppender, RollUpColumns, rollUpAppender, tableOf } from './roll-up-columns.ts';
import type { PartEvent, PartRows, UpdatePart } from './roll-up-parts.ts';
import { SiteDictionary } from './site-dictionary.ts';
import { appendRows } from './table-appender.ts';

const REPLACED = 'replaced_keys';
const EVENTS = 'meter_events';
const NO_SITE = 0;

export class RollUpTables {
  readonly sites = new SiteDictionary();
  readonly #appenders = {
    '15m': rollUpAppender('15m'),
    '1h': rollUpAppender('1h'),
    '1d': rollUpAppender('1d'),
  };
  readonly #keys = keyAppender(REPLACED);
  /** By table: no row begins (no event happened) after it. */
  #highest = new Map<string, number>();

  async load(connection: DuckDBConnection): Promise<void> {
    await this.sites.load(connection);
    await this.#look(connection);
  }

  /** After a commit of unknown outcome: sees what the file holds. */
  async reconcile(connection: DuckDBConnection): Promise<void> {
    await this.sites.reconcile(connection);
    await this.#look(connection);
  }

  /** Within the connection's transaction. Returns what to call once it is committed. */
  async write(connection: DuckDBConnection, part: UpdatePart): Promise<() => void> {
    const highest = new Map<string, number>();
    for (const width of ROLL_UP_WIDTHS) {
      const rows = part.rows[width];
      if (rows.rows.length > 0) highest.set(tableOf(width), await this.#writeRows(connection, width, rows));
    }
    if (part.events.length > 0) highest.set(EVENTS, await this.#writeEvents(connection, part.events));
    const sitesWritten = await this.sites.writeNew(connection);
    return () => {
      sitesWritten();
      for (const [table, start] of highest) this.#highest.set(table, Math.max(start, this.#highestOf(table)));
    };
  }

  /** Returns the highest start. */
  async #writeRows(connection: DuckDBConnection, width: RollUpWidth, { rows, series }: PartRows): Promise<number> {
    const table = tableOf(width);
    const written = new RollUpColumns(rows.length);
    const replaced = new KeyColumns(rows.length);
    const highest = this.#highestOf(table);
    for (const [i, row] of rows.entries()) {
      const id = series[i] as number;
      const isEmpty = isEmptyRollUp(row);
      const site = isEmpty ? this.sites.find(row.site) : this.sites.id(row.site);
      if (site === undefined) continue; // no row of such a site is there to be taken away
      if (row.start <= highest) replaced.add(row.start, id, site);
      if (!isEmpty) written.add(row, id, site);
    }
    await this.#delete(connection, replaced, { table, start: 'start', site: 'site' });
    await this.#appenders[width].append(connection, written.columns, written.keys.rows);
    return written.keys.highest;
  }

  async #writeEvents(connection: DuckDBConnection, events: readonly PartEvent[]): Promise<number> {
    const replaced = new KeyColumns(events.length);
    const highest = this.#highestOf(EVENTS);
    let last = Number.NEGATIVE_INFINITY;
    for (const { at, series, event } of events) {
      if (at <= highest) replaced.add(at, series, NO_SITE);
      if (event !== undefined) last = Math.max(last, at);
    }
    await this.#delete(connection, replaced, { table: EVENTS, start: 'time', site: String(NO_SITE) });
    await appendRows(connection, EVENTS, (appender) => {
      for (const { at, series, event } of events) {
        if (event === undefined) continue;
        appender.appendBigInt(BigInt(at));
        appender.appendUInteger(series);
        appender.appendVarchar(event.kind);
        appender.appendBigInt(BigInt(event.from));
        appender.appendDouble(event.before);
        appender.appendDouble(event.after);
        appender.appendDouble(event.booked);
        appender.appendVarchar(event.decidedBy);
        appender.endRow();
      }
    });
    return last;
  }

  async #delete(
    connection: DuckDBConnection,
    keys: KeyColumns,
    { table, start, site }: { table: string; start: string; site: string },
  ): Promise<void> {
    if (keys.rows === 0) return;
    await connection.run(`DELETE FROM temp.${REPLACED}`);
    await this.#keys.append(connection, keys.columns, keys.rows);
    // The bounds are said apart, since they let row groups be passed over.
    await connection.run(
      `DELETE FROM ${table} AS r USING temp.${REPLACED} AS k
       WHERE r.${start} BETWEEN ${BigInt(keys.lowest)} AND ${BigInt(keys.highest)}
         AND r.${start} = k.start AND r.series = k.series AND ${site === 'site' ? 'r.site' : site} = k.site`,
    );
  }

  async #look(connection: DuckDBConnection): Promise<void> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${REPLACED} (start BIGINT NOT NULL, series UINTEGER NOT NULL, site UINTEGER NOT NULL)`,
    );
    const highest = new Map<string, number>();
    for (const [table, start] of [
      ...ROLL_UP_WIDTHS.map((width) => [tableOf(width), 'start'] as const),
      [EVENTS, 'time'] as const,
    ]) {
      const result = await connection.run(`SELECT max(${start})::DOUBLE FROM ${table}`);
      const [row] = (await result.getRows()) as [number | null][];
      highest.set(table, row?.[0] ?? Number.NEGATIVE_INFINITY);
    }
    this.#highest = highest;
  }

  #highestOf(table: string): number {
    return this.#highest.get(table) ?? Number.NEGATIVE_INFINITY;
  }
}
