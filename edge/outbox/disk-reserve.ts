/**
 * A little disk space kept aside. LMDB copies pages on write, so even a deletion needs some; on a full disk the
 * acknowledgements that empty the outbox could not be written. Giving the reserve back to the disk lets them through.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

/** 512 pages: more than the largest transaction that only removes rows has to copy (200 batches, two pages each). */
const RESERVE_BYTES = 2 * 1024 * 1024;

export class DiskReserve {
  readonly #file: string;
  #isKept = false;

  constructor(file: string) {
    this.#file = file;
  }

  get isKept(): boolean {
    return this.#isKept;
  }

  /** Writes the reserve if it is missing. False when the disk has no room for it, or may not be written to. */
  keep(): boolean {
    if (this.#isKept) return true;
    try {
      if (!existsSync(this.#file) || statSync(this.#file).size !== RESERVE_BYTES) this.#write();
      this.#isKept = true;
    } catch {
      // Half a reserve would only take space; whoever asked decides what to do without one.
      this.giveUp();
    }
    return this.#isKept;
  }

  /** Gives the space back. False when there was none to give. */
  giveUp(): boolean {
    const wasKept = this.#isKept;
    this.#isKept = false;
    rmSync(this.#file, { force: true });
    return wasKept;
  }

  #write(): void {
    const descriptor = openSync(this.#file, 'w');
    try {
      // Not zeros and not sparse: some file systems store neither.
      const bytes = Buffer.alloc(RESERVE_BYTES, 'reserve of the outbox; ');
      if (writeSync(descriptor, bytes) < RESERVE_BYTES) throw new Error('the disk has no room for the reserve');
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
