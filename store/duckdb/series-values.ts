/**
 * Every stored value of many series, as arrays. Rows come nearly in the order in which they were committed, which for
 * most is their order of time: they are sorted here, by merging the runs that they come in, for a third of the work
 * of a GROUP BY or ORDER BY over all of them (1 million values: 160 against 360 to 600 ms of processor time).
 */
import { type DuckDBConnection, LIST, listValue, UINTEGER } from '@duckdb/node-api';
import { checkInstants, instant } from './instants.ts';
import { grown, itemsOf } from './table-appender.ts';

/** Rows of merging, about 10 ms, after which others have their turn. */
const ROWS_AT_A_STRETCH = 500_000;

const ROWS = `
  SELECT series, time::DOUBLE, value, commit_order::DOUBLE FROM reading_values
  WHERE series IN (SELECT unnest($ids)) AND time >= $from AND time < $to`;

export interface ValuesOfSeries {
  readonly id: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** One value per instant, the last committed, in rising order of time; series without one are absent. Throws `bad-request`. */
export async function readValues(
  connection: DuckDBConnection,
  { ids, from, to }: { ids: readonly number[]; from: number; to: number },
): Promise<ValuesOfSeries[]> {
  checkInstants({ from, to });
  if (ids.length === 0 || !(from < to)) return [];
  const result = await connection.run(
    ROWS,
    { ids: listValue(ids as number[]), from: instant(from), to: instant(to) },
    { ids: LIST(UINTEGER) },
  );
  const rowsOf = new Map(ids.map((id) => [id, new SeriesRows()]));
  for await (const chunk of result) {
    const series = itemsOf(chunk, 0) as Uint32Array;
    const times = itemsOf(chunk, 1) as Float64Array;
    const values = itemsOf(chunk, 2) as Float64Array;
    const orders = itemsOf(chunk, 3) as Float64Array;
    for (let row = 0; row < series.length; row++) {
      rowsOf.get(series[row] as number)?.add(times[row] as number, values[row] as number, orders[row] as number);
    }
  }
  const found: ValuesOfSeries[] = [];
  const turn = new Turn();
  for (const [id, rows] of rowsOf) {
    if (rows.count === 0) continue;
    await rows.sort(turn);
    found.push({ id, ...rows.lastOfEachTime() });
    rowsOf.delete(id); // its memory is not needed beside its answer's
  }
  return found;
}

/** Lets others have their turn after so many rows. */
class Turn {
  #rows = 0;

  async take(rows: number): Promise<void> {
    this.#rows += rows;
    if (this.#rows < ROWS_AT_A_STRETCH) return;
    this.#rows = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Columns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly orders: Float64Array;
}

/** The rows of one series. */
class SeriesRows {
  count = 0;
  #columns: Columns = columnsOf(64);
  /** Where rows begin that are older than the one before. */
  #runs = [0];

  add(time: number, value: number, order: number): void {
    const row = this.count;
    let { times, values, orders } = this.#columns;
    if (row === times.length) {
      this.#columns = {
        times: grown(times, 2 * row),
        values: grown(values, 2 * row),
        orders: grown(orders, 2 * row),
      };
      ({ times, values, orders } = this.#columns);
    }
    times[row] = time;
    values[row] = value;
    orders[row] = order;
    if (row > 0 && isBefore(this.#columns, row, row - 1)) this.#runs.push(row);
    this.count++;
  }

  /** By time, at the same time by commit. */
  async sort(turn: Turn): Promise<void> {
    let from = this.#columns;
    let into = this.#runs.length > 1 ? columnsOf(this.count) : from;
    let runs = this.#runs;
    while (runs.length > 1) {
      const merged: number[] = [];
      for (let run = 0; run < runs.length; run += 2) {
        const start = runs[run] as number;
        const middle = runs[run + 1] ?? this.count;
        const end = runs[run + 2] ?? this.count;
        mergeRuns(from, into, { start, middle, end });
        merged.push(start);
        await turn.take(end - start);
      }
      [from, into] = [into, from];
      runs = merged;
    }
    this.#columns = from;
    this.#runs = runs;
    await turn.take(this.count);
  }

  /** Of sorted rows. */
  lastOfEachTime(): { times: Float64Array; values: Float64Array } {
    const times = new Float64Array(this.count);
    const values = new Float64Array(this.count);
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      const time = this.#columns.times[row] as number;
      if (kept > 0 && times[kept - 1] === time) kept--;
      times[kept] = time;
      values[kept] = this.#columns.values[row] as number;
      kept++;
    }
    return kept === this.count ? { times, values } : { times: times.slice(0, kept), values: values.slice(0, kept) };
  }
}

function columnsOf(rows: number): Columns {
  return { times: new Float64Array(rows), values: new Float64Array(rows), orders: new Float64Array(rows) };
}

function isBefore({ times, orders }: Columns, a: number, b: number): boolean {
  const [timeA, timeB] = [times[a] as number, times[b] as number];
  return timeA < timeB || (timeA === timeB && (orders[a] as number) < (orders[b] as number));
}

/** Two neighbouring runs, `start` to `middle` and `middle` to `end`, into one at the same place. */
function mergeRuns(from: Columns, into: Columns, run: { start: number; middle: number; end: number }): void {
  let left = run.start;
  let right = run.middle;
  for (let row = run.start; row < run.end; row++) {
    const takesRight = left === run.middle || (right < run.end && isBefore(from, right, left));
    const taken = takesRight ? right++ : left++;
    into.times[row] = from.times[taken] as number;
    into.values[row] = from.values[taken] as number;
    into.orders[row] = from.orders[taken] as number;
  }
}
