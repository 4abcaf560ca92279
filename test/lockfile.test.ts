import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly engines?: { readonly node?: string };
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = join(import.meta.dirname, '../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> };

test('the lock file names no download address', () => {
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test('the lock file lists the packages of every platform (mend: node test/complete-lockfile.mjs)', () => {
  const paths = Object.keys(packages);
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)));
  expect(missing).toEqual([]);
});

test('no dependency asks for a newer Node than 20.19', () => {
  const tooNew = Object.entries(packages).filter(([, { engines }]) => {
    const ranges = engines?.node?.split('||').map((range) => range.trim()) ?? [];
    return ranges.length > 0 && ranges.every((range) => /^(?:>=?|\^|~)?\s*(?:2[1-9]|[3-9]\d)\b/.test(range));
  });
  expect(tooNew.map(([path]) => path)).toEqual([]);
});
