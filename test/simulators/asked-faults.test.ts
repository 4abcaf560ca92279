import { expect, it } from 'vitest';
import { CITY_FAULTS, readAskedFault } from '../../simulators/asked-faults.ts';

it.each(CITY_FAULTS)('%s needs no time', (name) => {
  expect(readAskedFault(name)).toEqual({ name });
});

it.each([
  ['offline:20s', { name: 'offline', ms: 20_000 }],
  ['rollover:2m', { name: 'rollover', ms: 120_000 }],
  ['swap:24h', { name: 'swap', ms: 86_400_000 }],
])('%s', (text, fault) => {
  expect(readAskedFault(text)).toEqual(fault);
});

it.each([
  ['fire', /there is no fault 'fire'; choose of offline, /],
  ['skew:3h', /skew takes no time; offline, rollover, swap, reset, .*gap do/],
  ['offline:', /'offline:' must have a time from 1s to 24h, such as offline:45s/],
  ['offline:20', /must have a time/],
  ['offline:0s', /must have a time/],
  ['offline:25h', /must have a time/],
  ['offline:1s:2s', /must have a time/],
  ['rollover:39s', /must have a time from 40s/],
])('%s is refused in words', (text, words) => {
  expect(readAskedFault(text)).toEqual({ wrong: expect.stringMatching(words) });
});
