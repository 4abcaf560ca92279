import { describe, expect, it } from 'vitest';
import { parseDuration, parseInstant, resolveInstant } from '../../console/api/instant.ts';

const NOW = Date.parse('2026-11-01T12:00:00Z');

describe('an instant', () => {
  it.each([
    ['now', NOW],
    ['-1h', NOW - 3_600_000],
    ['-7d', NOW - 7 * 86_400_000],
    ['2026-11-01T08:00:00Z', Date.parse('2026-11-01T08:00:00Z')],
    ['2026-11-01T08:00Z', Date.parse('2026-11-01T08:00:00Z')],
    ['2026-11-01T08:00:00.250-04:00', Date.parse('2026-11-01T12:00:00.250Z')],
    ['1793534340000', 1_793_534_340_000],
  ])('%s', (text, at) => {
    const instant = parseInstant(text);
    expect(instant && resolveInstant(instant, NOW)).toBe(at);
  });

  it.each([
    '',
    'x',
    '-',
    '-0h',
    '5',
    '1h',
    '2026-11-01',
    '2026-11-01T08:00:00',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '99999999999999999',
    '2026-11-01T25:00:00Z',
  ])('%j is none', (text) => expect(parseInstant(text)).toBeUndefined());
});

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['2w', 1_209_600_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each(['', '0s', '1', 'h', '1.5h', '-1h', '1M', '9999999999h'])('%j is none', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});
