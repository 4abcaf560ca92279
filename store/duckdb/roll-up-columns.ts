/** How roll-ups lie in their tables, and a batch of them as columns: one table per width, all with the same columns. */
import { BIGINT, DOUBLE, UINTEGER } from '@duckdb/node-api';
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { type Column, putInteger, TableAppender } from './table-appender.ts';

export function tableOf(width: RollUpWidth): string {
  return `rollup_${width}`;
}

export const REQUIRED_FIGURES = ['count', 'expected', 'coverage'] as const;
/** NULL where a roll-up has null; the last three are NULL where it has no position. */
export const NULLABLE_FIGURES = [
  'min',
  'mean',
  'max',
  'last',
  'consumption',
  'interpolated',
  'estimated',
  'peak',
  'peak_at',
  'position_height',
  'position_time',
  'position_until',
] as const;

const FIGURES = REQUIRED_FIGURES.length + NULLABLE_FIGURES.length;
const KEY_TYPES = [BIGINT, UINTEGER, UINTEGER];

/** For queries: the columns in the order in which RollUpReading takes them, NULL as NaN. */
export const SELECTED_COLUMNS = [
  'r.series',
  'r.site',
  'r.start::DOUBLE',
  ...REQUIRED_FIGURES.map((figure) => `r."${figure}"`),
  ...NULLABLE_FIGURES.map((figure) => `coalesce(r."${figure}", 'NaN'::DOUBLE)`),
].join(', ');

export function rollUpAppender(width: RollUpWidth): TableAppender {
  const types = [...KEY_TYPES, ...Array.from({ length: FIGURES }, () => DOUBLE)];
  return new TableAppender(tableOf(width), types, KEY_TYPES.length + REQUIRED_FIGURES.length);
}

export function keyAppender(table: string): TableAppender {
  return new TableAppender(table, KEY_TYPES);
}

/** Keys of rows: start, series, site (0 for events, which have none). */
export class KeyColumns {
  readonly #start: Uint32Array;
  readonly #series: Uint32Array;
  readonly #site: Uint32Array;
  rows = 0;
  /** Of the starts. */
  lowest = Number.POSITIVE_INFINITY;
  highest = Number.NEGATIVE_INFINITY;

  /** `most`: rows that there is room for. */
  constructor(most: number) {
    this.#start = new Uint32Array(2 * most);
    this.#series = new Uint32Array(most);
    this.#site = new Uint32Array(most);
  }

  add(start: number, series: number, site: number): void {
    putInteger(this.#start, this.rows, start);
    this.#series[this.rows] = series;
    this.#site[this.rows] = site;
    this.rows++;
    if (start < this.lowest) this.lowest = start;
    if (start > this.highest) this.highest = start;
  }

  get columns(): Column[] {
    return [this.#start, this.#series, this.#site];
  }
}

/** Whole rows. */
export class RollUpColumns {
  readonly keys: KeyColumns;
  readonly #figures: readonly Float64Array[];

  constructor(most: number) {
    this.keys = new KeyColumns(most);
    this.#figures = Array.from({ length: FIGURES }, () => new Float64Array(most));
  }

  add(row: RollUp, series: number, site: number): void {
    const at = this.keys.rows;
    this.keys.add(row.start, series, site);
    const { position } = row;
    let figure = 0;
    const put = (value: number | null | undefined) => {
      (this.#figures[figure++] as Float64Array)[at] = value ?? Number.NaN;
    };
    put(row.count);
    put(row.expected);
    put(row.coverage);
    put(row.min);
    put(row.mean);
    put(row.max);
    put(row.last);
    put(row.consumption);
    put(row.interpolated);
    put(row.estimated);
    put(row.peak);
    put(row.peakAt);
    put(position?.height);
    put(position?.time);
    put(position?.until);
  }

  get columns(): Column[] {
    return [...this.keys.columns, ...this.#figures];
  }
}

/** A row of a chunk that SELECTED_COLUMNS gave. `figures`: its columns from `start` on. */
export function takeRollUp(
  figures: readonly Float64Array[],
  row: number,
  key: { site: string; gateway: string; device: string; metric: string },
): RollUp {
  let figure = 0;
  const required = () => (figures[figure++] as Float64Array)[row] as number;
  const nullable = () => {
    const value = required();
    return Number.isNaN(value) ? null : value;
  };
  const { site, gateway, device, metric } = key;
  return {
    site,
    gateway,
    device,
    metric,
    start: required(),
    count: required(),
    expected: required(),
    coverage: required(),
    min: nullable(),
    mean: nullable(),
    max: nullable(),
    last: nullable(),
    consumption: nullable(),
    interpolated: nullable(),
    estimated: nullable(),
    peak: nullable(),
    peakAt: nullable(),
    position: takePosition(nullable(), nullable(), nullable()),
  };
}

function takePosition(height: number | null, time: number | null, until: number | null): RollUp['position'] {
  return height === null || time === null || until === null ? null : { height, time, until };
}
