import { describe, expect, it } from 'vitest';
import { formatAge, formatBytes, formatMs, formatNumber, formatValue, plural } from '../../console/web/formatters.ts';

const MINUS = '\u2212';

describe('figures as people read them', () => {
  it.each([
    [1_234_567, 0, '1,234,567'],
    [41.2, 2, '41.20'],
    [-0.001, 1, '0.0'],
    [-3, 0, `${MINUS}3`],
    [null, 0, '–'],
    [Number.NaN, 0, '–'],
  ])('number %s with %i decimals is %s', (value, decimals, text) => expect(formatNumber(value, decimals)).toBe(text));

  it.each([
    ['active_power_kw', 41.2, '41.20'],
    ['humidity_percent', 44.6, '45'],
    ['lamp_failure', 1, 'yes'],
    ['lamp_failure', 0, 'no'],
    ['not_a_metric', 1, '1.00'],
  ])('%s %s is %s', (metric, value, text) => expect(formatValue(metric, value)).toBe(text));

  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [75, '75 s'],
    [120, '2 min'],
    [9_000, '2.5 h'],
    [90_000, '25 h'],
    [259_200, '3 d'],
    [null, '–'],
  ])('an age of %s s is %s', (seconds, text) => expect(formatAge(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [850, '850 B'],
    [2_048, '2.0 KiB'],
    [104_857_600, '100 MiB'],
    [1_073_741_824, '1.0 GiB'],
  ])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [8, '8 ms'],
    [8.42, '8.4 ms'],
    [-9_200, `${MINUS}9.2 s`],
    [-7_200_000, `${MINUS}2.0 h`],
    [undefined, '–'],
  ])('%s ms are %s', (ms, text) => expect(formatMs(ms)).toBe(text));

  it('counts things', () => {
    expect(plural(1, 'reading')).toBe('1 reading');
    expect(plural(1_500, 'reading')).toBe('1,500 readings');
    expect(plural(2, 'series', 'series')).toBe('2 series');
  });
});
