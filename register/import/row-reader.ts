/**
 * Cells of one row as values, with what is known of the entry so far: a column that the file does not have leaves a
 * field as it is, an empty cell takes it away. Faults are gathered, so that a row tells all of its own.
 */
import type { z } from 'zod';
import { type ImportFault, importFault } from './import-fault.ts';
import type { TableRow } from './import-table.ts';

const YES = new Set(['yes', 'true', '1']);
const NO = new Set(['no', 'false', '0', '']);

export class RowReader {
  readonly line: number;
  readonly faults: ImportFault[] = [];
  readonly #cells: ReadonlyMap<string, string>;

  constructor(row: TableRow) {
    this.line = row.line;
    this.#cells = row.cells;
  }

  has(column: string): boolean {
    return this.#cells.has(column);
  }

  /** The cell as it stands; empty when the file has no such column. */
  cell(column: string): string {
    return this.#cells.get(column) ?? '';
  }

  text(column: string, before: string | undefined): string | undefined {
    const cell = this.#cells.get(column);
    if (cell === undefined) return before;
    return cell === '' ? undefined : cell;
  }

  number(column: string, before: number | undefined): number | undefined {
    const cell = this.#cells.get(column);
    if (cell === undefined) return before;
    if (cell === '') return undefined;
    const words = numberFault(cell);
    if (words === undefined) return Number(cell);
    this.fault(column, words);
    return before;
  }

  flag(column: string, before: boolean): boolean {
    const cell = this.#cells.get(column)?.toLowerCase();
    if (cell === undefined) return before;
    if (!YES.has(cell) && !NO.has(cell)) this.fault(column, 'must be yes or no.');
    return YES.has(cell);
  }

  fault(column: string, words: string): void {
    this.faults.push(importFault(this.line, column, this.cell(column), words));
  }

  /**
   * The value if it keeps to the schema; else its faults are noted, one a column. `columnOf` names the column of a path;
   * without it a field is the column of its name.
   */
  checked<Schema extends z.ZodType>(
    schema: Schema,
    value: object,
    columnOf: (path: readonly PropertyKey[]) => PropertyKey | undefined = ([field]) => field,
  ): z.output<Schema> | undefined {
    const given = Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
    const result = schema.safeParse(given);
    for (const issue of result.error?.issues ?? []) {
      const column = String(columnOf(issue.path) ?? '');
      if (this.faults.some((fault) => fault.column === column)) continue;
      const isMissing = given[String(issue.path[0] ?? '')] === undefined;
      this.fault(column, isMissing ? 'is missing, and a new entry needs it.' : wordsOf(issue));
    }
    return this.faults.length === 0 && result.success ? result.data : undefined;
  }
}

/** Of what zod finds, as one says it of a cell; our own messages stand as they are. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}.`;
  if (issue.code === 'too_small' && issue.origin !== 'string')
    return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}.`;
  if (issue.code === 'too_big' && issue.origin !== 'string')
    return `must be ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}.`;
  return `${issue.message}.`;
}

const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Why a cell is not a number, and what to write; undefined when it is one. */
export function numberFault(cell: string): string | undefined {
  if (PLAIN_NUMBER.test(cell)) return undefined;
  if (/^[+-]?\d+,\d+$/.test(cell)) return 'has a decimal comma (or one between thousands). Write 12.5 or 12500.';
  if (/^[+-]?\d{1,3}([., '\u00a0\u202f]\d{3})+([.,]\d+)?$/.test(cell))
    return 'has marks between thousands. Write 12500.';
  return 'is not a number. Write digits only, such as 12.5; units belong in the header.';
}
