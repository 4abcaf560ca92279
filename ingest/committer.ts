/**
 * Takes groups of batches from the queue and makes them durable, one group at a time. Order, for each group:
 * 1. dead letters of what admission rejected, flushed;
 * 2. marks of what must be rolled up, flushed;
 * 3. the store's commit: rows and ledger, durable;
 * 4. books and ledger in memory;
 * 5. acknowledgements.
 * While the store fails, the same group is tried again; the queue fills and intake sheds: nothing is answered, nothing lost.
 */
import { type RejectedReading, WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { fullJitterMs } from '../runtime/retry.ts';
import { StoreFailure, type StoreRejection, type TelemetryStore } from '../store/telemetry-store.ts';
import type { CommitQueue, QueuedBatch } from './commit-queue.ts';
import type { CommitMarks } from './roll-up-marks.ts';

export interface CommitterOptions {
  /** A commit starts when this many readings wait … */
  readonly mostReadings: number;
  /** … or when the oldest has waited this long. */
  readonly mostAgeMs: number;
}

export const COMMITTER_DEFAULTS: CommitterOptions = { mostReadings: 32_000, mostAgeMs: 20 };

const BACK_OFF = {
  unavailable: { firstMs: 250, mostMs: 5_000 },
  misconfigured: { firstMs: 2_000, mostMs: 30_000 },
} as const;

export interface CommitterDeps {
  readonly queue: CommitQueue;
  readonly store: TelemetryStore;
  /** Resolves when the dead letters are flushed. */
  readonly keepRejected: (rejections: readonly StoreRejection[]) => Promise<void>;
  /** Absent where nothing is rolled up. */
  readonly marks?: CommitMarks | undefined;
  /** Books, ledger and acknowledgements of a group that is durable. */
  readonly onSettled: (
    group: readonly QueuedBatch[],
    refused: ReadonlyMap<unknown, readonly RejectedReading[]>,
  ) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options?: Partial<CommitterOptions>;
}

export class Committer {
  readonly #deps: CommitterDeps;
  readonly #options: CommitterOptions;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #wake: (() => void) | undefined;
  /** Backing off: new batches must not cut it short. */
  #pausing = false;
  #fault = '';
  lastCommitAt: number | undefined;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
    this.#options = { ...COMMITTER_DEFAULTS, ...deps.options };
  }

  /** Why the store cannot be written to; empty when all is well. */
  get fault(): string {
    return this.#fault;
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#run();
  }

  /** Commits what is queued if the store works, and stops; what is not committed was never acknowledged. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#nudge();
    await this.#loop;
  }

  /** To be called after each batch that was queued. */
  queued(): void {
    if (this.#wake === undefined || this.#pausing) return;
    if (this.#deps.queue.readings >= this.#options.mostReadings) this.#nudge();
    else this.#timer ??= this.#deps.clock.after(this.#options.mostAgeMs - this.#oldestAgeMs(), () => this.#nudge());
  }

  async #run(): Promise<void> {
    for (;;) {
      const { queue } = this.#deps;
      if (queue.batches === 0 || (this.#running && !this.#isDue())) {
        if (!this.#running) return;
        await this.#sleepUntilDue();
        continue;
      }
      const group = queue.take(this.#options.mostReadings);
      if (!(await this.#commitUntilDurable(group))) return;
    }
  }

  #isDue(): boolean {
    const { queue } = this.#deps;
    if (queue.readings >= this.#options.mostReadings) return true;
    return queue.batches > 0 && this.#oldestAgeMs() >= this.#options.mostAgeMs;
  }

  #oldestAgeMs(): number {
    const now = this.#deps.clock.monotonicMs();
    return now - (this.#deps.queue.oldestMs ?? now);
  }

  async #sleepUntilDue(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#deps.queue.batches > 0) this.queued();
    });
  }

  #nudge(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** False when it was stopped before the store took the group. */
  async #commitUntilDurable(group: readonly QueuedBatch[]): Promise<boolean> {
    const { store, keepRejected, marks, onSettled, clock, random, log } = this.#deps;
    const admissionRejected = group
      .filter(({ rejected }) => rejected.length > 0)
      .map((batch) => ({ batch, rejected: batch.rejected }));
    for (let attempt = 0; ; attempt++) {
      try {
        if (admissionRejected.length > 0) await keepRejected(admissionRejected);
        const marking = marks?.beforeCommit(group);
        if (marking !== undefined) await marking;
        const refused = await store.commit(group, keepRejected);
        marks?.settled();
        if (this.#fault !== '') log.info('the store takes readings again');
        this.#fault = '';
        this.lastCommitAt = clock.now();
        onSettled(group, new Map(refused.map(({ batch, rejected }) => [batch, rejected])));
        return true;
      } catch (error) {
        const kind = error instanceof StoreFailure ? error.kind : 'unavailable';
        const words = error instanceof Error ? error.message : String(error);
        if (words !== this.#fault || kind === 'misconfigured') {
          log.error({ kind, ...(error instanceof StoreFailure ? {} : { error }) }, `cannot store readings: ${words}`);
        }
        this.#fault = words;
        if (this.#running) await this.#pause(fullJitterMs(BACK_OFF[kind], attempt, random));
        if (!this.#running) {
          marks?.abandoned();
          return false;
        }
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#pausing = true;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer?.cancel();
      this.#timer = this.#deps.clock.after(ms, () => this.#nudge());
    });
    this.#pausing = false;
  }
}

/** Readings of a batch that are stored when it is settled so. */
export function storedCount(
  batch: { readonly readings: readonly unknown[] },
  rejected: readonly RejectedReading[],
): number {
  return rejected[0]?.index === WHOLE_BATCH ? 0 : batch.readings.length - rejected.length;
}
