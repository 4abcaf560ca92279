/** Names of the buckets (2.x, 3) or databases (1.x): one per retention, so that each may be kept for its own time. */

export const DEFAULT_BUCKET = 'city';

/** Readings as they came. */
export function rawBucket(configured: string | undefined): string {
  return configured === undefined || configured === '' ? DEFAULT_BUCKET : configured;
}
