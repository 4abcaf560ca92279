/**
 * Rows in an LMDB environment: one folder per gateway, opened by one process.
 *
 * `overlappingSync` is off, which makes a commit LMDB's own: data pages, fsync, then the meta page. A commit that has
 * resolved is durable, and one that failed has changed nothing (with overlappingSync, `flushed` never settles after a failed
 * fsync: lmdb 3.5.6, write.js). The write runs on lmdb's thread, so that a slow card does not stop the event loop.
 * Every write is conditional on the owner mark, so that a second process cannot count on stale totals.
 */
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { LamplighterError } from '../../contract/error-codes.ts';
import { cannotOpen, cannotWrite } from './disk-error.ts';
import { DiskReserve } from './disk-reserve.ts';
import { type Environment, FORMAT, freePages, inspectFolder, openEnvironment, readState } from './lmdb-environment.ts';
import { decodeBatchRow, decodeCount, encodeBatchRow, encodeCount, LmdbTable } from './lmdb-table.ts';
import { type OutboxState, stateToJson } from './outbox-state.ts';
import type { OutboxChanges, OutboxStorage } from './outbox-storage.ts';

/**
 * Pages that were read stay mapped and count as resident memory of the process. After about this much the file is mapped
 * afresh, so that draining a backlog of 500 MB does not take 500 MB (measured: RSS grew by 1 MB per MB drained).
 */
const REMAP_AFTER_BYTES = 16 * 1024 * 1024;
/** A commit maps tree pages and, around each, what the kernel maps along with it (measured: 5 to 30 KB a commit). */
const MAPPED_BY_COMMIT_BYTES = 32 * 1024;
/** Without a reserve the file may still grow into its own free pages, while at least so many are left (4 MiB). */
const MIN_FREE_PAGES = 1_024;

export class LmdbStorage implements OutboxStorage {
  readonly #path: string;
  readonly #reserve: DiskReserve;
  #environment: Environment | undefined;
  #owner = 0;
  #isWanted = false;
  #mappedBytes = 0;

