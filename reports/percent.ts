/** Shares from 0 to 1 as percent, to the hundredth. */

/** For completeness: never 100 when something is missing, nor 0 when something is there. */
export function percentOf(share: number): number {
  const percent = roundedPercent(share);
  if (percent === 100 && share < 1) return 99.99;
  return percent === 0 && share > 0 ? 0.01 : percent;
}

export function roundedPercent(share: number): number {
  return Math.round(share * 10_000) / 100;
}
