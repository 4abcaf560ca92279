/**
 * When the write-ahead log is moved to the main file. Commits wait while it is, so that each time is to be short:
 *
 * - Rows of roll-ups have 18 columns: 64 MiB of them took 0.3 to 1.6 s to move, as busy as the machine was, 8 MiB a
 *   fifth to a third of it. So a log to which roll-ups were added is moved early; one of readings, which are cheap, is
 *   not: the larger it may be, the less a commit costs.
 * - What a checkpoint moves becomes row groups of its own, and DuckDB merges small neighbours at the next ones
 *   (https://github.com/duckdb/duckdb/pull/18829). One merge writes up to three row groups of 122,880 rows anew: 0.3 to
 *   0.7 s of processor time; left to itself DuckDB made forty at once, 3.5 s. So there is one of each table at most,
 *   and only every ten minutes: a backlog is merged afterwards, bit by bit.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Log } from '../../runtime/log.ts';
import { StoreFailure } from '../telemetry-store.ts';
import type { KeptFile } from './kept-file.ts';
import { inTransaction } from './transactions.ts';

/** The main file at rest: its first `bytes` hold one state of the store, and stay as they are until `release`. */
export interface HeldFile {
  readonly path: string;
  readonly bytes: number;
  /** @throws StoreFailure when the file was closed or opened again meanwhile: a copy of it is worth nothing then. */
  release(): Promise<void>;
}

export interface CheckpointsDeps {
  readonly file: KeptFile;
  /** Size of the log at which it is moved. */
  readonly bytes: number;
  /** What is to be in the main file, within the connection's transaction. Returns what to call once it is committed. */
  readonly save: (writer: DuckDBConnection) => Promise<() => void>;
  readonly log: Log;
}

/** Size of the log at which it is moved when roll-ups were added to it. */
const ROLL_UP_BYTES = 8 * 1024 * 1024;
/** A checkpoint that comes sooner after the last one that merged merges nothing. */
const MERGE_EVERY_MS = 600_000;

export class Checkpoints {
  readonly #deps: CheckpointsDeps;
  /** After a checkpoint that failed the next one is due at twice the log, so that it is not tried every time. */
  #leastBytes = 0;
  #mergedMs = performance.now();
  /** Somebody copies the main file, which checkpoints alone change. */
  #isHeld = false;

  constructor(deps: CheckpointsDeps) {
    this.#deps = deps;
  }

  /** Moves the log if it has grown, after the commit is answered and before the next begins. */
  later(added: 'readings' | 'roll-ups' | 'deletions'): void {
    const { file, bytes } = this.#deps;
    const dueBytes = added === 'roll-ups' ? Math.min(bytes, ROLL_UP_BYTES) : bytes;
    file.later(async () => {
      if (!this.#isHeld) await this.#make(Math.max(dueBytes, this.#leastBytes));
    });
  }

  /** Before the file is closed. */
  async last(): Promise<void> {
    if (!this.#isHeld) await this.#make(0);
  }

  /**
   * Lets the main file be copied while commits go on. A checkpoint moves everything committed into it, which takes as
   * long as any other (the log has a bound); from then on commits go to the log. The file itself changes at checkpoints
   * alone, and those wait for `release`: blocks that large commits write to it ahead of their log record take free or new
   * places, never one that the last checkpoint refers to. The log grows meanwhile and is no part of the copy.
   * @throws StoreFailure when the checkpoint fails, or the file is held already.
   */
  hold(): Promise<HeldFile> {
    const { file: kept } = this.#deps;
    return kept.exclusively('hold the file still', async (file) => {
      if (this.#isHeld) throw new StoreFailure('unavailable', 'The file is being copied already.');
      await this.#make(0);
      if (kept.isBroken || (await file.logBytes()) > 0) {
        throw new StoreFailure('unavailable', 'The write-ahead log could not be moved to the main file.');
      }
      this.#isHeld = true;
      return {
        path: file.path,
        bytes: await file.mainBytes(),
        release: async () => {
          this.#isHeld = false;
          if (!kept.isOpen || kept.opened() !== file) {
            throw new StoreFailure('unavailable', 'The store was closed or opened again while its file was copied.');
          }
          this.later('readings');
        },
      };
    });
  }

  /**
   * Empties the log, if it has so many bytes. Nothing depends on its success: what is committed is in the log. When it
   * breaks the file, the next commit opens it again; when the disk is full, that commit says so.
   */
  async #make(dueBytes: number): Promise<void> {
    const { file: kept, save, log } = this.#deps;
    const file = kept.opened();
    const { writer } = file;
    let bytes = 0;
    try {
      bytes = await file.logBytes();
      if (bytes < dueBytes) return;
      (await inTransaction(writer, () => save(writer)))();
      const isMerging = performance.now() - this.#mergedMs >= MERGE_EVERY_MS;
      await writer.run(`SET GLOBAL max_vacuum_tasks = ${isMerging ? 1 : 0}`);
      await writer.run('CHECKPOINT');
      if (isMerging) this.#mergedMs = performance.now();
      this.#leastBytes = 0;
    } catch (error) {
      this.#leastBytes = 2 * bytes;
      const failure = kept.failure('move the write-ahead log to the main file', error);
      log.warn({ error: failure.message }, 'checkpoint failed, committed readings stay in the write-ahead log');
    }
  }
}
