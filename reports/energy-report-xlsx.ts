/**
 * A report as a workbook with a sheet for each table: numbers are numbers, days are dates, the header stays in sight.
 * Written with write-excel-file 4.1.1; ECMA-376 as LibreOffice and Excel read it.
 */
import writeExcelFile, { type CellObject, type Sheet, type SheetData } from 'write-excel-file/node';
import type { EnergyReport } from './energy-report.ts';
import { energyReportTables, REPORT_PARTS } from './energy-report-tables.ts';
import { type Cell, type Column, safeText, type Table } from './table.ts';

export async function energyReportXlsx(report: EnergyReport): Promise<Buffer> {
  const tables = energyReportTables(report);
  const sheets = REPORT_PARTS.map((part) => sheetOf(tables[part]));
  return await writeExcelFile(sheets as Sheet<Buffer>[], { fontFamily: 'Calibri', fontSize: 11 }).toBuffer();
}

function sheetOf({ name, columns, rows, fixedColumns }: Table) {
  const header = columns.map(
    ({ title, kind }): CellObject => ({
      value: title,
      type: String,
      fontWeight: 'bold',
      wrap: true,
      alignVertical: 'top',
      backgroundColor: '#e8edf2',
      ...(kind === 'number' ? { align: 'right' } : {}),
    }),
  );
  const data: SheetData = [
    header,
    ...rows.map((row) => columns.map((column, place) => cellOf(row[place] ?? null, column, row))),
  ];
  return {
    sheet: name,
    data,
    columns: columns.map(({ width }) => ({ width })),
    stickyRowsCount: 1,
    stickyColumnsCount: fixedColumns,
  };
}

function cellOf(cell: Cell, { kind, decimals = 0 }: Column, row: readonly Cell[]): CellObject | null {
  if (cell === null) return null;
  if (typeof cell === 'number') {
    const digits = typeof decimals === 'number' ? decimals : decimals(row);
    return {
      value: cell,
      type: Number,
      format: digits === 0 ? '#,##0' : `#,##0.${'0'.repeat(digits)}`,
      alignVertical: 'top',
    };
  }
  // A date in a spreadsheet is a number of days without a zone: midnight UTC gives the day that is written here.
  if (kind === 'date')
    return { value: new Date(`${cell}T00:00:00Z`), type: Date, format: 'yyyy-mm-dd', alignVertical: 'top' };
  return { value: safeText(cell), type: String, format: '@', wrap: cell.length > 60, alignVertical: 'top' };
}
