/** One fault of an imported file: where it is, what stands there, and what to do. */

export interface ImportFault {
  /** Counted from 1; 0 when it is not in a line. */
  readonly line: number;
  /** Name of the column; empty for the row as a whole. */
  readonly column: string;
  /** What stands there, cut to 40 characters; empty when nothing does. */
  readonly value: string;
  readonly words: string;
}

const MOST_CHARACTERS = 40;

export function importFault(line: number, column: string, value: string, words: string): ImportFault {
  const cut = value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value;
  return { line, column, value: cut, words };
}

/** `sites.csv:12 zone "Boston": must be an IANA time zone …` */
export function importFaultText(file: string, { line, column, value, words }: ImportFault): string {
  const place = `${file}${line > 0 ? `:${line}` : ''}${column === '' ? '' : ` ${column}`}`;
  // A cell may hold line ends and worse: on a terminal it is shown as JSON.
  return `${place}${value === '' ? '' : ` ${JSON.stringify(value)}`}: ${words}`;
}
