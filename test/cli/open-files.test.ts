import { expect, it } from 'vitest';
import { connectionsThatFit, mostOpenFiles } from '../../cli/open-files.ts';

it.each([
  [20_000, 19_488],
  [1_024, 512],
  [200, 100],
  [1, 1],
])('of %i files leaves the store and the console some: %i connections', (files, connections) => {
  expect(connectionsThatFit(files)).toBe(connections);
});

it.runIf(process.platform === 'linux')('reads the limit of this process', () => {
  expect(mostOpenFiles()).toBeGreaterThan(100);
});
