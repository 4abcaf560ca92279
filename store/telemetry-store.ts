/**
 * TelemetryStore: where readings live. One behaviour suite (test/suites/telemetry-store.ts) runs over every engine.
 *
 * Identity of a value: (gateway, device, metric, time). One value each; the last commit wins, on every engine.
 * Durable means: DuckDB, the transaction is committed; InfluxDB, the server answered 2xx and the ledger file is flushed.
 */
import type { SeqRange } from '../contract/acknowledgement.ts';
import type { Reading } from '../contract/reading.ts';
import type { RejectedReading } from '../contract/verdicts.ts';

/** A batch that passed admission. Its rejected readings are still in `readings`, named by their index. */
export interface AdmittedBatch {
  readonly gateway: string;
  readonly epoch: string;
  readonly seq: number;
  readonly readings: readonly Reading[];
  /** In rising order of index; a single entry of index −1 rejects the whole batch. */
  readonly rejected: readonly RejectedReading[];
}

/** What the store itself refused for good, beside what admission had rejected. Empty on most commits. */
export interface StoreRejection {
  readonly batch: AdmittedBatch;
  readonly rejected: readonly RejectedReading[];
}

/** Called before the ledger is made durable; resolves when the dead letters are flushed. */
export type KeepRejected = (rejections: readonly StoreRejection[]) => Promise<void>;

/** One entry of the ledger: batches of one epoch that are settled. */
export interface LedgerEntry {
  readonly gateway: string;
  readonly epoch: string;
  readonly range: SeqRange;
  /** Rejections inside the range: [seq, index, reason]. */
  readonly rejected: readonly (readonly [seq: number, index: number, reason: string])[];
}

export interface SeriesQuery {
  /** Metric id. */
  readonly metric: string;
  readonly devices: readonly DeviceKey[];
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
  /** Width of a bucket in milliseconds, aligned to the epoch (UTC); absent for every stored value. */
  readonly every?: number | undefined;
  /** At most this many points per device; the engine throws `bad-request` when there would be more. */
  readonly limit: number;
}

export interface DeviceKey {
  readonly gateway: string;
  readonly device: string;
}

/** One stored value, or one bucket: then `time` is its start, `value` its mean, and the rest is filled in. */
export interface SeriesPoint {
  readonly time: number;
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly last?: number;
  readonly count?: number;
}

export interface Series extends DeviceKey {
  readonly metric: string;
  /** In rising order of time; empty buckets are absent, never zero. */
  readonly points: readonly SeriesPoint[];
}

export interface LatestValue extends DeviceKey {
  readonly metric: string;
  readonly time: number;
  readonly value: number;
}

export interface LatestQuery {
  readonly gateway?: string | undefined;
  readonly device?: string | undefined;
  readonly metric?: string | undefined;
}

export interface TotalsQuery {
  readonly gateway?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Distinct stored values of one series, for completeness and for proofs. */
export interface SeriesTotal extends DeviceKey {
  readonly metric: string;
  readonly count: number;
  readonly sum: number;
  readonly firstTime: number;
  readonly lastTime: number;
}

export interface StoreCheck {
  readonly ok: boolean;
  readonly engine: string;
  /** Version of the engine or server. */
  readonly version: string;
  /** One sentence: what is wrong and what to do, or that all is well. */
  readonly words: string;
}

export interface TelemetryStore {
  readonly engine: 'duckdb' | 'influxdb';

  /**
   * Opens files or reaches the server. DuckDB fails here when it cannot work; InfluxDB opens its ledger and does not
   * need the server to be up, since readings wait on the gateways.
   */
  open(): Promise<void>;
  close(): Promise<void>;

  /** Creates what is missing (tables; database or bucket), without touching what is there. */
  init(): Promise<StoreCheck>;
  check(): Promise<StoreCheck>;

  /**
   * Writes readings and settles their batches in one durable step; resolves when both are durable.
   * Throws StoreFailure when nothing is known to be settled: the caller keeps the batches and commits them again.
   * A batch without readings, or rejected whole, is only settled.
   */
  commit(batches: readonly AdmittedBatch[], keepRejected: KeepRejected): Promise<readonly StoreRejection[]>;

  /** The whole ledger, read once at start. */
  ledger(): Promise<readonly LedgerEntry[]>;
  /** Forgets the epochs of a gateway that are not in `held`, but never the server's own (`isServerEpoch`); called when its health says so. */
  forgetEpochs(gateway: string, held: readonly string[]): Promise<void>;

  /** The newest value of each series by its time. */
  latest(query: LatestQuery): Promise<readonly LatestValue[]>;
  series(query: SeriesQuery): Promise<readonly Series[]>;
  totals(query: TotalsQuery): Promise<readonly SeriesTotal[]>;
}

export type StoreFailureKind =
  /** Unreachable, overloaded or disk full: try again with back-off. */
  | 'unavailable'
  /** Wrong token, missing database: somebody must act. Tried again slowly, said loudly. */
  | 'misconfigured';

export class StoreFailure extends Error {
  readonly kind: StoreFailureKind;
  constructor(kind: StoreFailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreFailure';
    this.kind = kind;
  }
}
