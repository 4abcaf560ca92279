/** Rows of a CSV file → readings of the contract, or every fault of the row with its line and column. */
import { LamplighterError } from '../../contract/error-codes.ts';
import { ID_PATTERN } from '../../contract/ids.ts';
import type { Reading } from '../../contract/reading.ts';
import { type ImportFault, importFault } from '../../register/import/import-fault.ts';
import { numberFault } from '../../register/import/row-reader.ts';
import type { CsvRow } from '../../runtime/csv-rows.ts';
import { flagOf, variableOf } from '../settings.ts';
import type { ColumnMapping } from './column-mapping.ts';
import { type StampOptions, StampReader } from './stamp-reader.ts';

export interface RowOptions {
  readonly mappings: readonly ColumnMapping[];
  readonly timeColumn: string;
  readonly stamps: StampOptions;
  /** The device of every row … */
  readonly device: string | undefined;
  /** … or the column that names it. */
  readonly deviceColumn: string | undefined;
}

/** Which times the server takes, epoch milliseconds. */
export interface TimeLimits {
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** A reading; nothing, for a row without a value; or its faults. */
export type RowOutcome = Reading | undefined | readonly ImportFault[];

interface MappedColumn extends ColumnMapping {
  readonly index: number;
}

export class ReadingRows {
  readonly #header: CsvRow;
  readonly #options: RowOptions;
  readonly #limits: TimeLimits;
  readonly #columns: readonly MappedColumn[];
  readonly #time: number;
  readonly #device: number | undefined;
  readonly #stamps: StampReader;

  /** @throws LamplighterError `bad-request` naming every column that the header does not have. */
  constructor(header: CsvRow, options: RowOptions, limits: TimeLimits) {
    this.#header = header;
    this.#options = options;
    this.#limits = limits;
    const { mappings, timeColumn, deviceColumn } = options;
    const names = header.cells.map((cell) => cell.trim());
    const wanted = [
      { flag: '--time-column', name: timeColumn },
      ...(deviceColumn === undefined ? [] : [{ flag: '--device-column', name: deviceColumn }]),
      ...mappings.map(({ column }) => ({ flag: '--map', name: column })),
    ];
    const faults = wanted.flatMap(({ flag, name }) => {
      const found = names.filter((each) => each === name).length;
      if (found === 1) return [];
      const what =
        found === 0 ? `has no column ${JSON.stringify(name)}` : `has ${found} columns ${JSON.stringify(name)}`;
      return [`${flag}: line ${header.line} of the file ${what}.`];
    });
    if (faults.length > 0) {
      faults.push(`Its columns are: ${names.map((name) => JSON.stringify(name)).join(', ')}.`);
      throw new LamplighterError('bad-request', faults.join('\n'));
    }
    this.#columns = mappings.map((mapping) => ({ ...mapping, index: names.indexOf(mapping.column) }));
    this.#time = names.indexOf(timeColumn);
    this.#device = deviceColumn === undefined ? undefined : names.indexOf(deviceColumn);
    this.#stamps = new StampReader(options.stamps);
  }

  /** Times so far that the zone has twice. */
  get ambiguous(): number {
    return this.#stamps.ambiguous;
  }

  read(row: CsvRow): RowOutcome {
    const { line, cells } = row;
    if (cells.length !== this.#header.cells.length) {
      const words = `has ${cells.length} cells where the header has ${this.#header.cells.length} columns.`;
      return [importFault(line, '', '', `${words} Put a cell that holds the delimiter in quotes.`)];
    }
    let faults: ImportFault[] | undefined;
    const values: Record<string, number> = {};
    let count = 0;
    for (const { index, column, metric, unit } of this.#columns) {
      const cell = (cells[index] ?? '').trim();
      if (cell === '') continue;
      const wrong = numberFault(cell);
      const value = wrong === undefined ? unit.convert(Number(cell)) : Number.NaN;
      if (value >= metric.min && value <= metric.max) {
        values[metric.id] = value;
        count++;
        continue;
      }
      const range = `${metric.min} to ${metric.max} ${metric.symbol}`.trim();
      faults ??= [];
      faults.push(
        importFault(line, column, cell, wrong ?? `is ${value} as ${metric.id}, outside ${range}. Check its unit.`),
      );
    }
    const device = this.#device === undefined ? (this.#options.device ?? '') : (cells[this.#device] ?? '').trim();
    if (!ID_PATTERN.test(device)) {
      faults ??= [];
      const words = 'is no device id: 1 to 63 characters of a-z, 0-9 and "-". Write the id of the register.';
      faults.push(importFault(line, this.#options.deviceColumn ?? '', device, words));
    }
    const stamp = (cells[this.#time] ?? '').trim();
    if (count === 0 && faults === undefined) return undefined;
    const time = this.#stamps.read(stamp, device);
    const fault = typeof time === 'string' ? time : this.#timeFault(time);
    if (fault !== undefined) {
      faults ??= [];
      faults.push(importFault(line, this.#options.timeColumn, stamp, fault));
    }
    return faults ?? { device, time: time as number, values };
  }

  #timeFault(time: number): string | undefined {
    const { oldestMs, newestMs } = this.#limits;
    if (time > newestMs) return `is ${iso(time)}, which lies in the future. Check --zone and --time-format.`;
    return time < oldestMs ? `is ${iso(time)}, ${tooOldWords(oldestMs)}` : undefined;
  }
}

/** What a reading that is too old is told, with the setting that makes it so. */
export function tooOldWords(oldestMs: number): string {
  const setting = `retention_days (${flagOf('retention_days')}, ${variableOf('retention_days')})`;
  return `too-old: the store keeps what is after ${iso(oldestMs)}. Start the server with a larger ${setting}.`;
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
