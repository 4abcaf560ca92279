/**
 * Rows in an LMDB environment: one folder per gateway, opened by one process.
 *
 * `overlappingSync` is off, which makes a commit LMDB's own: data pages, fsync, then the meta page. A commit that has
 * resolved is durable, and one that failed has changed nothing (with overlappingSync, `flushed` never settles after a failed
 * fsync: lmdb 3.5.6, write.js). The write runs on lmdb's thread, so that a slow card does not stop the event loop.
 * Every write is conditional on the owner mark, so that a second process cannot count on stale totals.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LamplighterError } from '../../contract/error-codes.ts';
import { cannotOpen, cannotWrite, notAnOutbox } from './disk-error.ts';
import { DiskReserve } from './disk-reserve.ts';
import { faultOfLmdbFile } from './lmdb-file-check.ts';
import { decodeBatchRow, decodeCount, encodeBatchRow, encodeCount, LmdbTable } from './lmdb-table.ts';
import { emptyState, type OutboxState, stateFromJson, stateToJson } from './outbox-state.ts';
import type { OutboxChanges, OutboxStorage } from './outbox-storage.ts';

/** Raised when the layout of the file changes. */
const FORMAT = 1;
const TABLE_NAMES = ['batches', 'payloads', 'undated', 'dropped', 'meta'] as const;
type TableName = (typeof TABLE_NAMES)[number];

/**
 * Pages that were read stay mapped and count as resident memory of the process. After about this much the file is mapped
 * afresh, so that draining a backlog of 500 MB does not take 500 MB (measured: RSS grew by 1 MB per MB drained).
 */
const REMAP_AFTER_BYTES = 16 * 1024 * 1024;
/** Writing maps pages too, those of the tree: about a sixteenth of what is written (measured). */
const WRITE_SHARE_MAPPED = 1 / 16;
/** Without a reserve the file may still grow into its own free pages, while at least so many are left (4 MiB). */
const MIN_FREE_PAGES = 1_024;

interface Environment {
  readonly root: RootDatabase<Buffer, string>;
  readonly meta: Database<string, string>;
  readonly rows: Readonly<Record<Exclude<TableName, 'meta'>, Database<Buffer, number>>>;
}

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
      this.#inspect();
      const environment = this.#openEnvironment();
      this.#environment = environment;
      const state = this.#readState(environment);
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
    const environment = this.#environment;
    if (environment === undefined) throw new LamplighterError('not-ready', `The outbox at ${this.#path} is not open.`);
    if (changes.isGrowing && !this.#reserve.keep() && freePages(environment) < MIN_FREE_PAGES)
      throw cannotWrite(this.#path, Object.assign(new Error('no room for the reserve'), { code: 'ENOSPC' }));
    try {
      await this.#commit(environment, changes);
    } catch (error) {
      if (error instanceof LamplighterError) throw error;
      // A failed commit can leave the environment refusing all further work (MDB_PANIC): open it afresh.
      await this.#remap();
      if (changes.isGrowing || !this.#reserve.giveUp()) throw cannotWrite(this.#path, error);
      await this.write(changes);
    }
  }

  async #commit({ meta, rows }: Environment, changes: OutboxChanges): Promise<void> {
    const isOwner = await settled(
      meta.ifVersion('owner', this.#owner, () => {
        for (const [id, row] of changes.batches) put(rows.batches, id, row && encodeBatchRow(row));
        for (const [id, payload] of changes.payloads) {
          put(rows.payloads, id, payload && asBuffer(payload));
          this.#mappedBytes += (payload?.length ?? 0) * WRITE_SHARE_MAPPED;
        }
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

  #inspect(): void {
    if (existsSync(this.#path) && !statSync(this.#path).isDirectory())
      throw notAnOutbox(this.#path, 'it is a file, where a folder is expected');
    mkdirSync(this.#path, { recursive: true });
    const file = join(this.#path, 'data.mdb');
    const fault = existsSync(file) ? faultOfLmdbFile(file) : undefined;
    if (fault !== undefined) throw notAnOutbox(this.#path, `${fault} (${file})`);
  }

  #openEnvironment(): Environment {
    const root: RootDatabase<Buffer, string> = open({
      path: this.#path,
      noSubdir: false,
      maxDbs: TABLE_NAMES.length,
      encoding: 'binary',
      cache: false,
      compression: false,
      overlappingSync: false,
      eventTurnBatching: false,
    });
    try {
      const strange = [...root.getKeys()].filter((name) => !TABLE_NAMES.some((known) => known === name));
      if (strange.length > 0)
        throw notAnOutbox(this.#path, `its LMDB file belongs to something else (it holds "${String(strange[0])}")`);
      const table = (name: TableName) => root.openDB<Buffer, number>({ name, encoding: 'binary' });
      return {
        root,
        meta: root.openDB<string, string>({ name: 'meta', encoding: 'string', useVersions: true }),
        rows: {
          batches: table('batches'),
          payloads: table('payloads'),
          undated: table('undated'),
          dropped: table('dropped'),
        },
      };
    } catch (error) {
      void root.close();
      throw error;
    }
  }

  #readState({ meta, rows }: Environment): OutboxState {
    const format = meta.get('format');
    if (format === undefined && rows.batches.getKeysCount({ limit: 1 }) === 0) return emptyState();
    if (Number(format) > FORMAT)
      throw new LamplighterError(
        'store-misconfigured',
        `The outbox at ${this.#path} was written by a newer version of Lamplighter (format ${format}, this one reads ` +
          `${FORMAT}). Install the newer version again; let it drain the outbox before going back.`,
      );
    if (format !== String(FORMAT)) throw notAnOutbox(this.#path, `its format mark reads "${format}"`);
    return stateFromJson(meta.get('state') ?? '', meta.get('epochs') ?? '');
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

  async #remap(): Promise<void> {
    await this.#closeEnvironment();
    this.#mappedBytes = 0;
    try {
      this.#environment = this.#openEnvironment();
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

interface PageCounts {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Pages in the file that no table uses. */
function freePages({ root, meta, rows }: Environment): number {
  const stats = root.getStats() as PageCounts & { readonly lastPageNumber: number; readonly free: PageCounts };
  const tables = [meta, ...Object.values(rows)].map((table) => table.getStats() as PageCounts);
  const used = [stats, stats.free, ...tables].reduce(
    (sum, pages) => sum + pages.treeBranchPageCount + pages.treeLeafPageCount + pages.overflowPages,
    2,
  );
  return stats.lastPageNumber + 1 - used;
}
