import { describe, expect, it } from 'vitest';
import { toCsv } from '../../console/api/csv.ts';
import { wantsCsv } from '../../console/api/csv-reply.ts';

describe('CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['with, comma', '"with, comma"'],
    ['with "quotes"', '"with ""quotes"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['+49', "'+49"],
    ['-cmd', "'-cmd"],
    ['@SUM(A1,2)', '"\'@SUM(A1,2)"'],
    ['\tx', "'\tx"],
    [-4.5, '-4.5'],
    [0, '0'],
    [1e21, '1e+21'],
    [null, ''],
    [undefined, ''],
    ['', ''],
  ])('writes %j as %s', (cell, field) => {
    expect(toCsv(['a', 'b'], [[cell, 'x']])).toBe(`a,b\r\n${field},x\r\n`);
  });
});

describe('the wish for CSV', () => {
  it.each([
    [undefined, undefined, false],
    [undefined, '*/*', false],
    [undefined, 'text/csv', true],
    [undefined, 'text/csv;q=1, application/json', true],
    [undefined, 'application/json, text/csv', false],
    ['json', 'text/csv', false],
    ['csv', 'application/json', true],
  ] as const)('format %s, accept %s: %s', (format, accept, wants) => expect(wantsCsv(format, accept)).toBe(wants));
});
