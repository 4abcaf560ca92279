/** Looks every half minute how much room is left on the disk of a folder, without keeping anybody waiting for the disk. */
import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';
import type { Clock, Timer } from './clock.ts';
import type { Log } from './log.ts';
import type { Service } from './service.ts';

const EVERY_MS = 30_000;

export interface FolderSpace {
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

export type AskDisk = (folder: string) => Promise<FolderSpace>;

/** As `df` says: `freeBytes` is what others than root may write. */
const askDisk: AskDisk = async (folder) => {
  const { bavail, blocks, bfree, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, sizeBytes: (blocks - bfree + bavail) * bsize };
};

export class DiskWatch implements Service {
  readonly name = 'disk watch';
  readonly #deps: {
    readonly folder: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly registry: Registry;
    readonly ask?: AskDisk | undefined;
  };
  #timer: Timer | undefined;
  #space: FolderSpace | undefined;
  #isAsking = false;
  #fault = '';

  constructor(deps: { folder: string; clock: Clock; log: Log; registry: Registry; ask?: AskDisk | undefined }) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const gauge = (name: string, help: string, read: (space: FolderSpace) => number): void => {
      const space = () => this.#space;
      new Gauge({
        name,
        help,
        registers: [this.#deps.registry],
        collect() {
          const known = space();
          if (known === undefined) this.reset();
          else this.set(read(known));
        },
      });
    };
    gauge(
      'lamplighter_data_disk_free_bytes',
      'Free on the disk of the data folder, for this user',
      (space) => space.freeBytes,
    );
    gauge('lamplighter_data_disk_size_bytes', 'Size of the disk of the data folder', (space) => space.sizeBytes);
    this.#timer = this.#deps.clock.every(EVERY_MS, () => void this.#look());
    await this.#look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  /** Undefined while it cannot be said. */
  get space(): FolderSpace | undefined {
    return this.#space;
  }

  async #look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { folder, log, ask = askDisk } = this.#deps;
    try {
      this.#space = await ask(folder);
      this.#fault = '';
    } catch (error) {
      this.#space = undefined;
      const words = error instanceof Error ? error.message : String(error);
      if (words !== this.#fault) log.warn({ error: words }, 'the room on the disk of the data folder is not known');
      this.#fault = words;
    } finally {
      this.#isAsking = false;
    }
  }
}
