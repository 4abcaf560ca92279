import { describe, expect, test } from 'vitest';
import { LatencyWindow } from '../../ingest/latency-window.ts';
import { RateWindow } from '../../ingest/rate-window.ts';

describe('the latency window', () => {
  test('tells percentiles within its 5 %', () => {
    const window = new LatencyWindow(60_000);
    for (let ms = 1; ms <= 1_000; ms++) window.record(ms, 1_000);
    expect(window.percentile(0.5, 1_000)! / 500).toBeCloseTo(1, 1);
    expect(window.percentile(0.99, 1_000)! / 990).toBeCloseTo(1, 1);
  });

  test('forgets after two windows, and says nothing of nothing', () => {
    const window = new LatencyWindow(60_000);
    expect(window.percentile(0.5, 0)).toBeUndefined();
    window.record(5, 60_000);
    expect(window.percentile(0.5, 130_000)).toBeDefined();
    expect(window.percentile(0.5, 250_000)).toBeUndefined();
  });
});

describe('the rate window', () => {
  test('is the mean of the whole seconds', () => {
    const window = new RateWindow(10);
    for (let second = 100; second < 110; second++) window.add(50, second * 1_000 + 500);
    expect(window.perSecond(110_000)).toBe(50);
    expect(window.perSecond(115_500)).toBe(25);
    expect(window.perSecond(500_000)).toBe(0);
  });
});
