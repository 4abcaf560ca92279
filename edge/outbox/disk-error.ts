/** What a disk says, in words for the person who has to mend it. */
import { LamplighterError } from '../../contract/error-codes.ts';

/** Error numbers of Linux and of LMDB (lmdb.h): lmdb gives numbers, node:fs names. */
const NO_SPACE = [28, 27, 122, -30792, 'ENOSPC', 'EFBIG', 'EDQUOT'];
const NOT_ALLOWED = [1, 13, 30, 'EPERM', 'EACCES', 'EROFS'];
const INPUT_OUTPUT = [5, 'EIO'];

export function cannotWrite(path: string, cause: unknown): LamplighterError {
  const words = (mend: string) =>
    new LamplighterError('store-unavailable', `The outbox at ${path} cannot be written: ${mend}`, { cause });
  const code = codeOf(cause);
  if (NO_SPACE.includes(code))
    return words(
      'the disk is full. Free space on it, or give the outbox a smaller capacity. Until then it takes no readings.',
    );
  if (NOT_ALLOWED.includes(code))
    return words('the folder is read-only for this user. Mount it writable, or make the user its owner.');
  // LMDB reports a write that was cut short, as on a full disk, as EIO.
  if (INPUT_OUTPUT.includes(code))
    return words(
      'the disk refused a write: it is full or failing. Look at `df` and at `dmesg`, then free space or replace it.',
    );
  return words(`${wordsOf(cause)}. Look at the disk under it.`);
}

export function cannotOpen(path: string, cause: unknown): LamplighterError {
  if (cause instanceof LamplighterError) return cause;
  const code = codeOf(cause);
  if (NO_SPACE.includes(code) || NOT_ALLOWED.includes(code)) return cannotWrite(path, cause);
  return notAnOutbox(path, wordsOf(cause), cause);
}

export function notAnOutbox(path: string, fault: string, cause?: unknown): LamplighterError {
  return new LamplighterError(
    'store-misconfigured',
    `The outbox at ${path} cannot be opened: ${fault}. Move the folder away and keep it, for it may hold readings; ` +
      'then start again with an empty one, or name another folder.',
    { cause },
  );
}

function codeOf(cause: unknown): string | number {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : '';
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
