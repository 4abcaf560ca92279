/** Transactions on one connection, which only one piece of work uses at a time. */
import type { DuckDBConnection } from '@duckdb/node-api';

/** Commits what `work` does, or nothing of it. */
export function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  return transact(connection, 'BEGIN TRANSACTION', work);
}

/**
 * Reads one state of the file. Needed for every query with bound parameters beside commits: outside a transaction its
 * plan is made before, and trusts statistics (smallest and largest time, series) that a commit in between makes wrong;
 * DuckDB then fails ("Perfect hash aggregate") or leaves out a filter it took for always true.
 */
export function inSnapshot<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  return transact(connection, 'BEGIN TRANSACTION READ ONLY', work);
}

async function transact<T>(connection: DuckDBConnection, begin: string, work: () => Promise<T>): Promise<T> {
  await connection.run(begin);
  let outcome: T;
  try {
    outcome = await work();
    await connection.run('COMMIT');
  } catch (error) {
    await rollBack(connection, error);
    throw error;
  }
  return outcome;
}

async function rollBack(connection: DuckDBConnection, because: unknown): Promise<void> {
  try {
    await connection.run('ROLLBACK');
  } catch (error) {
    // A failed COMMIT has rolled back by itself.
    if (error instanceof Error && /no transaction is active/i.test(error.message)) return;
    throw new AggregateError(
      [because, error],
      `${(because as Error).message} (fatal error: ${(error as Error).message})`,
    );
  }
}
