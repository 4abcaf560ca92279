import { describe, expect, it } from 'vitest';
import { totalOf } from '../../console/api/series-total.ts';

const series = (device: string, ...points: [time: number, value: number][]) => ({
  gateway: 'g',
  device,
  metric: 'active_power_kw',
  points: points.map(([time, value]) => ({ time, value })),
});

describe('the sum of several devices', () => {
  it('is empty without any', () => expect(totalOf([], 10)).toEqual([]));

  it('adds up what was said at the same time', () => {
    expect(totalOf([series('a', [0, 1], [10, 2]), series('b', [0, 10], [10, 20])], 10)).toEqual([
      { time: 0, value: 11, devices: 2 },
      { time: 10, value: 22, devices: 2 },
    ]);
  });

  it('holds a slower device on, but not for ever', () => {
    expect(totalOf([series('a', [0, 1], [10, 1], [20, 1], [30, 1]), series('b', [0, 100])], 20)).toEqual([
      { time: 0, value: 101, devices: 2 },
      { time: 10, value: 101, devices: 2 },
      { time: 20, value: 101, devices: 2 },
      { time: 30, value: 1, devices: 1 },
    ]);
  });

  it('never counts a device before its first value', () => {
    expect(totalOf([series('a', [0, 1]), series('b', [5, 2])], 10)).toEqual([
      { time: 0, value: 1, devices: 1 },
      { time: 5, value: 3, devices: 2 },
    ]);
  });

  it('leaves no noise of binary fractions', () => {
    expect(totalOf([series('a', [0, 0.1]), series('b', [0, 0.2])], 10)[0]?.value).toBe(0.3);
  });
});
