/**
 * The embedded store: one DuckDB file, owned by this object alone. Start reading here.
 *
 * Guarantees: a commit is one transaction of rows and ledger, durable when it resolves (DuckDB has written and synced
 * its write-ahead log); a failed commit leaves nothing behind and may be made again; a file that DuckDB gives up after
 * a fatal error is opened again by itself.
 *
 * commit: stage rows in typed arrays → one transaction (new series, rows, ledger) → newest values in memory.
 * putRollUps: the same in transactions of 10,000 rows, a series never divided, so that commits get in between; keep
 * deletes in such short transactions too.
 * Commits, roll-ups, deleting, forgetting and checkpoints come one after another; reads have connections of their own
 * and wait for nobody.
 */
import { version } from '@duckdb/node-api';
import type { MeterEvent, RollUp } from '../../contract/roll-up.ts';
import type { Log } from '../../runtime/log.ts';
import type {
  Kept,
  LatestRollUpQuery,
  MeterEventQuery,
  RollUpQuery,
  RollUpStore,
  RollUpUpdate,
  SeriesValues,
  ValuesQuery,
} from '../roll-up-store.ts';
import {
  type AdmittedBatch,
  type KeepRejected,
  type LatestQuery,
  type LatestValue,
  type LedgerEntry,
  type Series,
  type SeriesQuery,
  type SeriesTotal,
  type StoreCheck,
  StoreFailure,
  type StoreRejection,
  type TelemetryStore,
  type TotalsQuery,
} from '../telemetry-store.ts';
import { Checkpoints, type HeldFile } from './checkpoints.ts';
import type { DatabaseFile } from './database-file.ts';
import { FileMemory } from './file-memory.ts';
import { checkInstants } from './instants.ts';
import { KeptFile } from './kept-file.ts';
import { Questions } from './questions.ts';
import { deletionsOf, type OldRows } from './retention.ts';
import { partsOf } from './roll-up-parts.ts';
import { RowStaging } from './row-staging.ts';
import { ensureSchema } from './schema.ts';
import { inTransaction } from './transactions.ts';

export interface DuckDBStoreOptions {
  /** The file; its folder is made when missing. */
  readonly path: string;
  /** Threads that one query may use. Default 2. */
  readonly threads?: number | undefined;
  /** As DuckDB writes it. Default `1GB`; larger queries go to a temporary folder beside the file. */
  readonly memoryLimit?: string | undefined;
  /** Size of the write-ahead log at which it is moved to the main file. Default 64 MiB; earlier after roll-ups. */
  readonly checkpointBytes?: number | undefined;
}

const DEFAULTS = { threads: 2, memoryLimit: '1GB', checkpointBytes: 64 * 1024 * 1024 };

export class DuckDBStore implements TelemetryStore, RollUpStore {
  readonly engine = 'duckdb';
  readonly #file: KeptFile;
  readonly #checkpoints: Checkpoints;
  readonly #questions: Questions;
  readonly #staging = new RowStaging();
  #memory = new FileMemory();
  /** Why the last commit failed; empty when it did not. */
  #fault = '';

