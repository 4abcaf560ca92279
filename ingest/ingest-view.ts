/** What the console may know and do about ingest. */
import type { DiskSpace } from '../contract/disk-space.ts';
import type { CompletenessEvidence, EvidenceQuery } from '../contract/gateway-evidence.ts';
import type { Health } from '../contract/health.ts';
import type { Reading } from '../contract/reading.ts';
import type { AdmissionOptions } from './admit-batch.ts';
import type { BatchOutcome } from './batch-outcome.ts';

/** received = stored + duplicate + rejected + later + shed + queued, per gateway, since this process started. */
export interface GatewayCounts {
  readonly received: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly later: Readonly<Record<string, number>>;
  readonly shed: number;
  readonly queued: number;
}

export interface GatewayStatus {
  readonly gateway: string;
  /** By presence; undefined when never heard of. */
  readonly online: boolean | undefined;
  /** Epoch milliseconds of the last change of presence. */
  readonly since: number | undefined;
  readonly version: string | undefined;
  /** The last health message, and when it arrived (epoch milliseconds). */
  readonly health: Health | undefined;
  readonly healthAt: number | undefined;
  /** Two starts of this gateway are alive at once: a cloned disk. */
  readonly twoEpochs: boolean;
  readonly counts: GatewayCounts;
}

export interface IngestStatus {
  readonly session: string;
  readonly accepting: boolean;
  /** Why the store cannot be written to now; empty when all is well. */
  readonly storeFault: string;
  readonly queue: {
    readonly batches: number;
    readonly readings: number;
    readonly bytes: number;
    readonly capacityBytes: number;
  };
  /** Messages on a readings topic that were no batch at all, so that no reading could be counted. */
  readonly undecodable: number;
  /** Readings stored per second, over the last ten seconds. */
  readonly storedPerSecond: number;
  /** Milliseconds from arrival to acknowledgement over the last minute; undefined before the first. */
  readonly acknowledgement: { readonly p50Ms: number; readonly p99Ms: number } | undefined;
  readonly lastCommitAt: number | undefined;
  /** Of the data folder of ingest; absent when it is not known. */
  readonly disk?: DiskSpace | undefined;
  /** Ingest runs in another process, which does not answer: why not. All else is what it said last. */
  readonly unreachable?: string | undefined;
}

/** News of what was just made durable. */
export interface Committed {
  readonly gateway: string;
  readonly readings: readonly Reading[];
}

export interface DeadLetter {
  /** Stable: `gateway/epoch/seq/index`. */
  readonly id: string;
  readonly gateway: string;
  readonly epoch: string;
  readonly seq: number;
  /** Position in its batch; −1 for a whole batch or an undecodable message. */
  readonly index: number;
  readonly reason: string;
  /** Names the field and what is wrong with it. */
  readonly detail: string;
  /** Epoch milliseconds of the rejection. */
  readonly at: number;
  /** JSON text of the reading or batch; of an undecodable message the first 64 KiB, as text. */
  readonly content: string;
}

export interface DeadLetterFilter {
  readonly gateway?: string | undefined;
  readonly reason?: string | undefined;
  /** Exactly these. */
  readonly ids?: readonly string[] | undefined;
}

export type DeadLetterPageFilter = DeadLetterFilter & { readonly after?: string | undefined; readonly limit: number };

export interface ReplayResult {
  /** Readings that the store now holds; their dead letters are gone. */
  readonly stored: number;
  /** Readings refused again, with the new reason; their dead letters stay. */
  readonly rejected: Readonly<Record<string, number>>;
}

/** At once in ingest's own process, after a while in another. */
type Awaitable<T> = T | Promise<T>;

export interface DeadLettersView {
  /** Newest first. `after` is the id of the last one of the page before. */
  list(filter: DeadLetterPageFilter): Awaitable<readonly DeadLetter[]>;
  get(id: string): Awaitable<DeadLetter | undefined>;
  /** How many are kept, by reason. */
  counts(): Readonly<Record<string, number>>;
  /** Sends them through the pipeline again; `limit` at most. */
  replay(filter: DeadLetterFilter): Promise<ReplayResult>;
  /** Removes them for good. Returns how many. */
  drop(filter: DeadLetterFilter): Promise<number>;
}

export interface IngestView {
  status(): IngestStatus;
  /** Of every gateway that was heard of, in order of id. */
  gateways(): readonly GatewayStatus[];
  /** Undefined when it was never heard of. */
  gateway(id: string): GatewayStatus | undefined;
  readonly deadLetters: DeadLettersView;
  /** Which times are taken. */
  readonly admission: AdmissionOptions;
  /**
   * Takes the bytes of a batch as if the gateway had published them; resolves when it is settled, or at once when it is
   * not taken. The batch's epoch begins with IMPORT_EPOCH_PREFIX. Counted in the gateway's books.
   */
  takeImported(gateway: string, batch: Uint8Array): Promise<BatchOutcome>;
  /** Called after each commit, per gateway; must return at once. Returns how to stop listening. */
  onCommitted(listener: (news: Committed) => void): () => void;
  /** Called when commits may have gone untold, which happens between processes only. Returns how to stop listening. */
  onMissed?(listener: () => void): () => void;
  /** What it has noticed of gateways, to explain missing readings; absent where nothing is kept of it. */
  evidence?(query: EvidenceQuery): Promise<CompletenessEvidence>;
}
