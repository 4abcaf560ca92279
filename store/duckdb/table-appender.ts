/**
 * Appends columns to a table: typed arrays copied straight into DuckDB's chunk vectors, without an object or a BigInt
 * per row. 5.5 million rows a second on one core, against 3.8 with `setColumns`.
 */
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBVector,
} from '@duckdb/node-api';

/** Rows of a full DuckDB vector. */
const CHUNK_ROWS = 2_048;

/**
 * One value per row in a Float64Array (DOUBLE, NaN for NULL in a column that may be NULL) or Uint32Array (UINTEGER);
 * for a BIGINT two halves per row, low first.
 */
export type Column = Float64Array | Uint32Array;

interface Target {
  readonly items: Column;
  /** Items per row. */
  readonly width: 1 | 2;
  /** One bit per row, set where there is a value; undefined in a column that has no NULL. */
  readonly validity: Uint32Array | undefined;
  flush(): void;
}

export class TableAppender {
  readonly #table: string;
  readonly #chunk: DuckDBDataChunk;
  readonly #columns: number;
  readonly #firstNullable: number;
  #chunkRows = 0;
  #targets: Target[] = [];

  /** `firstNullable`: position from which on all columns are DOUBLE and may be NULL; none when absent. */
  constructor(table: string, types: readonly DuckDBType[], firstNullable = types.length) {
    this.#table = table;
    this.#columns = types.length;
    this.#firstNullable = firstNullable;
    this.#chunk = DuckDBDataChunk.create(types);
  }

  /** Appends the first `rows` of the columns, within the connection's transaction. */
  async append(connection: DuckDBConnection, columns: readonly Column[], rows: number): Promise<void> {
    if (rows === 0) return;
    await appendRows(connection, this.#table, (appender) => {
      for (let row = 0; row < rows; row += CHUNK_ROWS) {
        this.#fill(columns, row, Math.min(CHUNK_ROWS, rows - row));
        appender.appendDataChunk(this.#chunk);
      }
    });
  }

  #fill(columns: readonly Column[], row: number, rows: number): void {
    if (rows !== this.#chunkRows) this.#resize(rows);
    for (const [position, { items, width, validity, flush }] of this.#targets.entries()) {
      items.set((columns[position] as Column).subarray(row * width, (row + rows) * width));
      if (validity !== undefined) markNulls(items, validity);
      flush();
    }
  }

  #resize(rows: number): void {
    this.#chunk.rowCount = rows;
    this.#chunkRows = rows;
    this.#targets = Array.from({ length: this.#columns }, (_, position) => {
      const vector = this.#chunk.getColumnVector(position);
      const items = itemsOf(this.#chunk, position);
      const flush = () => vector.flush();
      const validity = position < this.#firstNullable ? undefined : validityOf(vector);
      if (!(items instanceof BigInt64Array)) return { items, width: 1, validity, flush };
      return { items: new Uint32Array(items.buffer, items.byteOffset, items.length * 2), width: 2, validity, flush };
    });
  }
}

/** The bits that say which rows of a vector have a value. Setting them one by one would cost a BigInt each. */
function validityOf(vector: DuckDBVector): Uint32Array {
  vector.setItem(0, null); // a vector without NULL has no bits
  const { data } = (vector as unknown as { validity: { data: BigUint64Array } }).validity;
  return new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
}

function markNulls(items: Column, validity: Uint32Array): void {
  validity.fill(0xffff_ffff);
  for (let row = 0; row < items.length; row++) {
    if (Number.isNaN(items[row])) validity[row >>> 5] = (validity[row >>> 5] as number) & ~(1 << (row & 31));
  }
}

/** Appends what `write` hands to the appender, within the connection's transaction, or nothing when it throws. */
export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  write: (appender: DuckDBAppender) => void,
): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    write(appender);
    appender.closeSync();
  } catch (error) {
    // Else the appender would flush its rest when it is collected, into whatever transaction is open then.
    appender.clear();
    throw error;
  }
}

/** The memory of a column of a chunk; valid as long as the chunk is. Reading it item by item would cost a call each. */
export function itemsOf(chunk: DuckDBDataChunk, column: number): Float64Array | Uint32Array | BigInt64Array {
  const vector: unknown = chunk.getColumnVector(column);
  return (vector as { items: Float64Array | Uint32Array | BigInt64Array }).items;
}

/** A longer copy of a column. */
export function grown<T extends Column>(column: T, items: number): T {
  const larger = (column instanceof Float64Array ? new Float64Array(items) : new Uint32Array(items)) as T;
  larger.set(column);
  return larger;
}

const TWO_32 = 4_294_967_296;

/** Writes a whole number up to ±2^53 as the two halves of a 64-bit integer. */
export function putInteger(halves: Uint32Array, row: number, integer: number): void {
  halves[2 * row] = integer;
  halves[2 * row + 1] = Math.floor(integer / TWO_32);
}

export function takeInteger(halves: Uint32Array, row: number): number {
  return ((halves[2 * row + 1] as number) | 0) * TWO_32 + (halves[2 * row] as number);
}
