import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTokens, simulatedIds } from '../../cli/fleet-credentials.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function aFile(text: string): string {
  const file = join(temporaryFolder(), 'tokens.csv');
  writeFileSync(file, text);
  return file;
}

describe('a list of tokens', () => {
  it('is read with or without its header, on any system', () => {
    const wanted = [
      { id: 'a', token: 't1' },
      { id: 'b-2', token: 't2' },
    ];
    expect(readTokens(aFile('gateway,token\na,t1\nb-2,t2\n'))).toEqual(wanted);
    expect(readTokens(aFile('a, t1\r\n\r\nb-2,t2'))).toEqual(wanted);
  });

  it.each([
    ['gateway,token\na,t1\nA!,t2\n', ':3: a line is "gateway,token"'],
    ['a\n', ':1: a line is "gateway,token"'],
    ['a,\n', ':1: a line is "gateway,token"'],
    ['a,t,more\n', ':1: a line is "gateway,token"'],
    ['a,t1\na,t2\n', ':2: gateway "a" stands there twice'],
  ])('names file and line of a fault: %j', (text, words) => {
    const file = aFile(text);
    expect(() => readTokens(file)).toThrow(`${file}${words}`);
  });

  it('says that a file is not there', () => {
    expect(() => readTokens('/nowhere/tokens.csv')).toThrow('cannot read the tokens in /nowhere/tokens.csv');
  });
});

it('numbers simulated gateways from 1, in an order that sorts', () => {
  expect(simulatedIds(2)).toEqual(['sim-00001', 'sim-00002']);
});
