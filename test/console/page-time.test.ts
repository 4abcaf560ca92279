import { describe, expect, it } from 'vitest';
import { closedHours } from '../../console/web/site/closed-hours.ts';
import {
  daysEarlier,
  midnightBefore,
  zonedDayMinute,
  zonedStamp,
  zoneLabel,
  zoneOffsetMs,
} from '../../console/web/zoned-time.ts';

const BOSTON = 'America/New_York';
const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

describe('times of a site', () => {
  it('shows its wall clock and names its zone', () => {
    expect(zonedDayMinute(at('2026-11-23T22:40:00Z'), BOSTON)).toBe('Mon 23 Nov, 17:40');
    expect(zonedStamp(at('2026-07-01T03:59:30Z'), BOSTON)).toBe('2026-06-30 23:59:30');
    expect(zoneLabel(BOSTON, at('2026-11-23T22:40:00Z'))).toBe('Local time, America/New York (EST)');
    expect(zoneLabel(BOSTON, at('2026-07-01T12:00:00Z'))).toBe('Local time, America/New York (EDT)');
    expect(zoneLabel('UTC', at('2026-07-01T12:00:00Z'))).toBe('Local time, UTC');
    expect(zoneOffsetMs(at('2026-11-23T22:40:00.250Z'), BOSTON)).toBe(-5 * HOUR);
    expect(zoneOffsetMs(at('2026-11-23T22:40:00Z'), 'Asia/Kathmandu')).toBe(5.75 * HOUR);
  });

  it('finds midnight and the week before across a day of 25 hours', () => {
    const sunday = at('2026-11-01T18:00:00Z');
    expect(midnightBefore(sunday, BOSTON)).toBe(at('2026-11-01T04:00:00Z'));
    expect(midnightBefore(at('2026-11-01T04:00:00Z'), BOSTON)).toBe(at('2026-11-01T04:00:00Z'));
    expect(daysEarlier(sunday, 7, BOSTON)).toBe(sunday - 169 * HOUR);
    expect(daysEarlier(at('2026-03-08T18:00:00Z'), 1, BOSTON)).toBe(at('2026-03-07T19:00:00Z'));
  });

  it('knows when a building is closed', () => {
    const schedule = { days: [1, 2, 3, 4, 5], open: '07:00', close: '17:00' };
    const from = at('2026-11-23T05:00:00Z');
    expect(closedHours(schedule, BOSTON, from, from + 24 * HOUR)).toEqual([
      [from, at('2026-11-23T12:00:00Z')],
      [at('2026-11-23T22:00:00Z'), from + 24 * HOUR],
    ]);
    const saturday = at('2026-11-21T05:00:00Z');
    expect(closedHours(schedule, BOSTON, saturday, saturday + 48 * HOUR)).toEqual([[saturday, saturday + 48 * HOUR]]);
    // Around the clock: never closed, across the change of the clocks too.
    const always = { days: [0, 1, 2, 3, 4, 5, 6], open: '00:00', close: '24:00' };
    expect(closedHours(always, BOSTON, at('2026-10-30T12:00:00Z'), at('2026-11-03T12:00:00Z'))).toEqual([]);
  });
});
