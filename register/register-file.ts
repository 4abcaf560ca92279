/**
 * The register on disk: one LMDB environment, opened once by its owner.
 * A write is atomic, and resolves after the flush to disk (runtime/lmdb-file.ts).
 */
import { chmodSync } from 'node:fs';
import { LamplighterError } from '../contract/error-codes.ts';
import { type FreeBytes, LmdbFile, WriteRefused } from '../runtime/lmdb-file.ts';
import type { Change } from './change.ts';
import type { Origin } from './model.ts';

interface Stored {
  readonly value: unknown;
  readonly origin: Origin;
}

type FileKey = [kind: string, ...id: string[]];

const VERSION_KEY: FileKey = ['meta', 'version'];
const KINDS = ['city', 'site', 'gateway', 'device', 'credential', 'decision'] as const;

export class RegisterFile {
  readonly #file: LmdbFile<Stored | number, FileKey>;

  constructor(folder: string, freeBytes?: FreeBytes) {
    this.#file = new LmdbFile(folder, freeBytes);
  }

  open(): void {
    this.#file.open();
    // The hashes of all tokens are in here, so a folder that was there before is closed to others as well.
    chmodSync(this.#file.folder, 0o700);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Everything, in an order in which each reference comes after what it names. */
  read(): { version: number; changes: Change[] } {
    const { db } = this.#file;
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
    if (!this.#file.isOpen) {
      throw new LamplighterError('not-ready', 'The register is not open. Try again once the process has started.');
    }
    try {
      await this.#file.write(({ put, remove }) => {
        for (const change of changes) {
          if (change.kind === 'no-credential') remove(['credential', change.id]);
          else put(keyOf(change), { value: change.value, origin: change.origin });
        }
        put(VERSION_KEY, version);
      });
    } catch (error) {
      if (!(error instanceof WriteRefused)) throw error;
      throw new LamplighterError(
        'store-unavailable',
        `The register in ${this.#file.folder} cannot be written: ${error.message}. ` +
          'Check the free space and the permissions of the disk, then try again.',
        { cause: error },
      );
    }
  }
}

function keyOf(change: Exclude<Change, { kind: 'no-credential' }>): FileKey {
  switch (change.kind) {
    case 'city':
      return ['city'];
    case 'device':
      return ['device', change.value.gateway, change.value.id];
    case 'decision':
      // Read back in the order in which they were made.
      return ['decision', String(change.value.number).padStart(12, '0')];
    default:
      return [change.kind, change.value.id];
  }
}
