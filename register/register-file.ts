/**
 * The register on disk: one LMDB environment, opened once by its owner.
 * A write is atomic, and resolves after the flush to disk (facts: `put` resolves at the commit, which is sooner).
 */
import { chmodSync, mkdirSync } from 'node:fs';
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

export class RegisterFile {
  readonly #folder: string;
  #db: RootDatabase<Stored | number, FileKey> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  open(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // The hashes of all tokens are in here, so a folder that was there before is closed to others as well.
    chmodSync(this.#folder, 0o700);
    this.#db = open<Stored | number, FileKey>({ path: this.#folder, encoding: 'json', noSubdir: false });
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
    try {
      await db.batch(() => {
        for (const change of changes) {
          if (change.kind === 'no-credential') void db.remove(['credential', change.id]);
          else void db.put(keyOf(change), { value: change.value, origin: change.origin });
        }
        void db.put(VERSION_KEY, version);
      });
      await db.flushed;
    } catch (error) {
      throw new LamplighterError(
        'store-unavailable',
        `The register in ${this.#folder} cannot be written: ${(error as Error).message}. ` +
          'Check the free space and the permissions of the disk, then try again.',
        { cause: error },
      );
    }
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
