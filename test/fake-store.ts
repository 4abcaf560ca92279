/** A store in memory whose failures a test decides; it holds what it committed and nothing else. */
import type { RejectedReading } from '../contract/verdicts.ts';
import type {
  AdmittedBatch,
  KeepRejected,
  LedgerEntry,
  StoreCheck,
  StoreRejection,
  TelemetryStore,
} from '../store/telemetry-store.ts';

export class FakeStore implements TelemetryStore {
  readonly engine = 'duckdb' as const;
  /** Every batch of every successful commit, in order. */
  readonly committed: AdmittedBatch[] = [];
  readonly forgotten: { gateway: string; held: readonly string[] }[] = [];
  entries: LedgerEntry[] = [];
  /** Thrown by the next commits, first one first; undefined lets one pass. */
  readonly failures: (Error | undefined)[] = [];
  /** Waited for before each commit. */
  gate: Promise<void> = Promise.resolve();
  /** Decides what the store refuses. */
  refuse: (batch: AdmittedBatch) => readonly RejectedReading[] = () => [];

  async open(): Promise<void> {}
  async close(): Promise<void> {}
  async init(): Promise<StoreCheck> {
    return this.check();
  }
  async check(): Promise<StoreCheck> {
    return { ok: true, engine: this.engine, version: '0', words: 'all is well' };
  }

  async commit(batches: readonly AdmittedBatch[], keepRejected: KeepRejected): Promise<readonly StoreRejection[]> {
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const refused = batches
      .map((batch) => ({ batch, rejected: this.refuse(batch) }))
      .filter((r) => r.rejected.length > 0);
    if (refused.length > 0) await keepRejected(refused);
    this.committed.push(...batches);
    return refused;
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    return this.entries;
  }
  async forgetEpochs(gateway: string, held: readonly string[]): Promise<void> {
    this.forgotten.push({ gateway, held });
  }
  async latest(): Promise<never[]> {
    return [];
  }
  async series(): Promise<never[]> {
    return [];
  }
  async totals(): Promise<never[]> {
    return [];
  }
}
