/** Where an outbox keeps its rows: tables with rising numeric ids, and one write that is all or nothing. */
import type { OutboxState } from './outbox-state.ts';

/** A batch without its bytes. */
export interface BatchRow {
  readonly count: number;
  /** What it takes of the capacity. */
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly isSent: boolean;
  readonly isAside: boolean;
}

/** Both ends included; both default to open. */
export interface RowRange {
  readonly from?: number;
  readonly to?: number;
}

export interface Table<Value> {
  get(id: number): Value | undefined;
  /** In rising order of id. The table must not be written to while somebody iterates. */
  rows(range: RowRange): Iterable<readonly [id: number, value: Value]>;
}

export interface OutboxTables {
  readonly batches: Table<BatchRow>;
  readonly payloads: Table<Uint8Array>;
  /** JSON of an UndatedReading. */
  readonly undated: Table<Uint8Array>;
  /** Readings in each remembered batch that was dropped. */
  readonly dropped: Table<number>;
}

/** `undefined` removes the row. */
export type RowChanges<Value> = ReadonlyMap<number, Value | undefined>;

export interface OutboxChanges {
  readonly batches: RowChanges<BatchRow>;
  readonly payloads: RowChanges<Uint8Array>;
  readonly undated: RowChanges<Uint8Array>;
  readonly dropped: RowChanges<number>;
  readonly state: OutboxState;
  /** Adds rows: refused first when space runs short, so that what frees space can still be written. */
  readonly isGrowing: boolean;
}

export interface OutboxStorage {
  /** False before open, after close, and while a failed disk keeps it from being opened again. */
  readonly isOpen: boolean;
  /** Reads what was left, or begins anew. Throws a LamplighterError that names the path and the mend. */
  open(): Promise<OutboxState>;
  close(): Promise<void>;
  readonly tables: OutboxTables;
  /** Opens again after a fault, if need be. Throws like `write`. */
  ready(): Promise<void>;
  /** Resolves when all of it is durable. Throws a LamplighterError when the disk refuses; then nothing was written. */
  write(changes: OutboxChanges): Promise<void>;
}
