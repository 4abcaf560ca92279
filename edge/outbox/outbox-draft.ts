/**
 * The next transaction, planned: a layer over the committed rows that reads its own changes.
 * Thrown away when the disk refuses it, so that nothing is ever half counted.
 */
import type { EncodedReading } from './batch-encoder.ts';
import { copyTotals, type EpochStart, type OutboxState, type Totals } from './outbox-state.ts';
import type { BatchRow, OutboxChanges, OutboxTables, RowRange, Table } from './outbox-storage.ts';
import { placeOf } from './rising-ids.ts';

/** What a batch or an undated reading takes beside its bytes: keys, its row, and the file's own pages. */
export const ROW_OVERHEAD_BYTES = 64;
/** A dropped batch is remembered, in case its acknowledgement is still on the way; of more than this, the oldest go. */
export const MAX_DROPPED_RECORDS = 100_000;

export class DraftTable<Value> implements Table<Value> {
  readonly #base: Table<Value>;
  readonly #isNew: (id: number) => boolean;
  readonly changes = new Map<number, Value | undefined>();
  readonly #added: number[] = [];
  #isRising = true;

  /** `isNew` tells ids that the base does not hold. */
  constructor(base: Table<Value>, isNew: (id: number) => boolean) {
    this.#base = base;
    this.#isNew = isNew;
  }

  get(id: number): Value | undefined {
    return this.changes.has(id) ? this.changes.get(id) : this.#base.get(id);
  }

  put(id: number, value: Value): void {
    if (!this.changes.has(id) && this.#isNew(id)) {
      this.#isRising &&= id > (this.#added.at(-1) ?? -1);
      this.#added.push(id);
    }
    this.changes.set(id, value);
  }

  remove(id: number): void {
    this.changes.set(id, undefined);
  }

  /** Rows of the base, as changed, then those that were added; a row may be removed while it is looked at. */
  *rows({ from = 0, to = Number.MAX_SAFE_INTEGER }: RowRange): Generator<readonly [number, Value]> {
    for (const row of this.#base.rows({ from, to })) {
      if (this.changes.has(row[0])) yield* this.#changedRow(row[0]);
      else yield row;
    }
    for (let at = this.#isRising ? placeOf(this.#added, from) : 0; at < this.#added.length; at++) {
      const id = this.#added[at] as number;
      if (id >= from && id <= to) yield* this.#changedRow(id);
    }
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
  /** Nothing below these ids is held any more: rows removed by this draft need not be passed again. */
  heldFrom = 0;
  undatedFrom = 0;
  /** Readings to be numbered once every change is planned, and everything that makes room has been counted. */
  readonly fresh: EncodedReading[] = [];
  /** Set by plans that add rows: see OutboxChanges. */
  isGrowing = false;

  constructor(tables: OutboxTables, state: OutboxState, unsentFrom: number) {
    const { lastId, lastUndatedId } = state.totals;
    this.batches = new DraftTable(tables.batches, (id) => id > lastId);
    this.payloads = new DraftTable(tables.payloads, (id) => id > lastId);
    this.undated = new DraftTable(tables.undated, (id) => id > lastUndatedId);
    this.dropped = new DraftTable(tables.dropped, () => true);
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

  rememberDropped(id: number, count: number): void {
    this.dropped.put(id, count);
    this.totals.droppedRecords += 1;
  }

  forgetDropped(id: number): void {
    this.dropped.remove(id);
    this.totals.droppedRecords -= 1;
  }

  /** Forgets the oldest dropped batches above what is to be remembered. */
  forgetSurplus(): void {
    let surplus = this.totals.droppedRecords - MAX_DROPPED_RECORDS;
    if (surplus <= 0) return;
    for (const [id] of this.dropped.rows({})) {
      this.forgetDropped(id);
      if (--surplus === 0) return;
    }
  }
}
