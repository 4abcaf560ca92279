import { InvalidArgumentError, Option } from 'commander';
import type { CsvDelimiter } from '../../runtime/csv-rows.ts';

export function delimiterOption(): Option {
  return new Option('--delimiter <character>', 'comma, semicolon or tab; found out when absent').argParser(
    (text): CsvDelimiter => {
      if (text === ',' || text === 'comma') return ',';
      if (text === ';' || text === 'semicolon') return ';';
      if (text === '\t' || text === '\\t' || text === 'tab') return '\t';
      throw new InvalidArgumentError('must be "," or ";" or tab');
    },
  );
}

export function gathered(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
