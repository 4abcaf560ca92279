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
import { CommitOrder } from './commit-order.ts';
import { DatabaseFile, type DatabaseOptions } from './database-file.ts';
import { isFatal, workingFailure } from './faults.ts';
import { checkInstants } from './instants.ts';
import { LatestValues } from './latest-values.ts';
import { LedgerTable } from './ledger-table.ts';
import { readPoints, readTotals } from './queries.ts';
import { deletionsOf, type OldRows } from './retention.ts';
import { partsOf } from './roll-up-parts.ts';
import { type RowStretch, readLatestRollUps, readMeterEvents, readRollUps } from './roll-up-queries.ts';
import { RollUpTables } from './roll-up-tables.ts';
import { RowStaging } from './row-staging.ts';
import { ensureSchema, readMeta, writeMeta } from './schema.ts';
import { SerialQueue } from './serial-queue.ts';
import { SeriesDictionary } from './series-dictionary.ts';
import { readValues } from './series-values.ts';
import { inTransaction } from './transactions.ts';

export interface DuckDBStoreOptions {
  /** The file; its folder is made when missing. */
  readonly path: string;
  /** Threads that one query may use. Default 2. */
  readonly threads?: number | undefined;
  /** As DuckDB writes it. Default `1GB`; larger queries go to a temporary folder beside the file. */
  readonly memoryLimit?: string | undefined;
  /** Size of the write-ahead log at which it is moved to the main file. Default 64 MiB. */
  readonly checkpointBytes?: number | undefined;
}

/** The main file at rest: its first `bytes` hold one state of the store, and stay as they are until `release`. */
export interface HeldFile {
  readonly path: string;
  readonly bytes: number;
  /** @throws StoreFailure when the file was closed or opened again meanwhile: a copy of it is worth nothing then. */
  release(): Promise<void>;
}

const DEFAULTS = { threads: 2, memoryLimit: '1GB', checkpointBytes: 64 * 1024 * 1024 };

export class DuckDBStore implements TelemetryStore, RollUpStore {
  readonly engine = 'duckdb';
  readonly #options: DatabaseOptions;
  readonly #checkpointBytes: number;
  readonly #log: Log;
  readonly #queue = new SerialQueue();
  readonly #staging = new RowStaging();
  #series = new SeriesDictionary();
  #latest = new LatestValues();
  #ledger = new LedgerTable();
  #rollUps = new RollUpTables();
  #order = new CommitOrder(0);
  #file: DatabaseFile | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** DuckDB refuses further work: the file must be opened again. */
  #isBroken = false;
  /** Size of the log that makes the next checkpoint due; more after one that failed, so that it is not tried every time. */
  #dueBytes: number;
  /** Somebody copies the main file, which checkpoints alone change. */
  #isHeld = false;
  /** Why the last commit failed; empty when it did not. */
  #fault = '';

