/** The copy of a snapshot on disk, so that a process starts while the owner of the register is away. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { SnapshotPage } from './register-snapshot-feed.ts';

const fileSchema = z.object({
  format: z.literal(1),
  session: z.string(),
  version: z.int().min(0),
  // Each entry is checked as the register checks its own.
  changes: z.array(z.looseObject({ kind: z.string() })),
});

/** Undefined when there is none. @throws Error when there is one that cannot be read. */
export function readSnapshotFile(path: string): SnapshotPage | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { session, version, changes } = fileSchema.parse(JSON.parse(text));
  return { session, version, whole: true, changes: changes as unknown as SnapshotPage['changes'] };
}

/** Whole beside the old one first and flushed, then in its place: a power cut leaves the one or the other. */
export function writeSnapshotFile(path: string, page: Omit<SnapshotPage, 'whole'>): void {
  const { session, version, changes } = page;
  const draft = `${path}.new`;
  // A draft of an earlier process could have wider permissions.
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, JSON.stringify({ format: 1, session, version, changes }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
