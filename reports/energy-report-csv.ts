/** One table of a report as CSV (RFC 4180): UTF-8, CRLF, a header, fields quoted where needed. */
import type { EnergyReport } from './energy-report.ts';
import { energyReportTables, type ReportPart } from './energy-report-tables.ts';
import { type Cell, safeText } from './table.ts';

export function energyReportCsv(report: EnergyReport, part: ReportPart): string {
  const { columns, rows } = energyReportTables(report)[part];
  const lines = [columns.map(({ title }) => title), ...rows];
  return lines.map((cells) => `${cells.map(fieldOf).join(',')}\r\n`).join('');
}

function fieldOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = safeText(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
