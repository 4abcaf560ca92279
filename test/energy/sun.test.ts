import { describe, expect, it } from 'vitest';
import { HORIZON_DEG, sunCrossings, sunElevation } from '../../energy/sun.ts';

const BOSTON = { latitude: 42.36, longitude: -71.06 };

describe('the sun over Boston', () => {
  // Sunrise and sunset as almanacs print them, rounded to the minute (EST and EDT as UTC).
  it.each([
    ['2026-06-21T04:00:00Z', '2026-06-21T09:07:00Z', '2026-06-22T00:25:00Z'],
    ['2026-12-21T05:00:00Z', '2026-12-21T12:10:00Z', '2026-12-21T21:15:00Z'],
    ['2026-03-20T04:00:00Z', '2026-03-20T10:48:00Z', '2026-03-20T22:57:00Z'],
  ])('on the day from %s rises at %s and sets at %s', (midnight, rise, set) => {
    const from = Date.parse(midnight);
    const crossings = sunCrossings(from, from + 86_400_000, BOSTON, HORIZON_DEG);
    expect(crossings.map(({ rises }) => rises)).toEqual([true, false]);
    expect(Math.abs(crossings[0]!.time - Date.parse(rise))).toBeLessThanOrEqual(3 * 60_000);
    expect(Math.abs(crossings[1]!.time - Date.parse(set))).toBeLessThanOrEqual(3 * 60_000);
  });

  it('stands highest at midsummer noon', () => {
    expect(sunElevation(Date.parse('2026-06-21T16:46:00Z'), BOSTON)).toBeCloseTo(90 - 42.36 + 23.44, 0);
  });
});
