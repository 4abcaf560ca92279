import { describe, expect, it } from 'vitest';
import { fitMetrics } from '../../../energy/analytics/fit-metrics.ts';
import { leastSquares } from '../../../energy/analytics/least-squares.ts';

describe('metrics of a fit', () => {
  it('are those of the vector of openeemeter', () => {
    const metrics = fitMetrics([1, 3, 4, 1, 6], [2, 3, 3, 2, 4], 2);
    const rounded = Object.fromEntries(
      Object.entries(metrics).map(([name, value]) => [name, Math.round(value * 1e3) / 1e3]),
    );
    expect(rounded).toEqual({
      count: 5,
      rSquared: 0.972,
      adjustedRSquared: 0.944,
      cvRmse: 0.394,
      cvRmseAdjusted: 0.509,
      nmbe: -0.067,
      nmae: 0.333,
      autocorrelation: -0.674,
    });
  });

  it('says that lengths differ', () => {
    expect(() => fitMetrics([1, 2], [1], 1)).toThrow(/1 of 2/);
    expect(() => fitMetrics([], [], 0)).toThrow(RangeError);
  });
});

describe('least squares', () => {
  const array = (...values: number[]) => Float64Array.from(values);

  it('finds a plane again', () => {
    const [one, two] = [array(1, 2, 3, 4, 7), array(2, 1, 5, 3, 3)];
    const y = one.map((value, place) => 4 + 2 * value + 0.5 * (two[place] as number));
    const fit = leastSquares(y, one, two)!;
    expect(fit.intercept).toBeCloseTo(4);
    expect(fit.slopes[0]).toBeCloseTo(2);
    expect(fit.slopes[1]).toBeCloseTo(0.5);
    expect(fit.residual).toBeCloseTo(0);
  });

  it('gives none of a regressor that does not vary, or of two that are one', () => {
    expect(leastSquares(array(1, 2, 3), array(5, 5, 5))).toBeUndefined();
    expect(leastSquares(array(1, 2, 4), array(1, 2, 3), array(2, 4, 6))).toBeUndefined();
    expect(leastSquares(array(1, 2, 3))).toMatchObject({ intercept: 2, slopes: [] });
  });
});
