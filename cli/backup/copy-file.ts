/** Copying and hashing files on the way: large ones in parts, each flushed, so that a backup outlives a power cut. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LamplighterError } from '../../contract/error-codes.ts';

const PART_BYTES = 1024 * 1024;

export interface Copied {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Writes a new file, readable by its owner alone, and returns what was written. */
export async function writeParts(to: string, parts: AsyncIterable<Uint8Array>): Promise<Copied> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(to, 'wx', 0o600);
  try {
    for await (const part of parts) {
      hash.update(part);
      for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
      bytes += part.length;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The content of a file, or the first `most` bytes of it, in parts of which each is valid until the next. */
export async function* partsOf(path: string, most = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    yield* partsOfOpen(file, most);
  } finally {
    await file.close();
  }
}

/** Hash of a file that somebody else wrote, and flushes it. */
export async function hashAndFlush(path: string): Promise<Copied> {
  const file = await open(path, 'r+');
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of partsOfOpen(file)) {
      hash.update(part);
      bytes += part.length;
    }
    await file.datasync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function* partsOfOpen(file: FileHandle, most = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(PART_BYTES);
  for (let left = most; left > 0; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(left, PART_BYTES), null);
    if (bytesRead === 0) return;
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** So that the names in a folder outlive a power cut as well. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** In words, when the disk under `folder` has no room; `undone` says what became of it. Others as they are. */
export async function withRoomInWords(error: unknown, folder: string, undone: string): Promise<unknown> {
  const { code, message } = error as NodeJS.ErrnoException;
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code ?? '') || /no space left|file too large/i.test(message);
  if (!isFull) return error;
  const { bavail, bsize } = await statfs(folder);
  return new LamplighterError(
    'store-unavailable',
    `the disk under ${folder} is full, or has no room for so large a file (${inMiB(bavail * bsize)} are free). ${undone}`,
    { cause: error },
  );
}

export function inMiB(bytes: number): string {
  return `${(bytes / 1024 ** 2).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`;
}
