/** The outbox on the gateway's disk: one LMDB environment in a folder of its own. It survives kill -9 and power cuts. */
import { BufferedOutbox, type OutboxOptions } from './buffered-outbox.ts';
import { LmdbStorage } from './lmdb-storage.ts';
import type { Outbox } from './outbox.ts';

export interface LmdbOutboxOptions extends OutboxOptions {
  /** Folder of the outbox, made if it is missing. One gateway, one folder, one process. */
  readonly path: string;
}

export function createLmdbOutbox({ path, ...options }: LmdbOutboxOptions): Outbox {
  return new BufferedOutbox(new LmdbStorage(path), options);
}