  readonly tables = {
    batches: new LmdbTable(() => this.#environment?.rows.batches, decodeBatchRow),
    payloads: new LmdbTable(
      () => this.#environment?.rows.payloads,
      (payload: Uint8Array) => {
        this.#mappedBytes += payload.length;
        return payload;
      },
    ),
    undated: new LmdbTable(
      () => this.#environment?.rows.undated,
      (json: Uint8Array) => json,
    ),
    dropped: new LmdbTable(() => this.#environment?.rows.dropped, decodeCount),
  };

  constructor(path: string) {
    this.#path = path;
    this.#reserve = new DiskReserve(join(path, 'reserve'));
  }

  get isOpen(): boolean {
    return this.#environment !== undefined;
  }

  async open(): Promise<OutboxState> {
    this.#isWanted = true;
    try {
      inspectFolder(this.#path);
      const environment = openEnvironment(this.#path);
      this.#environment = environment;
      const state = readState(this.#path, environment);
      await this.#takeOwnership(environment, state);
      this.#reserve.keep();
      return state;
    } catch (error) {
      await this.close();
      throw cannotOpen(this.#path, error);
    }
  }

  async close(): Promise<void> {
    this.#isWanted = false;
    await this.#closeEnvironment();
  }

  async ready(): Promise<void> {
    if (this.#environment === undefined) {
      if (!this.#isWanted) throw new LamplighterError('not-ready', `The outbox at ${this.#path} is not open.`);
      await this.#remap();
    } else if (this.#mappedBytes > REMAP_AFTER_BYTES) {
      await this.#remap();
    }
  }

  async write(changes: OutboxChanges): Promise<void> {
    if (changes.isGrowing && !this.#reserve.keep() && freePages(this.#opened()) < MIN_FREE_PAGES)
      throw cannotWrite(this.#path, Object.assign(new Error('no room for the reserve'), { code: 'ENOSPC' }));
    const remedies = changes.isGrowing
      ? [() => this.#agePages()]
      : [() => this.#agePages(), () => this.#giveUpReserve(), () => this.#agePages()];
    for (;;) {
      try {
        await this.#commit(this.#opened(), changes);
        // While what is left of the reserve lasts: the pages just freed are what the next deletion will live on.
        if (!changes.isGrowing && !this.#reserve.isKept) await this.#agePages();
        return;
      } catch (error) {
        if (error instanceof LamplighterError) throw error;
        await this.#remap();
        if (!(await isHelped(remedies))) throw cannotWrite(this.#path, error);
      }
    }
  }

  async #giveUpReserve(): Promise<boolean> {
    return this.#reserve.giveUp();
  }

  /**
   * LMDB reuses the pages that a transaction freed only from the second one after it, and a refused one does not count.
   * Without this step, a full disk would go on refusing after the last acknowledgement emptied the outbox.
   */
  async #agePages(): Promise<boolean> {
    try {
      for (let i = 0; i < 2; i++) await settled(this.#opened().meta.put('aged', '', 1));
      return true;
    } catch {
      // Not even a few bytes: the caller reports the refusal that led here.
      await this.#remap();
      return false;
    }
  }

  async #commit({ meta, rows }: Environment, changes: OutboxChanges): Promise<void> {
    this.#mappedBytes += MAPPED_BY_COMMIT_BYTES;
    const isOwner = await settled(
      meta.ifVersion('owner', this.#owner, () => {
        for (const [id, row] of changes.batches) put(rows.batches, id, row && encodeBatchRow(row));
        for (const [id, payload] of changes.payloads) put(rows.payloads, id, payload && asBuffer(payload));
        for (const [id, json] of changes.undated) put(rows.undated, id, json && asBuffer(json));
        for (const [id, count] of changes.dropped)
          put(rows.dropped, id, count === undefined ? count : encodeCount(count));
        void meta.put('state', stateToJson(changes.state), 1);
        void meta.put('epochs', JSON.stringify(changes.state.epochs), 1);
      }),
    );
    if (!isOwner)
      throw new LamplighterError(
        'conflict',
        `Another process has opened the outbox at ${this.#path} and this one may not write any more. ` +
          'Let only one gateway use the folder: stop one of the two and start the other again.',
      );
  }

  #opened(): Environment {
    if (this.#environment === undefined)
      throw new LamplighterError('not-ready', `The outbox at ${this.#path} is not open.`);
    return this.#environment;
  }

  /** Writes the mark that ends the right of every earlier process to write. */
  async #takeOwnership({ meta }: Environment, state: OutboxState): Promise<void> {
    this.#owner = (meta.getEntry('owner')?.version ?? 0) + 1;
    const isNew = meta.get('format') === undefined;
    await settled(
      meta.batch(() => {
        void meta.put('owner', '', this.#owner);
        if (!isNew) return;
        void meta.put('format', String(FORMAT), 1);
        void meta.put('state', stateToJson(state), 1);
        void meta.put('epochs', JSON.stringify(state.epochs), 1);
      }),
    );
  }

  /** Opens the file afresh; a failed commit can leave LMDB refusing all further work (MDB_PANIC). */
  async #remap(): Promise<void> {
    await this.#closeEnvironment();
    this.#mappedBytes = 0;
    try {
      this.#environment = openEnvironment(this.#path);
    } catch (error) {
      throw cannotOpen(this.#path, error);
    }
  }

  async #closeEnvironment(): Promise<void> {
    const environment = this.#environment;
    this.#environment = undefined;
    await environment?.root.close();
  }
}

/** Takes the remedies that are left, in order, until one has done something. */
async function isHelped(remedies: (() => Promise<boolean>)[]): Promise<boolean> {
  for (let remedy = remedies.shift(); remedy !== undefined; remedy = remedies.shift()) if (await remedy()) return true;
  return false;
}

/** Waits for a write; lmdb hides why a commit failed in a second promise. */
async function settled(write: Promise<boolean>): Promise<boolean> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Error && 'commitError' in error) await error.commitError;
    throw error;
  }
}

function put(table: Database<Buffer, number>, id: number, value: Buffer | undefined): void {
  // The promise of the conditional block around it speaks for every row in it.
  if (value === undefined) void table.remove(id);
  else void table.put(id, value);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
