/** What memory knows of the file's content, so that commits and most questions need no look at it. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { CommitOrder } from './commit-order.ts';
import { LatestValues } from './latest-values.ts';
import { LedgerTable } from './ledger-table.ts';
import { RollUpTables } from './roll-up-tables.ts';
import { readMeta, writeMeta } from './schema.ts';
import { SeriesDictionary } from './series-dictionary.ts';
import { inTransaction } from './transactions.ts';

export class FileMemory {
  readonly series = new SeriesDictionary();
  readonly ledger = new LedgerTable();
  readonly rollUps = new RollUpTables();
  #latest = new LatestValues();
  #order = new CommitOrder(0);

  get latest(): LatestValues {
    return this.#latest;
  }

  get order(): CommitOrder {
    return this.#order;
  }

  async load(writer: DuckDBConnection): Promise<void> {
    await this.series.load(writer);
    await this.ledger.load(writer);
    await this.rollUps.load(writer);
    await this.#loadLatest(writer);
    await this.countOpening(writer);
  }

  /** After a commit of unknown outcome: what memory knows is compared with what the file, opened again, holds. */
  async reconcile(writer: DuckDBConnection): Promise<void> {
    await this.series.reconcile(writer);
    await this.ledger.reconcile(writer);
    await this.rollUps.reconcile(writer);
    await this.#loadLatest(writer);
    await this.countOpening(writer);
  }

  /** From here on commits are numbered as those of another opening. */
  async countOpening(writer: DuckDBConnection): Promise<void> {
    const opening = ((await readMeta(writer, 'openings')) ?? 0n) + 1n;
    await inTransaction(writer, () => writeMeta(writer, 'openings', opening));
    this.#order = new CommitOrder(Number(opening));
  }

  /** Writes the newest values, within the connection's transaction: else the next opening reads them from the rows. */
  async saveLatest(writer: DuckDBConnection): Promise<void> {
    await this.#latest.save(writer, this.#order.last);
  }

  async #loadLatest(writer: DuckDBConnection): Promise<void> {
    const latest = new LatestValues();
    await latest.load(writer);
    this.#latest = latest;
  }
}
