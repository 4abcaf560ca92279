/** A plain table: what CSV and XLSX are both written from. */

export type Cell = string | number | null;

export interface Column {
  /** With the unit, where all cells of the column have one. */
  readonly title: string;
  /** `date`: such as 2026-11-01. Everything with a time of day is text, since its offset must be read too. */
  readonly kind: 'text' | 'number' | 'date';
  /** In characters, for spreadsheets. */
  readonly width: number;
  /** Shown by spreadsheets, which keep all of them; 0 when absent. Of a row, where rows have units of their own. */
  readonly decimals?: number | ((row: readonly Cell[]) => number) | undefined;
}

export interface Table {
  /** Of the sheet. */
  readonly name: string;
  readonly columns: readonly Column[];
  /** Columns that stay in sight, from the first. */
  readonly fixedColumns: number;
  readonly rows: readonly (readonly Cell[])[];
}

/**
 * Text that a spreadsheet would run as a formula gets a leading apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection): names come from people and devices.
 */
export function safeText(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}
