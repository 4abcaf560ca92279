/**
 * The open file: one DuckDB instance, one connection that writes and a few that read.
 *
 * One owner per file. Another process is kept out by DuckDB's lock. That lock (fcntl) does not see a second opening in
 * the same process, by another module instance or thread, and two instances on one file lose committed rows: it is
 * looked for among the files this process has open.
 */
import { existsSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { StoreFailure } from '../telemetry-store.ts';
import { openingFailure } from './faults.ts';
import { ReaderPool } from './reader-pool.ts';

export interface DatabaseOptions {
  readonly path: string;
  /** Threads that one query may use. */
  readonly threads: number;
  /** As DuckDB writes it: `1GB`, `512MB`. */
  readonly memoryLimit: string;
}

const READERS = 2;
const owned = new Set<string>();

export class DatabaseFile {
  readonly path: string;
  readonly writer: DuckDBConnection;
  readonly readers: ReaderPool;
  readonly #instance: DuckDBInstance;
  #isClosed = false;

  private constructor(path: string, instance: DuckDBInstance, writer: DuckDBConnection, readers: ReaderPool) {
    this.path = path;
    this.#instance = instance;
    this.writer = writer;
    this.readers = readers;
  }

  /** Creates the file and its folder when they are missing. Throws StoreFailure. */
  static async open(options: DatabaseOptions): Promise<DatabaseFile> {
    checkOptions(options);
    const path = await ownPath(options.path);
    try {
      const instance = await DuckDBInstance.create(path, {
        threads: String(options.threads),
        memory_limit: options.memoryLimit,
        // Checkpoints are the store's own (duckdb-store.ts): one inside a COMMIT delays its acknowledgement, and
        // leaves the outcome of the commit unknown when it fails.
        wal_autocheckpoint: '1TB',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const writer = await instance.connect();
      const readers = await Promise.all(Array.from({ length: READERS }, () => instance.connect()));
      return new DatabaseFile(path, instance, writer, new ReaderPool(readers));
    } catch (error) {
      owned.delete(path);
      throw openingFailure(path, error);
    }
  }

  /** Bytes of the write-ahead log: what is committed but not yet in the main file. */
  async logBytes(): Promise<number> {
    try {
      return (await stat(`${this.path}.wal`)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  async mainBytes(): Promise<number> {
    return (await stat(this.path)).size;
  }

  async bytes(): Promise<number> {
    return (await this.mainBytes()) + (await this.logBytes());
  }

  /** Waits for running reads, then lets go of the file. Committed rows that only the log holds are read at the next opening. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.readers.close();
    this.writer.closeSync();
    this.#instance.closeSync();
    owned.delete(this.path);
  }
}

function checkOptions({ threads, memoryLimit }: DatabaseOptions): void {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new StoreFailure('misconfigured', `The store's threads must be a whole number from 1 on, not ${threads}.`);
  }
  if (!/^\d+(\.\d+)? ?([KMGT]i?B)$/i.test(memoryLimit)) {
    throw new StoreFailure(
      'misconfigured',
      `The store's memory limit must look like 1GB or 512MB, not ${memoryLimit}.`,
    );
  }
}

/** Claims the file for this opening and returns its one true path. */
async function ownPath(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new StoreFailure('misconfigured', `The folder ${folder} cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const file = existsSync(path) ? realpathSync(path) : join(realpathSync(folder), basename(path));
  if (owned.has(file) || isOpenInThisProcess(file)) {
    throw new StoreFailure(
      'misconfigured',
      `${file} is already open in this process (${process.pid}). One store owns it: use that one.`,
    );
  }
  owned.add(file);
  return file;
}

/** Sees every thread's files where the system tells (Linux); elsewhere `owned` alone guards. */
function isOpenInThisProcess(file: string): boolean {
  const descriptors = '/proc/self/fd';
  if (!existsSync(descriptors)) return false;
  return readdirSync(descriptors).some((descriptor) => {
    try {
      return readlinkSync(join(descriptors, descriptor)) === file;
    } catch {
      return false; // closed since it was listed, as the listing's own descriptor is
    }
  });
}
