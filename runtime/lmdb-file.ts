/**
 * A durable key-value file: one LMDB environment, opened once by its owner (register, dead letters, the ledger of
 * InfluxDB). Writes come one after another; each is all or nothing, and resolves after the flush to disk, which is later
 * than lmdb's own `put`.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import { type Key, open, type RootDatabase } from 'lmdb';

/**
 * Space that must be free before a write begins. lmdb 3.5.6 reports a disk that fills up in the middle of a commit, and
 * at times corrupts the heap of the process while doing so; a write that starts with room to spare never gets there.
 */
const SPARE_BYTES = 4 * 1024 * 1024;

/** Bytes that this user may still write to the disk under a folder. */
export type FreeBytes = (folder: string) => number;

const freeBytesOf: FreeBytes = (folder) => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Why a write was refused, in words; nothing was changed. */
export class WriteRefused extends Error {
  constructor(words: string, options?: { cause?: unknown }) {
    super(words, options);
    this.name = 'WriteRefused';
  }
}

export interface LmdbWrite<V, K extends Key> {
  put(key: K, value: V): void;
  remove(key: K): void;
}

/**
 * Address space set aside for a file; it takes no memory and no disk. Left to itself lmdb begins with 128 KiB, doubles
 * it each time it is full and keeps every map before, with the pages read through it: they all count as resident.
 */
const MAP_BYTES = 256 * 1024 * 1024;

export class LmdbFile<V, K extends Key> {
  readonly folder: string;
  readonly #freeBytes: FreeBytes;
  #db: RootDatabase<V, K> | undefined;
  /** Settles when all writes so far have. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(folder: string, freeBytes: FreeBytes = freeBytesOf) {
    this.folder = folder;
    this.#freeBytes = freeBytes;
  }

  /** Opens the file for reading and writing, and makes it when it is missing. */
  open(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#db = open<V, K>({
      path: this.folder,
      noSubdir: false,
      encoding: 'json',
      mapSize: MAP_BYTES,
      // One commit at a time, each flushed before it resolves: simpler than lmdb's overlapping ones.
      overlappingSync: false,
      eventTurnBatching: false,
    });
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#close();
  }

  get isOpen(): boolean {
    return this.#db !== undefined;
  }

  /** What is durable, to read from. Throws when the file is not open. */
  get db(): Pick<RootDatabase<V, K>, 'get' | 'getRange' | 'getKeys'> {
    return this.#opened();
  }

  /**
   * Makes every change that `change` asks for, or none. `change` is called when all earlier writes are durable, and
   * what it throws is thrown.
   * @throws WriteRefused when the disk refuses.
   */
  write(change: (write: LmdbWrite<V, K>) => void): Promise<void> {
    const turn = this.#lastWrite.then(() => this.#write(change));
    this.#lastWrite = turn.catch(() => {});
    return turn;
  }

  async #write(change: (write: LmdbWrite<V, K>) => void): Promise<void> {
    const db = this.#opened();
    const changes: (() => Promise<boolean>)[] = [];
    change({
      put: (key, value) => void changes.push(() => db.put(key, value)),
      remove: (key) => void changes.push(() => db.remove(key)),
    });
    if (changes.length === 0) return;
    if (this.#freeBytes(this.folder) < SPARE_BYTES) throw new WriteRefused('the disk is full');
    try {
      const made: Promise<unknown>[] = [];
      made.push(
        db.batch(() => {
          for (const make of changes) made.push(make());
        }),
      );
      // Each change has a promise of its own that fails with the batch; one left alone would end the process.
      await Promise.all(made);
      await db.flushed;
    } catch (error) {
      const words = await causeOf(error);
      // A failed commit can leave LMDB refusing all further work (MDB_PANIC), so the file is opened afresh.
      await this.#close();
      this.open();
      throw new WriteRefused(words, { cause: error });
    }
  }

  async #close(): Promise<void> {
    const db = this.#db;
    this.#db = undefined;
    await db?.close();
  }

  #opened(): RootDatabase<V, K> {
    if (this.#db === undefined) throw new WriteRefused(`${this.folder} is not open`);
    return this.#db;
  }
}

/** lmdb hides why a commit failed in a second promise. */
async function causeOf(error: unknown): Promise<string> {
  const commitError = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  try {
    await commitError;
    return error instanceof Error ? error.message : String(error);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
