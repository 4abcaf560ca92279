import { expect, it } from 'vitest';
import { monthsBack, monthToBegin } from '../../console/web/site/report-months.ts';

it('months are those of the site, newest first', () => {
  const months = monthsBack(Date.parse('2026-12-01T03:00:00Z'), 'America/New_York');
  expect(months).toHaveLength(24);
  expect(months.slice(0, 2)).toEqual([
    { id: '2026-11', words: 'November 2026' },
    { id: '2026-10', words: 'October 2026' },
  ]);
  expect(months.at(-1)?.id).toBe('2024-12');
  expect(monthsBack(Date.parse('2026-12-01T06:00:00Z'), 'America/New_York')[0]?.id).toBe('2026-12');
});

it('begins with the newest month that is over and known', () => {
  const known = (...measured: (number | undefined)[]) =>
    measured.map((one, place) => ({ id: `2026-0${9 - place}`, words: '', measured: one }));
  expect(monthToBegin(known(undefined, undefined))).toBe('2026-08');
  expect(monthToBegin(known(40, 0, 0))).toBe('2026-09');
  expect(monthToBegin(known(40, 0, 12))).toBe('2026-07');
  expect(monthToBegin(known(0, 0))).toBe('2026-09');
  expect(monthToBegin([])).toBe('');
});
