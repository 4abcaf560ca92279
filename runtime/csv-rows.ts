/**
 * A CSV file as rows with their line numbers, read as a stream: memory does not grow with the file. UTF-8, with or
 * without a byte order mark; any line ends; quoted cells may hold delimiters and line ends; blank lines are passed over.
 */
import { CsvError, Parser } from 'csv-parse';

export interface CsvRow {
  /** Where the row begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export const CSV_DELIMITERS = [',', ';', '\t'] as const;
export type CsvDelimiter = (typeof CSV_DELIMITERS)[number];

/** The file cannot be read as CSV from this line on. */
export class CsvFault extends Error {
  readonly line: number;
  constructor(line: number, words: string) {
    super(words);
    this.name = 'CsvFault';
    this.line = line;
  }
}

const LONGEST_ROW_BYTES = 1024 * 1024;
const HEAD_BYTES = 64 * 1024;

const QUOTE_INSIDE =
  'a quote stands in the middle of a cell. Put the whole cell in quotes and double the one inside, such as "12"" pipe".';
const WORDS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened here and never closed. Close it, or double it where it belongs to the text.',
  INVALID_OPENING_QUOTE: QUOTE_INSIDE,
  CSV_INVALID_CLOSING_QUOTE: QUOTE_INSIDE,
  CSV_MAX_RECORD_SIZE: 'the row is longer than 1 MiB. A quote is opened and never closed, or this is no CSV file.',
};

/** Rows in groups, in the order of the file, the header first. Without a delimiter, the header's own is found out. */
export async function* csvRows(
  source: AsyncIterable<Uint8Array>,
  delimiter?: CsvDelimiter,
): AsyncGenerator<CsvRow[], void> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const head = await headOf(chunks);
    let rows: CsvRow[] = [];
    let line = 1;
    const parser = new Parser({
      bom: true,
      delimiter: delimiter ?? delimiterOf(head),
      max_record_size: LONGEST_ROW_BYTES,
      relax_column_count: true,
      // Called for each record as it is read. The parser's own count of lines takes a CRLF inside quotes for two.
      on_record: (cells) => {
        if (cells.length > 1 || cells[0] !== '') rows.push({ line, cells });
        line += 1 + lineEndsWithin(cells);
        return null;
      },
    });
    try {
      for (let chunk: Uint8Array | undefined = head; chunk !== undefined; chunk = await nextOf(chunks)) {
        await write(parser, chunk);
        if (rows.length > 0) yield rows;
        rows = [];
      }
      await end(parser);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (rows.length > 0) yield rows;
      throw new CsvFault(line, WORDS[error.code] ?? `is not CSV: ${error.message}`);
    } finally {
      parser.destroy();
    }
    if (rows.length > 0) yield rows;
  } finally {
    await chunks.return?.();
  }
}

/** Enough of the file to see its header. */
async function headOf(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < HEAD_BYTES && !head.includes('\n')) {
    const chunk = await nextOf(chunks);
    if (chunk === undefined) break;
    head = Buffer.concat([head, chunk]);
  }
  const isUtf16 = head.length > 1 && (head.readUInt16BE() === 0xfffe || head.readUInt16BE() === 0xfeff);
  if (isUtf16 || head.subarray(0, 1_000).includes(0)) {
    throw new CsvFault(1, 'is not UTF-8 text. Save it as "CSV UTF-8" and try again.');
  }
  return head;
}

async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { value, done } = await chunks.next();
  return done === true ? undefined : value;
}

/** The one that stands most often in the header, outside quotes. */
function delimiterOf(head: Buffer): CsvDelimiter {
  const header = head.toString('utf8').replace(/"[^"]*"/g, '');
  const firstLine = header.split(/[\r\n]/, 1)[0] ?? '';
  const count = (delimiter: string) => firstLine.split(delimiter).length;
  return [...CSV_DELIMITERS].sort((one, other) => count(other) - count(one))[0] ?? ',';
}

function lineEndsWithin(cells: readonly string[]): number {
  let ends = 0;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) ends += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
  }
  return ends;
}

async function write(parser: Parser, chunk: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    parser.once('error', reject);
    parser.write(chunk, (error) => {
      if (error) return reject(error);
      parser.off('error', reject);
      resolve();
    });
  });
}

async function end(parser: Parser): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    parser.once('error', reject);
    parser.once('end', resolve);
    parser.end();
    parser.resume();
  });
}
