/** Names of the buckets (2.x, 3) or databases (1.x): one per retention, so that each may be kept for its own time. */

export const DEFAULT_BUCKET = 'city';

/** Readings as they came. */
export function rawBucket(configured: string | undefined): string {
  return configured === undefined || configured === '' ? DEFAULT_BUCKET : configured;
}

/** Roll-ups of 15 minutes. */
export function quartersBucket(raw: string): string {
  return `${raw}_15m`;
}

/** Roll-ups of hours and days, and the events of meters: kept for ever. */
export function longBucket(raw: string): string {
  return `${raw}_long`;
}

export interface BucketPlan {
  readonly name: string;
  /**
   * Days in a shard, which is what the server opens for a question and deletes as a whole; absent for its own default,
   * 7 when data are kept for ever. A year of one site's days: 78 to 135 ms in shards of 7 days, 50 ms in 28 [1.6.7].
   */
  readonly shardDays?: number;
}

/** All buckets of a store, the raw one first. */
export function bucketPlans(raw: string): readonly BucketPlan[] {
  return [{ name: raw }, { name: quartersBucket(raw), shardDays: 28 }, { name: longBucket(raw), shardDays: 84 }];
}
