/** How roll-ups lie in their tables, and a batch of them as columns: one table per width, all with the same columns. */
import { BIGINT, DOUBLE, UINTEGER } from '@duckdb/node-api';
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { type Column, putInteger, TableAppender } from './table-appender.ts';

export function tableOf(width: RollUpWidth): string {
  return `rollup_${width}`;
}

type Figure = readonly [column: string, of: (row: RollUp) => number | null | undefined];

const REQUIRED: readonly Figure[] = [
  ['count', (row) => row.count],
  ['expected', (row) => row.expected],
  ['coverage', (row) => row.coverage],
];
/** NULL where a roll-up has null; the last three are NULL where it has no position. */
const NULLABLE: readonly Figure[] = [
  ['min', (row) => row.min],
  ['mean', (row) => row.mean],
  ['max', (row) => row.max],
  ['last', (row) => row.last],
  ['consumption', (row) => row.consumption],
  ['interpolated', (row) => row.interpolated],
  ['estimated', (row) => row.estimated],
  ['peak', (row) => row.peak],
  ['peak_at', (row) => row.peakAt],
  ['position_height', (row) => row.position?.height],
  ['position_time', (row) => row.position?.time],
  ['position_until', (row) => row.position?.until],
];
/** In the order of the tables' columns, and of takeRollUp. */
const FIGURES = [...REQUIRED, ...NULLABLE];
export const REQUIRED_FIGURES = REQUIRED.map(([column]) => column);
export const NULLABLE_FIGURES = NULLABLE.map(([column]) => column);

const KEY_TYPES = [BIGINT, UINTEGER, UINTEGER];

/** For queries of a table `r`: series and site, then what takeRollUp takes, NULL as NaN. */
export const SELECTED_COLUMNS = [
  'r.series',
  'r.site',
  'r.start::DOUBLE',
  ...REQUIRED_FIGURES.map((figure) => `r."${figure}"`),
  ...NULLABLE_FIGURES.map((figure) => `coalesce(r."${figure}", 'NaN'::DOUBLE)`),
].join(', ');

export function rollUpAppender(width: RollUpWidth): TableAppender {
  const types = [...KEY_TYPES, ...FIGURES.map(() => DOUBLE)];
  return new TableAppender(tableOf(width), types, KEY_TYPES.length + REQUIRED.length);
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
    this.#figures = FIGURES.map(() => new Float64Array(most));
  }

  add(row: RollUp, series: number, site: number): void {
    const at = this.keys.rows;
    this.keys.add(row.start, series, site);
    for (let figure = 0; figure < FIGURES.length; figure++) {
      (this.#figures[figure] as Float64Array)[at] = (FIGURES[figure] as Figure)[1](row) ?? Number.NaN;
    }
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
