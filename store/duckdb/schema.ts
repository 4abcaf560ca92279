/**
 * The tables.
 *
 * `reading_values` is narrow, appended to and deleted from by age; no key or index: the last commit per (series, time)
 * wins when read, by `commit_order`. Exactly-once comes from the ledger (`epochs`, `settled`, `rejected`), written in
 * the same transaction as the rows. Of the roll-ups and `meter_events` there is one row per key, since writing one
 * deletes the one before in the same transaction; no key or index either.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ROLL_UP_WIDTHS } from '../../contract/roll-up.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { NULLABLE_FIGURES, REQUIRED_FIGURES, tableOf } from './roll-up-columns.ts';
import { inTransaction } from './transactions.ts';

/** 1: readings and ledger; 2: roll-ups and events of meters beside them. */
export const SCHEMA_VERSION = 2n;

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key VARCHAR NOT NULL, value BIGINT NOT NULL);

  CREATE TABLE IF NOT EXISTS series (
    id UINTEGER NOT NULL, gateway VARCHAR NOT NULL, device VARCHAR NOT NULL, metric VARCHAR NOT NULL
  );
  -- time: epoch milliseconds UTC. Naming the compression halves the work of a checkpoint, which else tries them all.
  CREATE TABLE IF NOT EXISTS reading_values (
    time BIGINT NOT NULL USING COMPRESSION bitpacking,
    series UINTEGER NOT NULL USING COMPRESSION bitpacking,
    value DOUBLE NOT NULL USING COMPRESSION alp,
    commit_order BIGINT NOT NULL USING COMPRESSION bitpacking
  );
  -- The newest value of each series, of rows up to the commit order that meta names latest_through.
  CREATE TABLE IF NOT EXISTS latest_values (series UINTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL);

  CREATE TABLE IF NOT EXISTS epochs (id UINTEGER NOT NULL, gateway VARCHAR NOT NULL, epoch VARCHAR NOT NULL);
  CREATE TABLE IF NOT EXISTS settled (epoch UINTEGER NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL);
  CREATE TABLE IF NOT EXISTS rejected (
    epoch UINTEGER NOT NULL, seq BIGINT NOT NULL, reading INTEGER NOT NULL, reason VARCHAR NOT NULL
  );

  CREATE TABLE IF NOT EXISTS sites (id UINTEGER NOT NULL, site VARCHAR NOT NULL);
  ${ROLL_UP_WIDTHS.map(
    (width) => `
  -- start, peak_at, position_time, position_until: epoch milliseconds UTC.
  CREATE TABLE IF NOT EXISTS ${tableOf(width)} (
    start BIGINT NOT NULL USING COMPRESSION bitpacking,
    series UINTEGER NOT NULL USING COMPRESSION bitpacking,
    site UINTEGER NOT NULL USING COMPRESSION bitpacking,
    ${REQUIRED_FIGURES.map((figure) => `"${figure}" DOUBLE NOT NULL USING COMPRESSION alp`).join(',\n    ')},
    ${NULLABLE_FIGURES.map((figure) => `"${figure}" DOUBLE USING COMPRESSION alp`).join(',\n    ')}
  );`,
  ).join('')}
  CREATE TABLE IF NOT EXISTS meter_events (
    time BIGINT NOT NULL, series UINTEGER NOT NULL, kind VARCHAR NOT NULL, from_time BIGINT NOT NULL,
    value_before DOUBLE NOT NULL, value_after DOUBLE NOT NULL, booked DOUBLE NOT NULL, decided_by VARCHAR NOT NULL
  );
`;

/** Creates what is missing, so a file of an older version gets the tables that came later. Throws StoreFailure when a newer Lamplighter wrote the file. */
export async function ensureSchema(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run('CREATE TABLE IF NOT EXISTS meta (key VARCHAR NOT NULL, value BIGINT NOT NULL)');
  const version = await readMeta(connection, 'schema_version');
  if (version !== undefined && version > SCHEMA_VERSION) {
    throw new StoreFailure(
      'misconfigured',
      `${path} was written by a newer Lamplighter (schema ${version}, this one knows ${SCHEMA_VERSION}). Update Lamplighter.`,
    );
  }
  await inTransaction(connection, async () => {
    await connection.run(TABLES);
    if (version !== SCHEMA_VERSION) await writeMeta(connection, 'schema_version', SCHEMA_VERSION);
  });
}

export async function readMeta(connection: DuckDBConnection, key: string): Promise<bigint | undefined> {
  const result = await connection.run('SELECT value FROM meta WHERE key = $key', { key });
  const rows = (await result.getRows()) as [bigint][];
  return rows[0]?.[0];
}

/** Within the caller's transaction. */
export async function writeMeta(connection: DuckDBConnection, key: string, value: bigint): Promise<void> {
  await connection.run('DELETE FROM meta WHERE key = $key', { key });
  await connection.run('INSERT INTO meta VALUES ($key, $value)', { key, value });
}
