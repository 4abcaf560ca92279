/**
 * The last instant at which this gateway knew what time it was, kept on disk over a power cut: an older wall-clock
 * time found later cannot be right.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ConfirmedInstant {
  /** Epoch milliseconds; undefined when the time was never known. */
  read(): number | undefined;
  write(instant: number): void;
}

/** Kept in one small file, replaced whole: a power cut leaves the old or the new instant, never half of one. */
export function confirmedInstantFile(path: string): ConfirmedInstant {
  return {
    read() {
      try {
        const instant = Number(readFileSync(path, 'utf8').trim());
        return Number.isSafeInteger(instant) && instant > 0 ? instant : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write(instant) {
      mkdirSync(dirname(path), { recursive: true });
      const half = `${path}.half`;
      const file = openSync(half, 'w', 0o600);
      try {
        writeSync(file, `${Math.floor(instant)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(half, path);
    },
  };
}
