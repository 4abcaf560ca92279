import { describe, expect, test } from 'vitest';
import { METRICS, metricById } from '../../contract/metrics.ts';

const SUFFIX_BY_SYMBOL: Record<string, RegExp> = {
  kW: /_kw$/,
  kWh: /_kwh$/,
  kvar: /_kvar$/,
  kvarh: /_kvarh$/,
  kVA: /_kva$/,
  V: /_v$/,
  A: /_a$/,
  Hz: /_hz$/,
  'm³': /_m3$/,
  'm³/h': /_m3_per_h$/,
  '°C': /_c$/,
  '%': /_percent$/,
  ppm: /_ppm$/,
  ppb: /_ppb$/,
  'µg/m³': /_ug_per_m3$/,
  'dB(A)': /_db$/,
  lx: /_lx$/,
  hPa: /_hpa$/,
  mm: /_mm$/,
  'm/s': /_m_per_s$/,
  '°': /_deg$/,
  W: /_w$/,
  h: /_h$/,
  s: /_s$/,
  ms: /_ms$/,
  MiB: /_mib$/,
};

test('ids are unique', () => {
  expect(metricById.size).toBe(METRICS.length);
});

describe.each(METRICS)('$id', (metric) => {
  test('has an id that is safe as a field and ends in its unit', () => {
    expect(metric.id).toMatch(/^[a-z][a-z0-9_]*$/);
    if (metric.symbol !== '') expect(metric.id).toMatch(SUFFIX_BY_SYMBOL[metric.symbol]!);
  });

  test('has a range, and a counter cannot be negative', () => {
    expect(metric.min).toBeLessThan(metric.max);
    if (metric.kind === 'counter') expect(metric.min).toBe(0);
    if (metric.kind === 'state') expect([metric.min, metric.max]).toEqual([0, 1]);
  });
});
