/** What DuckDB's errors mean for people: whether to wait or to act, and what to do. */
import { LamplighterError } from '../../contract/error-codes.ts';
import { StoreFailure } from '../telemetry-store.ts';

const DISK_FULL = /no space left|file too large|disk quota exceeded|not enough space|wanted=\d+ wrote=/i;
const NOT_ALLOWED = /permission denied|read-only file system|operation not permitted/i;
const OUT_OF_MEMORY = /out of memory/i;
const LOCKED = /could not set lock|conflicting lock|being used by another process/i;
const NEWER = /version number|storage version|newer version of duckdb/i;
const DAMAGED =
  /not a valid duckdb database|corrupt|checksum|could not read enough bytes|serialization error|wal file/i;

/** After one of these DuckDB refuses all further work until the file is opened again. */
export function isFatal(error: unknown): boolean {
  return /fatal error|internal error|database has been invalidated/i.test(wordsOf(error));
}

/** Why a file could not be opened. Nothing to wait for but a full disk: somebody must act. */
export function openingFailure(path: string, error: unknown): StoreFailure {
  const words = wordsOf(error);
  const misconfigured = (message: string) => new StoreFailure('misconfigured', message, { cause: error });
  if (LOCKED.test(words)) {
    const pid = /PID (\d+)/i.exec(words)?.[1];
    const owner = pid === undefined ? 'another process' : `process ${pid}`;
    return misconfigured(`${path} is already open in ${owner}. One process owns it: stop that one, or ask it instead.`);
  }
  if (DISK_FULL.test(words)) return diskFull(path, error);
  if (NOT_ALLOWED.test(words)) {
    return misconfigured(`${path} cannot be opened for writing: ${words} Give this user read and write access to it.`);
  }
  if (NEWER.test(words)) {
    return misconfigured(`${path} was written by a newer DuckDB than this one reads: ${words} Update Lamplighter.`);
  }
  if (DAMAGED.test(words)) {
    return misconfigured(
      `${path} is damaged or not a DuckDB file: ${words} ` +
        'Restore it from a backup, or move it and its .wal file aside to begin with an empty store.',
    );
  }
  return misconfigured(`${path} cannot be opened: ${words}`);
}

/** Why an open store could not do its work. `doing` completes "could not …". */
export function workingFailure(path: string, doing: string, error: unknown): StoreFailure | LamplighterError {
  if (error instanceof StoreFailure || error instanceof LamplighterError) return error;
  const words = wordsOf(error);
  if (DISK_FULL.test(words)) return diskFull(path, error);
  if (NOT_ALLOWED.test(words)) {
    return new StoreFailure('misconfigured', `${path} cannot be written: ${words} Give this user write access to it.`, {
      cause: error,
    });
  }
  const advice = OUT_OF_MEMORY.test(words) ? ' Ask for a shorter time, or raise the memory limit of the store.' : '';
  return new StoreFailure('unavailable', `${path}: could not ${doing}: ${words}${advice}`, { cause: error });
}

function diskFull(path: string, error: unknown): StoreFailure {
  return new StoreFailure(
    'unavailable',
    `The disk that holds ${path} is full (${wordsOf(error)}). Free some space: the next commit works again by itself, ` +
      'and until then readings wait on the gateways.',
    { cause: error },
  );
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const line = words.split('\n', 1)[0]?.trim() ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
