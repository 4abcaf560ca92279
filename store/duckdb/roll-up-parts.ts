/**
 * Splits an update into transactions: each holds the whole of some series, and so few rows that commits of readings
 * wait for none of them long (20,000 rows: 40 ms on one core, half of it on this thread).
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

/** Rows of one transaction, unless one series alone has more. */
export const PART_ROWS = 20_000;

export interface PartRow {
  readonly row: RollUp;
  readonly series: number;
}

export interface PartEvent {
  readonly at: number;
  readonly series: number;
  /** Absent where it is only taken away. */
  readonly event?: MeterEvent;
}

/** What is written at once. No key is there twice. */
export interface UpdatePart {
  readonly rows: Readonly<Record<RollUpWidth, readonly PartRow[]>>;
  readonly events: readonly PartEvent[];
}

interface GrowingPart {
  readonly rows: Record<RollUpWidth, PartRow[]>;
  readonly events: PartEvent[];
}

/** Gives ids to series that are new. Erasing what no series of the dictionary has is nothing to do. */
export function partsOf(update: RollUpUpdate, dictionary: SeriesDictionary, partRows = PART_ROWS): UpdatePart[] {
  const rows = ROLL_UP_WIDTHS.map((width) => [width, lastOfEachKey(named(update.rows[width], dictionary))] as const);
  const events = lastEvents(update, dictionary);
  const sizes = new Map<number, number>();
  for (const ofWidth of [...rows.map(([, ofWidth]) => ofWidth), events]) {
    for (const { series } of ofWidth) sizes.set(series, (sizes.get(series) ?? 0) + 1);
  }
  const parts: GrowingPart[] = [];
  const partOf = new Map<number, GrowingPart>();
  let room = 0;
  for (const [series, size] of sizes) {
    if (parts.length === 0 || size > room) {
      parts.push({ rows: { '15m': [], '1h': [], '1d': [] }, events: [] });
      room = partRows;
    }
    room -= size;
    partOf.set(series, parts[parts.length - 1] as GrowingPart);
  }
  for (const [width, ofWidth] of rows) for (const row of ofWidth) partOf.get(row.series)?.rows[width].push(row);
  for (const event of events) partOf.get(event.series)?.events.push(event);
  return parts;
}

function named(rows: readonly RollUp[], dictionary: SeriesDictionary): PartRow[] {
  const found: PartRow[] = [];
  for (const row of rows) {
    const series = isEmptyRollUp(row) ? dictionary.find(row) : dictionary.id(row);
    if (series !== undefined) found.push({ row, series });
  }
  return found;
}

/** Of rows of one key only the last. Nothing to compare as long as each series comes in rising order of start. */
function lastOfEachKey(rows: PartRow[]): PartRow[] {
  const startOf = new Map<number, number>();
  const isRising = rows.every(({ row: { start }, series }) => {
    const before = startOf.get(series);
    startOf.set(series, start);
    return before === undefined || before < start;
  });
  if (isRising) return rows;
  const last = new Map<string, PartRow>();
  for (const row of rows) last.set(`${row.series} ${row.row.start} ${row.row.site}`, row);
  return [...last.values()];
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
