/**
 * CSV as RFC 4180 writes it: CRLF, fields quoted where needed, quotes doubled.
 * Text cells that a spreadsheet would run as a formula get a leading apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection); numbers are written as numbers.
 */

export type Cell = string | number | undefined | null;

export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = `${header.map(toField).join(',')}\r\n`;
  for (const row of rows) text += `${row.map(toField).join(',')}\r\n`;
  return text;
}

function toField(cell: Cell): string {
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
