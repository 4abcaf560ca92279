/**
 * A copy of an LMDB file that is in use. It shows one state, the last committed one: LMDB copies within a read
 * transaction, which keeps the pages of its state from being used again while writers go on (mdb_env_copy).
 *
 * To be called in the process that owns the file. A second handle of one process shares the first one's environment,
 * its descriptors and locks (seen in /proc/self/fd and /proc/locks with lmdb 3.5.6), so that closing it takes nothing
 * from the owner; another process would break "one owner per file".
 */
import { mkdirSync } from 'node:fs';
import { open } from 'lmdb';

/** Copies the environment of `folder` to `target`, a folder that is made and must hold no LMDB file yet. */
export async function copyLmdb(folder: string, target: string): Promise<void> {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const handle = open({
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
  });
  try {
    await handle.backup(target, false);
  } finally {
    await handle.close();
  }
}