  constructor({ options, log }: { options: DuckDBStoreOptions; log: Log }) {
    const { path, threads, memoryLimit, checkpointBytes } = options;
    this.#file = new KeptFile({
      options: { path, threads: threads ?? DEFAULTS.threads, memoryLimit: memoryLimit ?? DEFAULTS.memoryLimit },
      log,
      load: async (writer) => {
        const memory = new FileMemory();
        await memory.load(writer);
        this.#memory = memory;
      },
      reconcile: (writer) => this.#memory.reconcile(writer),
    });
    this.#checkpoints = new Checkpoints({
      file: this.#file,
      bytes: checkpointBytes ?? DEFAULTS.checkpointBytes,
      save: async (writer) => {
        const { ledger } = this.#memory;
        await this.#memory.saveLatest(writer);
        return ledger.isWorthMerging ? ledger.merge(writer) : () => {};
      },
      log,
    });
    this.#questions = new Questions(this.#file, () => this.#memory);
  }

  /** Throws StoreFailure `misconfigured` when the file is in use, damaged or of a newer version. */
  async open(): Promise<void> {
    await this.#file.open();
  }

  /** Commits that were begun are finished first. */
  async close(): Promise<void> {
    await this.#file.close(() => this.#checkpoints.last());
  }

  async init(): Promise<StoreCheck> {
    await this.#file.exclusively('create the tables', (file) => ensureSchema(file.writer, file.path));
    return this.check();
  }

  async check(): Promise<StoreCheck> {
    const common = { engine: this.engine, version: version() };
    if (!this.#file.isOpen) return { ...common, ok: false, words: this.#file.notOpenWords() };
    try {
      const bytes = await this.#file.read('look at the file', async (connection, file) => {
        await connection.run('SELECT count(*) FROM meta');
        return file.bytes();
      });
      if (this.#fault !== '') return { ...common, ok: false, words: this.#fault };
      const size = `${this.#memory.series.size} series in ${(bytes / 1024 ** 2).toFixed(1)} MiB`;
      return { ...common, ok: true, words: `${this.#file.path} is open and holds ${size}.` };
    } catch (error) {
      return { ...common, ok: false, words: (error as Error).message };
    }
  }

  /** DuckDB refuses no single reading: the answer is always empty and `keepRejected` is never called. */
  async commit(batches: readonly AdmittedBatch[], _keepRejected: KeepRejected): Promise<readonly StoreRejection[]> {
    try {
      await this.#file.exclusively(`store ${batches.length} batches`, (file) => this.#commit(file, batches));
      this.#fault = '';
    } catch (error) {
      this.#fault = (error as Error).message;
      throw error;
    }
    this.#checkpoints.later('readings');
    return [];
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    return this.#file.exclusively('read the ledger', async ({ writer }) => {
      const { ledger } = this.#memory;
      if (ledger.isWorthMerging) (await inTransaction(writer, () => ledger.merge(writer)))();
      return ledger.read(writer);
    });
  }

  async forgetEpochs(gateway: string, held: readonly string[]): Promise<void> {
    await this.#file.exclusively(`forget epochs of ${gateway}`, async ({ writer }) => {
      const { ledger } = this.#memory;
      const ids = ledger.forgettable(gateway, held);
      if (ids.length > 0) (await inTransaction(writer, () => ledger.forget(writer, ids)))();
    });
  }

  async latest(query: LatestQuery): Promise<readonly LatestValue[]> {
    return this.#questions.latest(query);
  }

  /** Series without a point in the asked time are absent. */
  series(query: SeriesQuery): Promise<readonly Series[]> {
    return this.#questions.series(query);
  }

  /** Goes through every row of the asked time: for proofs, not for dashboards. */
  totals(query: TotalsQuery): Promise<readonly SeriesTotal[]> {
    return this.#questions.totals(query);
  }

  /** Throws `bad-request`, as the questions below do, when a bound of time is no number. */
  values(query: ValuesQuery): Promise<readonly SeriesValues[]> {
    return this.#questions.values(query);
  }

  rollUps(query: RollUpQuery): Promise<readonly RollUp[]> {
    return this.#questions.rollUps(query);
  }

  latestRollUps(query: LatestRollUpQuery): Promise<readonly RollUp[]> {
    return this.#questions.latestRollUps(query);
  }

  meterEvents(query: MeterEventQuery): Promise<readonly MeterEvent[]> {
    return this.#questions.meterEvents(query);
  }

  /**
   * In short transactions, in the order of the series' first rows; commits get in between. Of each series all is
   * written at once: its rows of every width and its events.
   */
  async putRollUps(update: RollUpUpdate): Promise<void> {
    this.#file.opened();
    const memory = this.#memory;
    for (const part of await partsOf(update, memory.series)) {
      await this.#file.exclusively('store roll-ups', async ({ writer }) => {
        if (this.#memory !== memory) throw new StoreFailure('unavailable', 'The store was closed meanwhile.');
        const committed = await inTransaction(writer, async () => {
          const seriesWritten = await memory.series.writeNew(writer);
          const rowsWritten = await memory.rollUps.write(writer, part);
          return () => {
            seriesWritten();
            rowsWritten();
          };
        });
        committed();
      });
      this.#checkpoints.later('roll-ups');
    }
  }

  /** Deletes now, in short transactions with commits between them; the space is used again, the file does not shrink. */
  async keep({ raw, quarters }: Kept, _now: number): Promise<void> {
    checkInstants({ ...(raw === undefined ? {} : { raw }), ...(quarters === undefined ? {} : { quarters }) });
    const through = await this.#file.exclusively('delete old rows', async () => this.#memory.order.last);
    if (raw !== undefined) await this.#delete({ table: 'reading_values', time: 'time', before: raw, through });
    if (quarters !== undefined) await this.#delete({ table: 'rollup_15m', time: 'start', before: quarters });
  }

  /** The main file, to be copied while commits go on (checkpoints.ts). Throws StoreFailure. */
  hold(): Promise<HeldFile> {
    return this.#checkpoints.hold();
  }

  async #delete(old: OldRows): Promise<void> {
    const deletions = await this.#file.read('look for old rows', (connection) => deletionsOf(connection, old));
    if (deletions.length === 0) return;
    await this.#file.exclusively('save the newest values', ({ writer }) =>
      // They are read from the rows at the next opening, unless they are saved.
      inTransaction(writer, () => this.#memory.saveLatest(writer)),
    );
    for (const deletion of deletions) {
      await this.#file.exclusively('delete old rows', ({ writer }) =>
        inTransaction(writer, () => writer.run(deletion)),
      );
      this.#checkpoints.later('deletions');
    }
  }

  async #commit({ writer }: DatabaseFile, batches: readonly AdmittedBatch[]): Promise<void> {
    if (batches.length === 0) return;
    const memory = this.#memory;
    const readings = batches.reduce((sum, batch) => sum + batch.readings.length, 0);
    if (!memory.order.hasRoomFor(readings)) await memory.countOpening(writer);
    this.#staging.clear();
    for (const batch of batches) this.#staging.add(batch, memory.series, memory.order);
    const committed = await inTransaction(writer, async () => {
      const seriesWritten = await memory.series.writeNew(writer);
      await this.#staging.append(writer);
      const ledgerWritten = await memory.ledger.write(writer, batches);
      return () => {
        seriesWritten();
        ledgerWritten();
      };
    });
    committed();
    this.#staging.observe(memory.latest);
  }
}