  constructor(deps: { options: DuckDBStoreOptions; log: Log }) {
    const { path, threads, memoryLimit, checkpointBytes } = deps.options;
    this.#options = {
      path,
      threads: threads ?? DEFAULTS.threads,
      memoryLimit: memoryLimit ?? DEFAULTS.memoryLimit,
    };
    this.#checkpointBytes = checkpointBytes ?? DEFAULTS.checkpointBytes;
    this.#dueBytes = this.#checkpointBytes;
    this.#log = deps.log;
  }

  /** Throws StoreFailure `misconfigured` when the file is in use, damaged or of a newer version. */
  async open(): Promise<void> {
    await this.#queue.add(async () => {
      if (this.#state === 'open') return;
      this.#series = new SeriesDictionary();
      this.#ledger = new LedgerTable();
      this.#rollUps = new RollUpTables();
      await this.#openFile(async ({ writer }) => {
        await this.#series.load(writer);
        await this.#ledger.load(writer);
        await this.#rollUps.load(writer);
        await this.#loadLatest(writer);
      });
      this.#state = 'open';
    });
  }

  /** Commits that were begun are finished first. */
  async close(): Promise<void> {
    await this.#queue.add(async () => {
      if (this.#state !== 'open') return;
      if (!this.#isBroken && !this.#isHeld) await this.#checkpoint(0);
      this.#state = 'closed';
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  async init(): Promise<StoreCheck> {
    await this.#exclusively('create the tables', (file) => ensureSchema(file.writer, file.path));
    return this.check();
  }

  async check(): Promise<StoreCheck> {
    const common = { engine: this.engine, version: version() };
    if (this.#state !== 'open') return { ...common, ok: false, words: this.#notOpenWords() };
    try {
      const bytes = await this.#read('look at the file', async (connection, file) => {
        await connection.run('SELECT count(*) FROM meta');
        return file.bytes();
      });
      if (this.#fault !== '') return { ...common, ok: false, words: this.#fault };
      const size = `${this.#series.size} series in ${(bytes / 1024 ** 2).toFixed(1)} MiB`;
      return { ...common, ok: true, words: `${this.#options.path} is open and holds ${size}.` };
    } catch (error) {
      return { ...common, ok: false, words: (error as Error).message };
    }
  }

  /** DuckDB refuses no single reading: the answer is always empty and `keepRejected` is never called. */
  async commit(batches: readonly AdmittedBatch[], _keepRejected: KeepRejected): Promise<readonly StoreRejection[]> {
    try {
      await this.#exclusively(`store ${batches.length} batches`, (file) => this.#commit(file, batches));
      this.#fault = '';
    } catch (error) {
      this.#fault = (error as Error).message;
      throw error;
    }
    this.#tidyLater();
    return [];
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    return this.#exclusively('read the ledger', async (file) => {
      if (this.#ledger.isWorthMerging) {
        (await inTransaction(file.writer, () => this.#ledger.merge(file.writer)))();
      }
      return this.#ledger.read(file.writer);
    });
  }

  async forgetEpochs(gateway: string, held: readonly string[]): Promise<void> {
    await this.#exclusively(`forget epochs of ${gateway}`, async ({ writer }) => {
      const ids = this.#ledger.forgettable(gateway, held);
      if (ids.length > 0) (await inTransaction(writer, () => this.#ledger.forget(writer, ids)))();
    });
  }

  async latest({ gateway, device, metric }: LatestQuery): Promise<readonly LatestValue[]> {
    this.#openFileOrThrow();
    const found: LatestValue[] = [];
    for (const id of this.#series.select(gateway, device, metric)) {
      const name = this.#series.name(id);
      const newest = this.#latest.get(id);
      if (name !== undefined && newest !== undefined) found.push({ ...name, ...newest });
    }
    return found;
  }

  /** Series without a point in the asked time are absent. */
  async series(query: SeriesQuery): Promise<readonly Series[]> {
    const { metric, devices, from, to, every, limit } = query;
    const ids = devices.map(({ gateway, device }) => this.#series.find({ gateway, device, metric }));
    const known = [...new Set(ids.filter((id) => id !== undefined))];
    const points = await this.#read('read a series', (connection) =>
      readPoints(connection, { ids: known, from, to, every, limit }),
    );
    return known.flatMap((id) => {
      const ofSeries = points.get(id);
      const name = this.#series.name(id);
      return ofSeries === undefined || name === undefined ? [] : [{ ...name, points: ofSeries }];
    });
  }

  /** Goes through every row of the asked time: for proofs, not for dashboards. */
  async totals({ gateway, from, to }: TotalsQuery): Promise<readonly SeriesTotal[]> {
    const ids = gateway === undefined ? undefined : [...this.#series.select(gateway)];
    const totals = await this.#read('count what is stored', (connection) => readTotals(connection, { ids, from, to }));
    return totals.flatMap(({ id, ...total }) => {
      const name = this.#series.name(id);
      return name === undefined ? [] : [{ ...name, ...total }];
    });
  }

  /** Throws `bad-request`, as the questions below do, when a bound of time is no number. */
  async values({ devices, metrics, from, to }: ValuesQuery): Promise<readonly SeriesValues[]> {
    const ids = this.#series.ids(devices, metrics) ?? [];
    const found = await this.#read('read values', (connection) => readValues(connection, { ids, from, to }));
    return found.flatMap(({ id, times, values }) => {
      const name = this.#series.name(id);
      return name === undefined ? [] : [{ ...name, times, values }];
    });
  }

  async rollUps({ width, sites, devices, metrics, from, to }: RollUpQuery): Promise<readonly RollUp[]> {
    const stretch: RowStretch = {
      series: this.#series.ids(devices, metrics),
      sites: sites?.map((site) => this.#rollUps.sites.find(site)).filter((id) => id !== undefined),
      from,
      to,
    };
    const names = { series: this.#series, sites: this.#rollUps.sites };
    return this.#read('read roll-ups', (connection) => readRollUps(connection, width, stretch, names));
  }

  async latestRollUps({ devices, metrics, from, before }: LatestRollUpQuery): Promise<readonly RollUp[]> {
    const stretch = { series: this.#series.ids(devices, metrics), from, to: before };
    const names = { series: this.#series, sites: this.#rollUps.sites };
    return this.#read('read roll-ups', (connection) => readLatestRollUps(connection, '15m', stretch, names));
  }

  async meterEvents({ devices, metrics, from, to }: MeterEventQuery): Promise<readonly MeterEvent[]> {
    const stretch = { series: this.#series.ids(devices, metrics), from, to };
    return this.#read('read events of meters', (connection) => readMeterEvents(connection, stretch, this.#series));
  }

  /**
   * In transactions of about 10,000 rows, in the order of the series' first rows; commits get in between. Of each
   * series all is written at once: its rows of every width and its events.
   */
  async putRollUps(update: RollUpUpdate): Promise<void> {
    this.#openFileOrThrow();
    const dictionary = this.#series;
    for (const part of await partsOf(update, dictionary)) {
      await this.#exclusively('store roll-ups', async ({ writer }) => {
        if (this.#series !== dictionary) throw new StoreFailure('unavailable', 'The store was closed meanwhile.');
        const committed = await inTransaction(writer, async () => {
          const seriesWritten = await dictionary.writeNew(writer);
          const rowsWritten = await this.#rollUps.write(writer, part);
          return () => {
            seriesWritten();
            rowsWritten();
          };
        });
        committed();
      });
    }
    this.#tidyLater();
  }

  /** Deletes now, in short transactions with commits between them; the space is used again, the file does not shrink. */
  async keep({ raw, quarters }: Kept, _now: number): Promise<void> {
    checkInstants({ ...(raw === undefined ? {} : { raw }), ...(quarters === undefined ? {} : { quarters }) });
    const through = await this.#exclusively('delete old rows', async () => this.#order.last);
    if (raw !== undefined) await this.#delete({ table: 'reading_values', time: 'time', before: raw, through });
    if (quarters !== undefined) await this.#delete({ table: 'rollup_15m', time: 'start', before: quarters });
  }

  /**
   * Lets the main file be copied while commits go on. A checkpoint moves everything committed into it, which takes as
   * long as any other (the log has a bound); from then on commits go to the log. The file itself changes at checkpoints
   * alone, and those wait for `release`: blocks that large commits write to it ahead of their log record take free or new
   * places, never one that the last checkpoint refers to. The log grows meanwhile and is no part of the copy.
   * @throws StoreFailure when the checkpoint fails, or the file is held already.
   */
  async hold(): Promise<HeldFile> {
    return this.#exclusively('hold the file still', async (file) => {
      if (this.#isHeld) throw new StoreFailure('unavailable', 'The file is being copied already.');
      await this.#checkpoint(0);
      if (this.#isBroken || (await file.logBytes()) > 0) {
        throw new StoreFailure('unavailable', 'The write-ahead log could not be moved to the main file.');
      }
      this.#isHeld = true;
      return {
        path: file.path,
        bytes: await file.mainBytes(),
        release: async () => {
          this.#isHeld = false;
          if (this.#file !== file) {
            throw new StoreFailure('unavailable', 'The store was closed or opened again while its file was copied.');
          }
          this.#tidyLater();
        },
      };
    });
  }

  async #delete(old: OldRows): Promise<void> {
    const deletions = await this.#read('look for old rows', (connection) => deletionsOf(connection, old));
    if (deletions.length === 0) return;
    await this.#exclusively('save the newest values', ({ writer }) =>
      // They are read from the rows at the next opening, unless they are saved.
      inTransaction(writer, () => this.#latest.save(writer, this.#order.last)),
    );
    for (const deletion of deletions) {
      await this.#exclusively('delete old rows', ({ writer }) => inTransaction(writer, () => writer.run(deletion)));
      this.#tidyLater();
    }
  }

  async #commit({ writer }: DatabaseFile, batches: readonly AdmittedBatch[]): Promise<void> {
    if (batches.length === 0) return;
    const readings = batches.reduce((sum, batch) => sum + batch.readings.length, 0);
    if (!this.#order.hasRoomFor(readings)) this.#order = await this.#nextOpening(writer);
    this.#staging.clear();
    for (const batch of batches) this.#staging.add(batch, this.#series, this.#order);
    const committed = await inTransaction(writer, async () => {
      const seriesWritten = await this.#series.writeNew(writer);
      await this.#staging.append(writer);
      const ledgerWritten = await this.#ledger.write(writer, batches);
      return () => {
        seriesWritten();
        ledgerWritten();
      };
    });
    committed();
    this.#staging.observe(this.#latest);
  }

  /** Moves the log to the main file when it has grown, after the commit is answered and before the next begins. */
  #tidyLater(): void {
    void this.#queue.add(async () => {
      if (this.#state !== 'open' || this.#isBroken || this.#isHeld) return;
      await this.#checkpoint(this.#dueBytes);
    });
  }

  /**
   * Saves the newest values, merges the ledger and empties the log, if it has so many bytes. Nothing depends on its success: what is committed
   * is in the log. When it breaks the file, the next commit opens it again; when the disk is full, that commit says so.
   */
  async #checkpoint(dueBytes: number): Promise<void> {
    const file = this.#openFileOrThrow();
    const { writer } = file;
    let bytes = 0;
    try {
      bytes = await file.logBytes();
      if (bytes < dueBytes) return;
      const merged = await inTransaction(writer, async () => {
        await this.#latest.save(writer, this.#order.last);
        return this.#ledger.isWorthMerging ? this.#ledger.merge(writer) : () => {};
      });
      merged();
      await writer.run('CHECKPOINT');
      this.#dueBytes = this.#checkpointBytes;
    } catch (error) {
      this.#dueBytes = Math.max(this.#checkpointBytes, 2 * bytes);
      const failure = this.#failure('move the write-ahead log to the main file', error);
      this.#log.warn({ error: failure.message }, 'checkpoint failed, committed readings stay in the write-ahead log');
    }
  }

  /** Opens the file again after DuckDB gave it up. What memory knows of the file is compared with what it holds. */
  async #healthyFile(): Promise<DatabaseFile> {
    const file = this.#openFileOrThrow();
    if (!this.#isBroken) return file;
    this.#log.warn({ path: file.path }, 'opening the store again after a fatal error');
    await file.close();
    return this.#openFile(async ({ writer }) => {
      await this.#series.reconcile(writer);
      await this.#ledger.reconcile(writer);
      await this.#rollUps.reconcile(writer);
      await this.#loadLatest(writer);
    });
  }

  async #openFile(load: (file: DatabaseFile) => Promise<void>): Promise<DatabaseFile> {
    const file = await DatabaseFile.open(this.#options);
    try {
      await ensureSchema(file.writer, file.path);
      await load(file);
      this.#order = await this.#nextOpening(file.writer);
    } catch (error) {
      await file.close();
      throw workingFailure(this.#options.path, 'open the store', error);
    }
    this.#file = file;
    this.#isBroken = false;
    return file;
  }

  async #loadLatest(writer: DatabaseFile['writer']): Promise<void> {
    const latest = new LatestValues();
    await latest.load(writer);
    this.#latest = latest;
  }

  async #nextOpening(writer: DatabaseFile['writer']): Promise<CommitOrder> {
    const opening = ((await readMeta(writer, 'openings')) ?? 0n) + 1n;
    await inTransaction(writer, () => writeMeta(writer, 'openings', opening));
    return new CommitOrder(Number(opening));
  }

  /** One after another, on the writing connection. */
  #exclusively<T>(doing: string, work: (file: DatabaseFile) => Promise<T>): Promise<T> {
    return this.#queue.add(async () => {
      try {
        return await work(await this.#healthyFile());
      } catch (error) {
        throw this.#failure(doing, error);
      }
    });
  }

  async #read<T>(
    doing: string,
    read: (connection: DatabaseFile['writer'], file: DatabaseFile) => Promise<T>,
  ): Promise<T> {
    this.#openFileOrThrow();
    const file = this.#isBroken ? await this.#exclusively(doing, async (healthy) => healthy) : this.#openFileOrThrow();
    try {
      return await file.readers.use((connection) => read(connection, file));
    } catch (error) {
      throw this.#failure(doing, error);
    }
  }

  #failure(doing: string, error: unknown): Error {
    if (isFatal(error)) this.#isBroken = true;
    return workingFailure(this.#options.path, doing, error);
  }

  #openFileOrThrow(): DatabaseFile {
    if (this.#state !== 'open' || this.#file === undefined) throw new StoreFailure('unavailable', this.#notOpenWords());
    return this.#file;
  }

  #notOpenWords(): string {
    return this.#state === 'closed'
      ? `The store ${this.#options.path} is closed.`
      : `The store ${this.#options.path} is not open.`;
  }
}
