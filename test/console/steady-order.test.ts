import { expect, it } from 'vitest';
import { steadyOrder } from '../../console/web/city/steady-order.ts';

const rows = (...ids: string[]) => ids.map((id) => ({ id }));

it.each([
  ['keeps the order that is shown', rows('b', 'c', 'a'), ['a', 'b', 'c'], ['a', 'b', 'c']],
  ['puts what is new at the end, in its own order', rows('y', 'a', 'x', 'b'), ['b', 'a'], ['b', 'a', 'y', 'x']],
  ['lets go of what is gone', rows('c', 'a'), ['a', 'b', 'c'], ['a', 'c']],
  ['has nothing to keep at first', rows('b', 'a'), [], ['b', 'a']],
])('%s', (_, given, shown, expected) => {
  expect(steadyOrder(given, shown).map(({ id }) => id)).toEqual(expected);
});
