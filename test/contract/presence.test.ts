import { expect, test } from 'vitest';
import { isStaleOffline } from '../../contract/presence.ts';

const online = { online: true, since: 2_000, version: '1' };

test('the last will of an older connection does not end a newer one', () => {
  expect(isStaleOffline(online, { online: false, since: 1_000, version: '1' })).toBe(true);
  expect(isStaleOffline(online, { online: false, since: 2_000, version: '1' })).toBe(false);
  expect(isStaleOffline(undefined, { online: false, since: 1_000, version: '1' })).toBe(false);
});
