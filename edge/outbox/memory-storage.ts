/** Rows in memory, for gateways without a disk: lost with the process, kept over stop() and start() of one object. */
import { emptyState, type OutboxState } from './outbox-state.ts';
import type { BatchRow, OutboxChanges, OutboxStorage, RowChanges, RowRange, Table } from './outbox-storage.ts';
import { placeOf } from './rising-ids.ts';

export class MemoryStorage implements OutboxStorage {
  readonly tables = {
    batches: new MemoryTable<BatchRow>(),
    payloads: new MemoryTable<Uint8Array>(),
    undated: new MemoryTable<Uint8Array>(),
    dropped: new MemoryTable<number>(),
  };
  #state: OutboxState = emptyState();
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(): Promise<OutboxState> {
    this.#isOpen = true;
    return this.#state;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  async ready(): Promise<void> {}

  async write(changes: OutboxChanges): Promise<void> {
    this.tables.batches.apply(changes.batches);
    this.tables.payloads.apply(changes.payloads);
    this.tables.undated.apply(changes.undated);
    this.tables.dropped.apply(changes.dropped);
    this.#state = changes.state;
  }
}

/** A map with its ids kept in order, because rows nearly always arrive at the end and leave at the front. */
class MemoryTable<Value> implements Table<Value> {
  readonly #valueById = new Map<number, Value>();
  readonly #ids: number[] = [];

  get(id: number): Value | undefined {
    return this.#valueById.get(id);
  }

  *rows({ from = 0, to = Number.MAX_SAFE_INTEGER }: RowRange): Generator<readonly [number, Value]> {
    for (let at = placeOf(this.#ids, from); ; at++) {
      const id = this.#ids[at];
      if (id === undefined || id > to) return;
      yield [id, this.#valueById.get(id) as Value];
    }
  }

  apply(changes: RowChanges<Value>): void {
    for (const [id, value] of changes) {
      const isHeld = this.#valueById.has(id);
      if (value === undefined) {
        if (isHeld) this.#ids.splice(placeOf(this.#ids, id), 1);
        this.#valueById.delete(id);
      } else {
        if (!isHeld) this.#ids.splice(placeOf(this.#ids, id), 0, id);
        this.#valueById.set(id, value);
      }
    }
  }
}
