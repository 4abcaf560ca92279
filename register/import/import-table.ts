/** CSV text → rows by column name. Says every fault that can be seen without knowing the register. */
import { type CsvDelimiter, CsvFault, type CsvRow, csvRows } from '../../runtime/csv-rows.ts';
import { COLUMNS, type ImportKind } from './columns.ts';
import { type ImportFault, importFault } from './import-fault.ts';

export interface TableRow {
  readonly line: number;
  /** By column; only the columns that the file has. Trimmed. */
  readonly cells: ReadonlyMap<string, string>;
}

export interface ImportTable {
  readonly rows: readonly TableRow[];
  readonly faults: readonly ImportFault[];
}

export interface TableOptions {
  readonly delimiter?: CsvDelimiter | undefined;
  /** Columns that are passed over. */
  readonly ignore?: readonly string[] | undefined;
}

/** What a file that was not saved as UTF-8 turns into when it is read as such. */
const NOT_UTF8 = '\ufffd';

export async function readImportTable(
  kind: ImportKind,
  source: AsyncIterable<Uint8Array>,
  options: TableOptions = {},
): Promise<ImportTable> {
  const faults: ImportFault[] = [];
  const rows: TableRow[] = [];
  let header: Header | undefined;
  try {
    for await (const group of csvRows(source, options.delimiter)) {
      for (const row of group) {
        if (header === undefined) header = headerOf(kind, row, options.ignore ?? [], faults);
        else if (header.isWhole) rows.push(tableRow(row, header.names, faults));
      }
    }
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    faults.push(importFault(error.line, '', '', error.message));
  }
  if (header === undefined && faults.length === 0) {
    faults.push(importFault(0, '', '', `is empty. Its first line must name the columns: ${known(kind)}.`));
  }
  return { rows, faults };
}

interface Header {
  /** The column that each cell belongs to; undefined for one that is passed over. */
  readonly names: readonly (string | undefined)[];
  /** Without a column that is needed, nothing true could be said of the rows. */
  readonly isWhole: boolean;
}

function headerOf(kind: ImportKind, header: CsvRow, ignore: readonly string[], faults: ImportFault[]): Header {
  const { line } = header;
  const ignored = new Set(ignore.map(normal));
  const seen = new Set<string>();
  const names = header.cells.map((cell) => {
    const name = normal(cell);
    if (ignored.delete(name) || seen.has(`ignored ${name}`)) {
      seen.add(`ignored ${name}`);
      return undefined;
    }
    if (!COLUMNS[kind].some((column) => column.name === name)) {
      const mend = cell.includes(NOT_UTF8) ? SAVE_AS_UTF8 : `Known are ${known(kind)}. Leave it out with --ignore.`;
      const shown = name === '' ? 'a column without a name' : 'is not a column of this list';
      faults.push(importFault(line, cell.trim(), '', `${shown}. ${mend}`));
      return undefined;
    }
    if (seen.has(name)) faults.push(importFault(line, name, '', 'is there twice. Leave one of them out.'));
    seen.add(name);
    return name;
  });
  for (const name of ignored) {
    faults.push(importFault(line, name, '', 'is to be ignored, but the file has no such column. Correct --ignore.'));
  }
  const missing = COLUMNS[kind].filter(({ name, needed }) => needed === true && !seen.has(name));
  for (const { name } of missing) faults.push(importFault(line, name, '', 'this column is missing. Add it.'));
  return { names, isWhole: missing.length === 0 };
}

const SAVE_AS_UTF8 = 'The file is not UTF-8: save it as "CSV UTF-8".';

function tableRow(row: CsvRow, names: readonly (string | undefined)[], faults: ImportFault[]): TableRow {
  const cells = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    const cell = (row.cells[index] ?? '').trim();
    if (cell.includes(NOT_UTF8)) faults.push(importFault(row.line, name, cell, SAVE_AS_UTF8));
    cells.set(name, cell);
  }
  if (row.cells.length !== names.length) {
    const words =
      `has ${row.cells.length} cells where the header has ${names.length} columns. ` +
      'Put a cell that holds the delimiter in quotes, or leave empty cells empty.';
    faults.push(importFault(row.line, '', '', words));
  }
  return { line: row.line, cells };
}

function normal(name: string): string {
  return name.trim().toLowerCase();
}

function known(kind: ImportKind): string {
  return COLUMNS[kind].map(({ name }) => name).join(', ');
}
