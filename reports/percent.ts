/** Of a share from 0 to 1. Rounded to hundredths, but never to 100 when something is missing, nor to 0 when something is there. */
export function percentOf(share: number): number {
  const percent = Math.round(share * 10_000) / 100;
  if (percent === 100 && share < 1) return 99.99;
  return percent === 0 && share > 0 ? 0.01 : percent;
}
