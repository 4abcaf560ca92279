/** Ordinary least squares with an intercept and at most two regressors, by centred normal equations. */

export interface LeastSquares {
  readonly intercept: number;
  readonly slopes: readonly number[];
  /** Sums of squares: of the residuals, and of the observations about their mean. */
  readonly residual: number;
  readonly total: number;
}

/** Undefined when a regressor does not vary, or two of them are collinear. */
export function leastSquares(y: Float64Array, ...x: readonly Float64Array[]): LeastSquares | undefined {
  const [one, two] = x;
  const meanY = mean(y);
  const means = x.map(mean);
  let [total, s11, s12, s22, s1y, s2y] = [0, 0, 0, 0, 0, 0];
  for (let place = 0; place < y.length; place++) {
    const dy = (y[place] as number) - meanY;
    const d1 = one === undefined ? 0 : (one[place] as number) - (means[0] as number);
    const d2 = two === undefined ? 0 : (two[place] as number) - (means[1] as number);
    total += dy * dy;
    s11 += d1 * d1;
    s12 += d1 * d2;
    s22 += d2 * d2;
    s1y += d1 * dy;
    s2y += d2 * dy;
  }
  if (one === undefined) return { intercept: meanY, slopes: [], residual: total, total };
  if (!(s11 > 0)) return undefined;
  if (two === undefined) {
    const slope = s1y / s11;
    const residual = Math.max(0, total - slope * s1y);
    return { intercept: meanY - slope * (means[0] as number), slopes: [slope], residual, total };
  }
  const determinant = s11 * s22 - s12 * s12;
  if (!(determinant > 1e-12 * s11 * s22)) return undefined;
  const slope1 = (s1y * s22 - s2y * s12) / determinant;
  const slope2 = (s2y * s11 - s1y * s12) / determinant;
  const intercept = meanY - slope1 * (means[0] as number) - slope2 * (means[1] as number);
  const residual = Math.max(0, total - slope1 * s1y - slope2 * s2y);
  return { intercept, slopes: [slope1, slope2], residual, total };
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
