/** Sorts rows by time, at the same time by commit: natural merge sort, one pass for rows that are in order already. */

export interface ValueRows {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Commit orders; at most 2^53, so that they are exact. */
  readonly orders: Float64Array;
}

export function rowsFor(count: number): ValueRows {
  return { times: new Float64Array(count), values: new Float64Array(count), orders: new Float64Array(count) };
}

/** Sorts the rows from `start` to `end` in their place. `merged` is told of each merge, and may let others have their turn. */
export async function sortRows(
  rows: ValueRows,
  { start, end }: { start: number; end: number },
  merged: (rows: number) => Promise<void>,
): Promise<void> {
  let runs = runsOf(rows, start, end);
  if (runs.length === 1) return;
  let from: ValueRows = part(rows, start, end);
  let into = rowsFor(end - start);
  const length = end - start;
  runs = runs.map((run) => run - start);
  while (runs.length > 1) {
    for (let run = 0; run < runs.length; run += 2) {
      const left = runs[run] as number;
      const stop = runs[run + 2] ?? length;
      mergeTwo(from, into, { left, right: runs[run + 1] ?? length, end: stop });
      await merged(stop - left);
    }
    [from, into] = [into, from];
    runs = runs.filter((_, run) => run % 2 === 0);
  }
  rows.times.set(from.times, start);
  rows.values.set(from.values, start);
  rows.orders.set(from.orders, start);
}

/** Where rows begin that come before their neighbour on the left. */
function runsOf(rows: ValueRows, start: number, end: number): number[] {
  const runs = [start];
  for (let row = start + 1; row < end; row++) {
    if (isBefore(rows, row, row - 1)) runs.push(row);
  }
  return runs;
}

function part({ times, values, orders }: ValueRows, start: number, end: number): ValueRows {
  return { times: times.slice(start, end), values: values.slice(start, end), orders: orders.slice(start, end) };
}

function isBefore({ times, orders }: ValueRows, a: number, b: number): boolean {
  const timeA = times[a] as number;
  const timeB = times[b] as number;
  return timeA < timeB || (timeA === timeB && (orders[a] as number) < (orders[b] as number));
}

/** Two neighbouring runs, `left` to `right` and `right` to `end`, into one at the same place. */
function mergeTwo(from: ValueRows, into: ValueRows, run: { left: number; right: number; end: number }): void {
  let left = run.left;
  let right = run.right;
  for (let row = run.left; row < run.end; row++) {
    const takesRight = left === run.right || (right < run.end && isBefore(from, right, left));
    const taken = takesRight ? right++ : left++;
    into.times[row] = from.times[taken] as number;
    into.values[row] = from.values[taken] as number;
    into.orders[row] = from.orders[taken] as number;
  }
}
