/**
 * The file, kept open while the store is: whatever writes comes one after another on one connection, reads have
 * connections of their own and wait for nobody, and a file that DuckDB gives up after a fatal error is opened again by
 * the next piece of work.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Log } from '../../runtime/log.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { DatabaseFile, type DatabaseOptions } from './database-file.ts';
import { isFatal, workingFailure } from './faults.ts';
import { ensureSchema } from './schema.ts';
import { SerialQueue } from './serial-queue.ts';

export interface KeptFileDeps {
  readonly options: DatabaseOptions;
  readonly log: Log;
  /** Called when the store is opened. */
  readonly load: (writer: DuckDBConnection) => Promise<void>;
  /** Called when the file was opened again after a fatal error. */
  readonly reconcile: (writer: DuckDBConnection) => Promise<void>;
}

export class KeptFile {
  readonly path: string;
  readonly #deps: KeptFileDeps;
  readonly #queue = new SerialQueue();
  #file: DatabaseFile | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** DuckDB refuses further work: the file must be opened again. */
  #isBroken = false;

  constructor(deps: KeptFileDeps) {
    this.#deps = deps;
    this.path = deps.options.path;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Throws StoreFailure. */
  async open(): Promise<void> {
    await this.#queue.add(async () => {
      if (this.isOpen) return;
      await this.#openFile(this.#deps.load);
      this.#state = 'open';
    });
  }

  /** What is queued is finished first, then `last` is done, unless the file is broken. */
  async close(last: () => Promise<void>): Promise<void> {
    await this.#queue.add(async () => {
      if (!this.isOpen) return;
      if (!this.#isBroken) await last();
      this.#state = 'closed';
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  /** One after another, on the writing connection. `doing` completes "could not …". Throws StoreFailure. */
  exclusively<T>(doing: string, work: (file: DatabaseFile) => Promise<T>): Promise<T> {
    return this.#queue.add(async () => {
      try {
        return await work(await this.#healthyFile());
      } catch (error) {
        throw this.failure(doing, error);
      }
    });
  }

  /** As soon as what is queued is done, if the file is open and sound then. `work` does not throw. */
  later(work: () => Promise<void>): void {
    void this.#queue.add(async () => {
      if (this.isOpen && !this.#isBroken) await work();
    });
  }

  /** One state of the file, beside whatever is written. Throws StoreFailure. */
  async read<T>(doing: string, read: (connection: DuckDBConnection, file: DatabaseFile) => Promise<T>): Promise<T> {
    this.opened();
    const file = this.#isBroken ? await this.exclusively(doing, async (healthy) => healthy) : this.opened();
    try {
      return await file.readers.use((connection) => read(connection, file));
    } catch (error) {
      throw this.failure(doing, error);
    }
  }

  /** What to throw. After a fatal error the file is opened again before anything else is done. */
  failure(doing: string, error: unknown): Error {
    if (isFatal(error)) this.#isBroken = true;
    return workingFailure(this.path, doing, error);
  }

  /** Throws StoreFailure `unavailable` when there is none. */
  opened(): DatabaseFile {
    if (!this.isOpen || this.#file === undefined) throw new StoreFailure('unavailable', this.notOpenWords());
    return this.#file;
  }

  notOpenWords(): string {
    return this.#state === 'closed' ? `The store ${this.path} is closed.` : `The store ${this.path} is not open.`;
  }

  async #healthyFile(): Promise<DatabaseFile> {
    const file = this.opened();
    if (!this.#isBroken) return file;
    this.#deps.log.warn({ path: file.path }, 'opening the store again after a fatal error');
    await file.close();
    return this.#openFile(this.#deps.reconcile);
  }

  async #openFile(load: (writer: DuckDBConnection) => Promise<void>): Promise<DatabaseFile> {
    const file = await DatabaseFile.open(this.#deps.options);
    try {
      await ensureSchema(file.writer, file.path);
      await load(file.writer);
    } catch (error) {
      await file.close();
      throw workingFailure(this.path, 'open the store', error);
    }
    this.#file = file;
    this.#isBroken = false;
    return file;
  }
}
