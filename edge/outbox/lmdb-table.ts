/** One table of an LMDB environment, decoded; and the bytes of its rows. Reads as empty while the environment is closed. */
import type { Database } from 'lmdb';
import type { BatchRow, RowRange, Table } from './outbox-storage.ts';

export class LmdbTable<Value> implements Table<Value> {
  readonly #database: () => Database<Buffer, number> | undefined;
  readonly #decode: (bytes: Buffer) => Value;

  constructor(database: () => Database<Buffer, number> | undefined, decode: (bytes: Buffer) => Value) {
    this.#database = database;
    this.#decode = decode;
  }

  get(id: number): Value | undefined {
    const bytes = this.#database()?.get(id);
    return bytes === undefined ? undefined : this.#decode(bytes);
  }

  *rows({ from = 0, to = Number.MAX_SAFE_INTEGER }: RowRange): Generator<readonly [number, Value]> {
    const database = this.#database();
    if (database === undefined || from > to) return;
    for (const { key, value } of database.getRange({ start: from, end: to, inclusiveEnd: true }))
      yield [key, this.#decode(value)];
  }
}

const BATCH_ROW_BYTES = 17;
const SENT = 1;
const ASIDE = 2;

export function encodeBatchRow(row: BatchRow): Buffer {
  const bytes = Buffer.allocUnsafe(BATCH_ROW_BYTES);
  bytes.writeDoubleLE(row.createdAt, 0);
  bytes.writeUInt32LE(row.count, 8);
  bytes.writeUInt32LE(row.bytes, 12);
  bytes.writeUInt8((row.isSent ? SENT : 0) | (row.isAside ? ASIDE : 0), 16);
  return bytes;
}

export function decodeBatchRow(bytes: Buffer): BatchRow {
  const flags = bytes.readUInt8(16);
  return {
    createdAt: bytes.readDoubleLE(0),
    count: bytes.readUInt32LE(8),
    bytes: bytes.readUInt32LE(12),
    isSent: (flags & SENT) !== 0,
    isAside: (flags & ASIDE) !== 0,
  };
}

export function encodeCount(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(count, 0);
  return bytes;
}

export function decodeCount(bytes: Buffer): number {
  return bytes.readUInt32LE(0);
}
