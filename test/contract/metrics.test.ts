import { describe, expect, test } from 'vitest';
import { METRICS, metricById } from '../../contract/metrics.ts';

/** How a unit is spelled at the end of an id, where that is not simply its symbol in small letters. */
const SPELLED: readonly (readonly [string, string])[] = [
  ['°C', 'c'],
  ['°', 'deg'],
  ['%', 'percent'],
  ['dB(A)', 'db'],
  ['µ', 'u'],
  ['³', '3'],
  ['/', '_per_'],
];

function suffixOf(symbol: string): string {
  return SPELLED.reduce((text, [from, to]) => text.replace(from, to), symbol).toLowerCase();
}

test('ids are unique', () => {
  expect(metricById.size).toBe(METRICS.length);
});

describe.each(METRICS)('$id', (metric) => {
  test('has an id that is safe as a field and ends in its unit', () => {
    expect(metric.id).toMatch(/^[a-z][a-z0-9_]*$/);
    if (metric.symbol !== '')
      expect(metric.id.endsWith(`_${suffixOf(metric.symbol)}`), suffixOf(metric.symbol)).toBe(true);
  });

  test('has a range, and a counter cannot be negative', () => {
    expect(metric.min).toBeLessThan(metric.max);
    if (metric.kind === 'counter') expect(metric.min).toBe(0);
    if (metric.kind === 'state') expect([metric.min, metric.max]).toEqual([0, 1]);
  });
});
