import { expect, test } from 'vitest';
import { localToUtc, parseTime } from '../../../edge/codecs/local-time.ts';
import { isZone } from '../../../runtime/zone.ts';

const BOSTON = 'America/New_York';
const near = (text: string) => Date.parse(text);

test.each([
  // an ordinary winter and summer day
  ['2026-01-15T12:00:00', '2026-01-15T12:00:30Z', '2026-01-15T17:00:00.000Z'],
  ['2026-07-15T12:00:00', '2026-07-15T12:00:30Z', '2026-07-15T16:00:00.000Z'],
  // 2026-03-08: 02:00 EST becomes 03:00 EDT
  ['2026-03-08T01:59:59', '2026-03-08T07:00:00Z', '2026-03-08T06:59:59.000Z'],
  ['2026-03-08T02:30:00', '2026-03-08T07:30:00Z', '2026-03-08T07:30:00.000Z'],
  ['2026-03-08T03:00:00', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00.000Z'],
  // 2026-11-01: 02:00 EDT becomes 01:00 EST; the hour from 01:00 comes twice
  ['2026-11-01T00:59:59', '2026-11-01T05:00:00Z', '2026-11-01T04:59:59.000Z'],
  ['2026-11-01T01:30:00', '2026-11-01T05:30:05Z', '2026-11-01T05:30:00.000Z'],
  ['2026-11-01T01:30:00', '2026-11-01T06:30:05Z', '2026-11-01T06:30:00.000Z'],
  ['2026-11-01T02:00:00', '2026-11-01T07:00:00Z', '2026-11-01T07:00:00.000Z'],
])('%s in Boston, received about %s, is %s', (local, receivedAt, expected) => {
  const time = parseTime(local, BOSTON, near(receivedAt));
  expect(time === undefined ? undefined : new Date(time).toISOString()).toBe(expected);
});

test('every quarter of an hour of the days around both changes comes back as itself', () => {
  for (const day of ['2026-03-07', '2026-03-08', '2026-10-31', '2026-11-01']) {
    for (let quarter = 0; quarter < 120; quarter++) {
      const instant = Date.parse(`${day}T04:00:00Z`) + quarter * 900_000;
      const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: BOSTON, dateStyle: 'short', timeStyle: 'medium' });
      const text = shown.format(instant).replace(' ', 'T');
      expect(parseTime(text, BOSTON, instant + 2_000), text).toBe(instant);
    }
  }
});

test.each([
  ['2026-02-15T17:37:10Z', '2026-02-15T17:37:10.000Z'],
  ['2026-02-15T17:37:10-05:00', '2026-02-15T22:37:10.000Z'],
  ['2026-02-15T17:37:10+0530', '2026-02-15T12:07:10.000Z'],
  ['2026-02-15T17:37:10.250Z', '2026-02-15T17:37:10.250Z'],
])('%s names its offset', (text, expected) => {
  expect(new Date(parseTime(text, BOSTON, 0) ?? 0).toISOString()).toBe(expected);
});

test.each(['', 'now', '2026-02-30T00:00:00', '2026-13-01T00:00:00', '2026-02-15', '2026-02-15T24:00:01', '15.02.2026'])(
  '%j is no time',
  (text) => expect(parseTime(text, BOSTON, 0)).toBeUndefined(),
);

test('zones with half hours, and names that are none', () => {
  const local = { year: 2026, month: 6, day: 1, hour: 12, minute: 0, second: 0, millisecond: 0 };
  expect(new Date(localToUtc(local, 'Asia/Kolkata', 0)).toISOString()).toBe('2026-06-01T06:30:00.000Z');
  expect([isZone('Europe/Rome'), isZone('Mars/Olympus'), isZone('')]).toEqual([true, false, false]);
});
