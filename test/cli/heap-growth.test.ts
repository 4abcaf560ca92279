import { expect, it } from 'vitest';
import { growthPercent } from '../../cli/heap-growth.ts';

const MIB = 1024 * 1024;

it.each([
  ['a small heap may double', 30, 100],
  ['a middling one may grow to 128 MiB', 80, 60],
  ['a large one by three tenths', 213, 30],
  ['and so does a very large one', 2_000, 30],
])('%s', (_, liveMib, percent) => {
  expect(growthPercent(liveMib * MIB)).toBe(percent);
});
