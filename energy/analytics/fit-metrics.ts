/**
 * How well predictions meet observations. Definitions as in CalTRACK 2 and ASHRAE Guideline 14, with the metric vector
 * of openeemeter's tests/test_metrics.py as the check (test/energy/analytics/fit-metrics.test.ts).
 */

export interface FitMetrics {
  readonly count: number;
  /** Squared correlation of prediction and observation; 0 when one of them does not vary. */
  readonly rSquared: number;
  readonly adjustedRSquared: number;
  /** Root mean squared error over the mean observation: dividing by n, and by n − parameters (Guideline 14). */
  readonly cvRmse: number;
  readonly cvRmseAdjusted: number;
  /** Mean of (predicted − observed) over the mean observation; above 0 the model is too high. */
  readonly nmbe: number;
  /** Mean absolute error over the mean observation. */
  readonly nmae: number;
  /** Correlation of each residual with the one before. */
  readonly autocorrelation: number;
}

/**
 * `parameters` is how many regressors the model has. NaN stands for what the values cannot say, such as errors relative
 * to a mean of 0. Throws a RangeError when the lengths differ or are 0.
 */
export function fitMetrics(observed: readonly number[], predicted: readonly number[], parameters: number): FitMetrics {
  const count = observed.length;
  if (count === 0 || predicted.length !== count) {
    throw new RangeError(`A fit needs as many predictions as observations, not ${predicted.length} of ${count}.`);
  }
  const residuals = observed.map((value, place) => (predicted[place] as number) - value);
  const meanObserved = mean(observed);
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const rSquared = correlation(observed, predicted) ** 2;
  const degrees = count - parameters - 1;
  return {
    count,
    rSquared,
    adjustedRSquared: degrees > 0 ? 1 - ((1 - rSquared) * (count - 1)) / degrees : Number.NaN,
    cvRmse: Math.sqrt(squares / count) / meanObserved,
    cvRmseAdjusted: count > parameters ? Math.sqrt(squares / (count - parameters)) / meanObserved : Number.NaN,
    nmbe: mean(residuals) / meanObserved,
    nmae: mean(residuals.map(Math.abs)) / meanObserved,
    autocorrelation: correlation(residuals.slice(1), residuals.slice(0, -1)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(one: readonly number[], other: readonly number[]): number {
  const [meanOne, meanOther] = [mean(one), mean(other)];
  let [both, squaresOne, squaresOther] = [0, 0, 0];
  for (const [place, value] of one.entries()) {
    const deviation = value - meanOne;
    const deviationOther = (other[place] as number) - meanOther;
    both += deviation * deviationOther;
    squaresOne += deviation * deviation;
    squaresOther += deviationOther * deviationOther;
  }
  const product = squaresOne * squaresOther;
  return product > 0 ? both / Math.sqrt(product) : 0;
}
