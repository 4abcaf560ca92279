/**
 * A little disk space kept aside. LMDB copies pages on write, so even a deletion needs some; on a full disk the
 * acknowledgements that empty the outbox could not be written. Giving the reserve back to the disk lets them through.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

const RESERVE_BYTES = 1024 * 1024;

export class DiskReserve {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get isKept(): boolean {
    return existsSync(this.#file) && statSync(this.#file).size === RESERVE_BYTES;
  }

  /** Writes the reserve if it is missing. False when the disk has no room for it. */
  keep(): boolean {
    if (this.isKept) return true;
    try {
      // Not zeros and not sparse: some file systems store neither.
      const descriptor = openSync(this.#file, 'w');
      try {
        const bytes = Buffer.alloc(RESERVE_BYTES, 'reserve of the outbox; ');
        if (writeSync(descriptor, bytes) < RESERVE_BYTES) throw new Error('no room');
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      return true;
    } catch {
      // No room, or no right to write: the outbox works without a reserve as long as its file has free pages.
      this.giveUp();
      return false;
    }
  }

  /** Gives the space back. False when there was none to give. */
  giveUp(): boolean {
    const wasKept = this.isKept;
    rmSync(this.#file, { force: true });
    return wasKept;
  }
}
