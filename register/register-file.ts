/**
 * The register on disk: one LMDB environment, opened once by its owner.
 * A write is atomic, and resolves after the flush to disk (facts: `put` resolves at the commit, which is sooner).
 */
import { chmodSync, mkdirSync, statfsSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import { LamplighterError } from '../contract/error-codes.ts';
import type { Change } from './change.ts';
import type { Origin } from './model.ts';

interface Stored {
  readonly value: unknown;
  readonly origin: Origin;
}

type FileKey = [kind: string, ...id: string[]];

const VERSION_KEY: FileKey = ['meta', 'version'];
const KINDS = ['city', 'site', 'gateway', 'device', 'credential'] as const;

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

export class RegisterFile {
  readonly #folder: string;
  readonly #freeBytes: FreeBytes;
  #db: RootDatabase<Stored | number, FileKey> | undefined;

  constructor(folder: string, freeBytes: FreeBytes = freeBytesOf) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  open(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // The hashes of all tokens are in here, so a folder that was there before is closed to others as well.
    chmodSync(this.#folder, 0o700);
    this.#db = open<Stored | number, FileKey>({
      path: this.#folder,
      noSubdir: false,
      encoding: 'json',
      // One commit at a time, each flushed before it resolves: simpler than lmdb's overlapping ones, and writes are rare.
      overlappingSync: false,
      eventTurnBatching: false,
    });
  }

  async close(): Promise<void> {
    const db = this.#db;
    this.#db = undefined;
    await db?.close();
  }

  /** Everything, in an order in which each reference comes after what it names. */
  read(): { version: number; changes: Change[] } {
    const db = this.#opened();
    const version = db.get(VERSION_KEY);
    const changes: Change[] = [];
    for (const kind of KINDS) {
      for (const { value } of db.getRange({ start: [kind], end: [kind, '\uffff'] })) {
        changes.push({ kind, ...(value as Stored) } as Change);
      }
    }
    return { version: typeof version === 'number' ? version : 0, changes };
  }

  /** @throws LamplighterError `store-unavailable` when the disk refuses; then nothing was changed. */
  async write(changes: readonly Change[], version: number): Promise<void> {
    const db = this.#opened();
    if (this.#freeBytes(this.#folder) < SPARE_BYTES) throw this.#refused('the disk is full', undefined);
    try {
      const writes: Promise<boolean>[] = [];
      const batch = db.batch(() => {
        for (const change of changes) {
          if (change.kind === 'no-credential') writes.push(db.remove(['credential', change.id]));
          else writes.push(db.put(keyOf(change), { value: change.value, origin: change.origin }));
        }
        writes.push(db.put(VERSION_KEY, version));
      });
      // Each write has a promise of its own that fails with the batch; one left alone would end the process.
      await Promise.all([batch, ...writes]);
      await db.flushed;
    } catch (error) {
      const cause = await causeOf(error);
      await this.#openAgain();
      throw this.#refused(cause, error);
    }
  }

  #refused(words: string, cause: unknown): LamplighterError {
    return new LamplighterError(
      'store-unavailable',
      `The register in ${this.#folder} cannot be written: ${words}. ` +
        'Check the free space and the permissions of the disk, then try again.',
      { cause },
    );
  }

  /** A failed commit can leave LMDB refusing all further work (MDB_PANIC), so the file is opened afresh. */
  async #openAgain(): Promise<void> {
    await this.close();
    this.open();
  }

  #opened(): RootDatabase<Stored | number, FileKey> {
    if (this.#db !== undefined) return this.#db;
    throw new LamplighterError('not-ready', 'The register is not open. Try again once the process has started.');
  }
}

function keyOf(change: Exclude<Change, { kind: 'no-credential' }>): FileKey {
  switch (change.kind) {
    case 'city':
      return ['city'];
    case 'device':
      return ['device', change.value.gateway, change.value.id];
    default:
      return [change.kind, change.value.id];
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
