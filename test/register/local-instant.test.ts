import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, parseInstant } from '../../register/local-instant.ts';

const BOSTON = 'America/New_York';

describe('an instant written down', () => {
  it.each([
    ['2025-09-15', '2025-09-15T04:00:00Z'],
    ['2025-12-15', '2025-12-15T05:00:00Z'],
    ['2025-09-15T14:00', '2025-09-15T18:00:00Z'],
    ['2025-09-15 14:00:05', '2025-09-15T18:00:05Z'],
    ['2025-09-15T14:00:05.25', '2025-09-15T18:00:05.250Z'],
    ['2025-09-15T14:00Z', '2025-09-15T14:00:00Z'],
    ['2025-09-15T14:00+02:00', '2025-09-15T12:00:00Z'],
    // 02:30 does not exist on 2026-03-08, and comes twice on 2026-11-01.
    ['2026-03-08T02:30', '2026-03-08T07:30:00Z'],
    ['2026-11-01T01:30', '2026-11-01T05:30:00Z'],
  ])('%s means %s in Boston', (text, instant) => {
    expect(parseInstant(text, BOSTON)).toBe(Date.parse(instant));
  });

  it('takes the first instant of a day that has no midnight', () => {
    expect(parseInstant('2018-11-04', 'America/Sao_Paulo')).toBe(Date.parse('2018-11-04T03:00:00Z'));
  });

  it.each(['2026-02-30', '2026-13-01', '15.09.2025', '2025-09-15T25:00', '2025-09-15T14', '', 'yesterday'])(
    'refuses %s',
    (text) => expect(parseInstant(text, BOSTON)).toBeUndefined(),
  );

  it('is read back as the same instant, in any zone', () => {
    const zones = fc.constantFrom(BOSTON, 'UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe');
    const instants = fc.oneof(
      fc.integer({ min: 0, max: Date.UTC(2199, 11, 30) }),
      fc.integer({ min: 0, max: 2_000_000 }).map((hours) => hours * 3_600_000),
    );
    fc.assert(
      fc.property(instants, zones, (instant, zone) => {
        expect(parseInstant(formatInstant(instant, zone), zone)).toBe(instant);
      }),
    );
  });
});
