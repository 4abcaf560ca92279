import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvDelimiter, CsvFault, type CsvRow, csvRows } from '../../runtime/csv-rows.ts';

async function rowsOf(text: string | Buffer, delimiter?: CsvDelimiter, pieceBytes = 7): Promise<CsvRow[]> {
  async function* pieces() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const rows: CsvRow[] = [];
  for await (const group of csvRows(pieces(), delimiter)) rows.push(...group);
  return rows;
}

test('byte order mark, CRLF, blank lines and quoted line ends leave the line numbers right', async () => {
  expect(await rowsOf('\ufeffa,b\r\n1,2\r\n\r\n"x\r\ny",3\r\n4,5,6\r\n"q""t",\r\n')).toEqual([
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['1', '2'] },
    { line: 4, cells: ['x\r\ny', '3'] },
    { line: 6, cells: ['4', '5', '6'] },
    { line: 7, cells: ['q"t', ''] },
  ]);
});

test.each([
  ['a;b,c;d\n1;2;3', ['a', 'b,c', 'd']],
  ['a\tb\n', ['a', 'b']],
  ['"a;b;c",d\n', ['a;b;c', 'd']],
  ['only\n', ['only']],
])('finds out the delimiter of %j', async (text, header) => {
  expect((await rowsOf(text))[0]?.cells).toEqual(header);
});

describe('what is no CSV is told with its line', () => {
  test.each([
    ['a,b\n1,2\n3,"4\n5,6\n', 3, 'never closed'],
    ['a,b\n1,2\n3,x"4\n5,6\n', 3, 'middle of a cell'],
    ['a,b\r\n"1\r\n2",2\r\n3,"x"4\r\n', 4, 'middle of a cell'],
    [Buffer.from('a,b\n', 'utf16le'), 1, 'not UTF-8'],
  ])('%j', async (text, line, words) => {
    const fault: unknown = await rowsOf(text).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(CsvFault);
    expect(fault).toMatchObject({ line, message: expect.stringContaining(words) });
  });
});

test('an empty file has no rows', async () => {
  expect(await rowsOf('')).toEqual([]);
});

test('reads back what a writer of CSV wrote, in pieces of any size', async () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', '1', ' ', '"', ',', ';', '\n', '\r\n', 'é', '😀'),
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 4 }).chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }))),
      fc.constantFrom('\n', '\r\n'),
      fc.constantFrom<CsvDelimiter>(',', ';', '\t'),
      fc.integer({ min: 1, max: 50 }),
      async (table, lineEnd, delimiter, pieceBytes) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = table.map((row) => row.map(quoted).join(delimiter) + lineEnd).join('');
        const rows = await rowsOf(text, delimiter, pieceBytes);
        expect(rows.map(({ cells }) => cells)).toEqual(table);
        let line = 1;
        for (const [index, row] of table.entries()) {
          expect(rows[index]?.line).toBe(line);
          line += 1 + row.join('').replaceAll('\r\n', '\n').split('\n').length - 1;
        }
      },
    ),
  );
});
