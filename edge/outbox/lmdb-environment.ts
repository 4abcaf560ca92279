/** The LMDB file of an outbox: recognised, opened, and measured. Nothing here changes a file that is not an outbox. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LamplighterError } from '../../contract/error-codes.ts';
import { notAnOutbox } from './disk-error.ts';
import { faultOfLmdbFile } from './lmdb-file-check.ts';
import { emptyState, type OutboxState, stateFromJson } from './outbox-state.ts';

/** Raised when the layout of the file changes. */
export const FORMAT = 1;
const TABLE_NAMES = ['batches', 'payloads', 'undated', 'dropped', 'meta'] as const;
type TableName = (typeof TABLE_NAMES)[number];

export interface Environment {
  readonly root: RootDatabase<Buffer, string>;
  /** `format`, `owner` (its version is the mark), `state` and `epochs` (JSON). */
  readonly meta: Database<string, string>;
  readonly rows: Readonly<Record<Exclude<TableName, 'meta'>, Database<Buffer, number>>>;
}

/** Makes the folder if it is missing; throws when what lies there cannot be an intact LMDB file. */
export function inspectFolder(path: string): void {
  if (existsSync(path) && !statSync(path).isDirectory())
    throw notAnOutbox(path, 'it is a file, where a folder is expected');
  mkdirSync(path, { recursive: true });
  const file = join(path, 'data.mdb');
  const fault = existsSync(file) ? faultOfLmdbFile(file) : undefined;
  if (fault !== undefined) throw notAnOutbox(path, `${fault} (${file})`);
}

export function openEnvironment(path: string): Environment {
  const root: RootDatabase<Buffer, string> = open({
    path,
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
      throw notAnOutbox(path, `its LMDB file belongs to something else (it holds "${String(strange[0])}")`);
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

/** What the file holds, or the empty state when it is new. */
export function readState(path: string, { meta, rows }: Environment): OutboxState {
  const format = meta.get('format');
  if (format === undefined && rows.batches.getKeysCount({ limit: 1 }) === 0) return emptyState();
  if (Number(format) > FORMAT)
    throw new LamplighterError(
      'store-misconfigured',
      `The outbox at ${path} was written by a newer version of Lamplighter (format ${format}, this one reads ` +
        `${FORMAT}). Install the newer version again; let it drain the outbox before going back.`,
    );
  if (format !== String(FORMAT)) throw notAnOutbox(path, `its format mark reads "${format}"`);
  try {
    return stateFromJson(meta.get('state') ?? '', meta.get('epochs') ?? '');
  } catch (error) {
    throw notAnOutbox(path, `its totals cannot be read (${error instanceof Error ? error.message : error})`, error);
  }
}

interface PageCounts {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Pages in the file that no table uses. */
export function freePages({ root, meta, rows }: Environment): number {
  const stats = root.getStats() as PageCounts & { readonly lastPageNumber: number; readonly free: PageCounts };
  const tables = [meta, ...Object.values(rows)].map((table) => table.getStats() as PageCounts);
  const used = [stats, stats.free, ...tables].reduce(
    (sum, pages) => sum + pages.treeBranchPageCount + pages.treeLeafPageCount + pages.overflowPages,
    2,
  );
  return stats.lastPageNumber + 1 - used;
}
