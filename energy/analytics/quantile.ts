/** Quantiles with linear interpolation between the two nearest values (Hyndman and Fan's type 7, as R and NumPy do). */

/** `share` from 0 to 1. Throws a RangeError when there are no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) throw new RangeError('There is no quantile of no values.');
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
