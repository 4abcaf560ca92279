/** Advice that names a command names one that there is: in guides, errors, alerts and help. */
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

/** `lamplighter word` or `lamplighter word word`, as code or quoted: what follows is options and arguments. */
const NAMED = /(?:[`"'(]|: |^|\$ )lamplighter ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/gm;

interface Named {
  readonly file: string;
  readonly command: string;
  readonly next: string | undefined;
}

function namedIn(file: string, text: string): Named[] {
  return [...text.matchAll(NAMED)].map(([, command = '', next]) => ({ file, command, next }));
}

function unknown(program: Command, { command, next }: Named): boolean {
  const found = program.commands.find((each) => each.name() === command);
  if (found === undefined) return true;
  // A word after a command without commands of its own is an argument, if it takes one.
  if (next === undefined) return false;
  if (found.commands.length > 0) return !found.commands.some((each) => each.name() === next);
  return found.registeredArguments.length === 0;
}

test('every command that words advise is there', () => {
  const program = lamplighterProgram();
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|md)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const named = [...files, join(ROOT, 'README.md')].flatMap((file) => namedIn(file, readFileSync(file, 'utf8')));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((each) => unknown(program, each))).toEqual([]);
  // The test itself, with a bad example.
  expect(namedIn('bad', 'run "lamplighter edge doctor" on it').filter((each) => unknown(program, each))).toHaveLength(
    1,
  );
});
