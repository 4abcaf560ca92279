/**
 * The next transaction, planned: a layer over the committed rows that reads its own changes.
 * Thrown away when the disk refuses it, so that nothing is ever half counted.
 */
import { copyTotals, type EpochStart, type OutboxState, type Totals } from './outbox-state.ts';
import type { BatchRow, OutboxChanges, OutboxTables, RowRange, Table } from './outbox-storage.ts';

/** What a batch or an undated reading takes beside its bytes: keys, its row, and the file's own pages. */
export const ROW_OVERHEAD_BYTES = 64;
/** A dropped batch is remembered, in case its acknowledgement is still on the way; of more than this, the lowest ids go. */
export const MAX_DROPPED_RECORDS = 100_000;

export class DraftTable<Value> implements Table<Value> {
  readonly #base: Table<Value>;
  readonly changes = new Map<number, Value | undefined>();

  constructor(base: Table<Value>) {
    this.#base = base;
  }

  get(id: number): Value | undefined {
    return this.changes.has(id) ? this.changes.get(id) : this.#base.get(id);
  }

  put(id: number, value: Value): void {
    this.changes.set(id, value);
  }

  remove(id: number): void {
    this.changes.set(id, undefined);
  }

  /** Rows of the base with the changes laid over; a row that is removed while iterating does not disturb. */
  *rows({ from = 0, to = Number.MAX_SAFE_INTEGER }: RowRange): Generator<readonly [number, Value]> {
    const changed = [...this.changes.keys()].filter((id) => id >= from && id <= to).sort((a, b) => a - b);
    let at = 0;
    for (const row of this.#base.rows({ from, to })) {
      for (let id = changed[at]; id !== undefined && id < row[0]; id = changed[++at]) yield* this.#changedRow(id);
      if (changed[at] === row[0]) yield* this.#changedRow(changed[at++] as number);
      else yield row;
    }
    for (; at < changed.length; at++) yield* this.#changedRow(changed[at] as number);
  }

  *#changedRow(id: number): Generator<readonly [number, Value]> {
    const value = this.changes.get(id);
    if (value !== undefined) yield [id, value];
  }
}

export class OutboxDraft {
  readonly batches: DraftTable<BatchRow>;
  readonly payloads: DraftTable<Uint8Array>;
  readonly undated: DraftTable<Uint8Array>;
  readonly dropped: DraftTable<number>;
  readonly totals: Totals;
  readonly cursors: Map<string, string>;
  epochs: readonly EpochStart[];
  /** No batch below this id is both held and never sent: where the search for one that may go begins. */
  unsentFrom: number;
  isGrowing = false;

  constructor(tables: OutboxTables, state: OutboxState, unsentFrom: number) {
    this.batches = new DraftTable(tables.batches);
    this.payloads = new DraftTable(tables.payloads);
    this.undated = new DraftTable(tables.undated);
    this.dropped = new DraftTable(tables.dropped);
    this.totals = copyTotals(state.totals);
    this.cursors = new Map(state.cursors);
    this.epochs = state.epochs;
    this.unsentFrom = unsentFrom;
  }

  get state(): OutboxState {
    return { totals: this.totals, cursors: this.cursors, epochs: this.epochs };
  }

  changes(): OutboxChanges {
    return {
      batches: this.batches.changes,
      payloads: this.payloads.changes,
      undated: this.undated.changes,
      dropped: this.dropped.changes,
      state: this.state,
      isGrowing: this.isGrowing,
    };
  }

  /** Adds a batch and its readings to what is buffered; the caller has made room for it. */
  addBatch(id: number, row: BatchRow, payload: Uint8Array): void {
    this.batches.put(id, row);
    this.payloads.put(id, payload);
    this.totals.buffered += row.count;
    this.totals.batches += 1;
    this.totals.bytes += row.bytes;
  }

  /** Takes a held batch out of what is buffered; the caller counts what became of its readings. */
  removeBatch(id: number, row: BatchRow): void {
    this.batches.remove(id);
    this.payloads.remove(id);
    this.totals.buffered -= row.count;
    this.totals.batches -= 1;
    this.totals.bytes -= row.bytes;
    if (row.isAside) this.totals.setAside -= row.count;
  }

  addUndated(json: Uint8Array): void {
    this.undated.put(++this.totals.lastUndatedId, json);
    this.totals.buffered += 1;
    this.totals.undated += 1;
    this.totals.bytes += json.length + ROW_OVERHEAD_BYTES;
  }

  /** As removeBatch. */
  removeUndated(id: number, json: Uint8Array): void {
    this.undated.remove(id);
    this.totals.buffered -= 1;
    this.totals.undated -= 1;
    this.totals.bytes -= json.length + ROW_OVERHEAD_BYTES;
  }

  /** Remembers a dropped batch, and forgets the lowest id when there are too many. */
  rememberDropped(id: number, count: number): void {
    this.dropped.put(id, count);
    if (++this.totals.droppedRecords <= MAX_DROPPED_RECORDS) return;
    for (const [lowest] of this.dropped.rows({})) {
      this.forgetDropped(lowest);
      break;
    }
  }

  forgetDropped(id: number): void {
    this.dropped.remove(id);
    this.totals.droppedRecords -= 1;
  }
}
