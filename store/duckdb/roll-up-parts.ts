/**
 * Splits an update into transactions: each holds the whole of some series, and so few rows that commits of readings
 * wait for none of them long (10,000 rows: 15 to 25 ms on one core, a third of it on this thread). Each looks for the
 * rows that it replaces, so that parts of 4,000 cost the worker a sixth more.
 */
import {
  isEmptyRollUp,
  type MeterEvent,
  type MeterEventKey,
  ROLL_UP_WIDTHS,
  type RollUp,
  type RollUpWidth,
} from '../../contract/roll-up.ts';
import type { RollUpUpdate } from '../roll-up-store.ts';
import type { SeriesDictionary } from './series-dictionary.ts';
import { Turn } from './turn.ts';

/** Rows of one transaction, unless one series alone has more. */
export const PART_ROWS = 10_000;
/** A few milliseconds of work. */
const ROWS_AT_A_STRETCH = 5_000;

/** Rows and, at the same positions, the ids of their series. */
export interface PartRows {
  readonly rows: readonly RollUp[];
  readonly series: readonly number[];
}

export interface PartEvent {
  readonly at: number;
  readonly series: number;
  /** Absent where it is only taken away. */
  readonly event?: MeterEvent;
}

/** What is written at once. No key is there twice. */
export interface UpdatePart {
  readonly rows: Readonly<Record<RollUpWidth, PartRows>>;
  readonly events: readonly PartEvent[];
}

interface GrowingRows {
  readonly rows: RollUp[];
  readonly series: number[];
}
interface GrowingPart {
  readonly rows: Readonly<Record<RollUpWidth, GrowingRows>>;
  readonly events: PartEvent[];
}

/** Gives ids to series that are new. Erasing what no series of the dictionary has is nothing to do. */
export async function partsOf(
  update: RollUpUpdate,
  dictionary: SeriesDictionary,
  partRows = PART_ROWS,
): Promise<UpdatePart[]> {
  const turn = new Turn(ROWS_AT_A_STRETCH);
  const sizes = new Map<number, number>();
  const whole = noRows();
  for (const width of ROLL_UP_WIDTHS) {
    await inStretches(update.rows[width], turn, (row) => {
      const series = isEmptyRollUp(row) ? dictionary.find(row) : dictionary.id(row);
      if (series === undefined) return;
      add(whole[width], row, series);
      sizes.set(series, (sizes.get(series) ?? 0) + 1);
    });
  }
  const events = lastEvents(update, dictionary);
  for (const { series } of events) sizes.set(series, (sizes.get(series) ?? 0) + 1);

  const { parts, partOf } = divide(sizes, partRows);
  for (const width of ROLL_UP_WIDTHS) {
    const { rows, series } = await lastOfEachKey(whole[width], turn);
    await inStretches(rows, turn, (row, i) => {
      const id = series[i] as number;
      add((partOf.get(id) as GrowingPart).rows[width], row, id);
    });
  }
  for (const event of events) partOf.get(event.series)?.events.push(event);
  return parts;
}

/** `sizes`: rows by series. */
function divide(sizes: ReadonlyMap<number, number>, partRows: number) {
  const parts: GrowingPart[] = [];
  const partOf = new Map<number, GrowingPart>();
  let room = 0;
  for (const [series, size] of sizes) {
    if (parts.length === 0 || size > room) {
      parts.push({ rows: noRows(), events: [] });
      room = partRows;
    }
    room -= size;
    partOf.set(series, parts[parts.length - 1] as GrowingPart);
  }
  return { parts, partOf };
}

/** Of rows of one key only the last. Nothing to compare as long as each series comes in rising order of start. */
async function lastOfEachKey(found: GrowingRows, turn: Turn): Promise<PartRows> {
  const startOf = new Map<number, number>();
  let isRising = true;
  await inStretches(found.rows, turn, ({ start }, i) => {
    const id = found.series[i] as number;
    const before = startOf.get(id);
    if (before !== undefined && before >= start) isRising = false;
    startOf.set(id, start);
  });
  if (isRising) return found;
  const last = new Map<string, number>();
  await inStretches(found.rows, turn, ({ start, site }, i) => {
    last.set(`${found.series[i]} ${start} ${site}`, i);
  });
  const positions = [...last.values()];
  if (positions.length === found.rows.length) return found;
  return {
    rows: positions.map((i) => found.rows[i] as RollUp),
    series: positions.map((i) => found.series[i] as number),
  };
}

function lastEvents({ events, erasedEvents }: RollUpUpdate, dictionary: SeriesDictionary): PartEvent[] {
  const last = new Map<string, PartEvent>();
  const set = (key: MeterEventKey, series: number | undefined, event?: MeterEvent) => {
    if (series === undefined) return;
    last.set(`${series} ${key.at}`, { at: key.at, series, ...(event === undefined ? {} : { event }) });
  };
  for (const key of erasedEvents) set(key, dictionary.find(key));
  for (const event of events) set(event, dictionary.id(event), event);
  return [...last.values()];
}

async function inStretches<T>(rows: readonly T[], turn: Turn, work: (row: T, i: number) => void): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_AT_A_STRETCH) {
    const end = Math.min(start + ROWS_AT_A_STRETCH, rows.length);
    for (let i = start; i < end; i++) work(rows[i] as T, i);
    await turn.take(end - start);
  }
}

function noRows(): Record<RollUpWidth, GrowingRows> {
  return { '15m': { rows: [], series: [] }, '1h': { rows: [], series: [] }, '1d': { rows: [], series: [] } };
}

function add(to: GrowingRows, row: RollUp, series: number): void {
  to.rows.push(row);
  to.series.push(series);
}
