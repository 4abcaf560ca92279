/** Advice that names a command names one that there is, with options that it has: in guides, errors, alerts and help. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { lamplighterProgram } from '../../cli/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = [
  'alerts',
  'broker',
  'cli',
  'console',
  'contract',
  'docs',
  'edge',
  'energy',
  'ingest',
  'register',
  'store',
];

/** `lamplighter word` or `lamplighter word word`, as code or quoted: what follows on the line is options and arguments. */
const NAMED = /(?:[`"'(]|: |^|\$ )lamplighter ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?((?:(?!\. )[^`"');|#—\n])*)/gm;

interface Named {
  readonly file: string;
  readonly command: string;
  readonly next: string | undefined;
  readonly options: readonly string[];
}

function namedIn(file: string, text: string): Named[] {
  return [...text.matchAll(NAMED)].map(([, command = '', next, rest = '']) => {
    const options = rest.match(/(?<= )--[a-z0-9][a-z0-9-]*/g) ?? [];
    return { file, command, next, options };
  });
}

function unknown(program: Command, { command, next, options }: Named): boolean {
  const found = program.commands.find((each) => each.name() === command);
  if (found === undefined) return true;
  const below = found.commands.find((each) => each.name() === next);
  // A word after a command without commands of its own is an argument, if it takes one.
  if (next !== undefined && below === undefined) {
    if (found.commands.length > 0 || found.registeredArguments.length === 0) return true;
  }
  const known = [...(below ?? found).options.map(({ long }) => long), '--help'];
  return options.some((option) => !known.includes(option));
}

test('every command that words advise is there', () => {
  const program = lamplighterProgram();
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|md|yaml)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const beside = ['README.md', 'CONTRIBUTING.md', 'docker-compose.yml'].map((name) => join(ROOT, name));
  const named = [...files, ...beside].flatMap((file) => namedIn(file, readFileSync(file, 'utf8')));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((each) => unknown(program, each))).toEqual([]);
  // The test itself, with a bad example.
  const bad = 'run "lamplighter edge doctor" on it, or: lamplighter start --manifest city.yaml';
  expect(namedIn('bad', bad).filter((each) => unknown(program, each))).toHaveLength(2);
});
