/**
 * PointSink: figures that are written for boards to show and that the server itself never reads: what ingest and the
 * gateways say of themselves, what whole sites used. InfluxDB implements it, DuckDB does not: Grafana reads the former.
 */

/** Which of the store's buckets, and so for how long a point is kept. */
export type PointBucket = 'raw' | 'quarters' | 'long';

export interface Point {
  readonly bucket: PointBucket;
  readonly measurement: string;
  /** An empty value is no tag. */
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Every field of the measurement every time: one that is left out keeps the value of an earlier point of the same tags
   * and time. Numbers are finite; a field is always a number or always a text.
   */
  readonly fields: Readonly<Record<string, number | string>>;
  /** Epoch milliseconds. */
  readonly time: number;
}

export interface PointSink {
  /**
   * Resolves when the server has answered 2xx for all of them; two points of one measurement, tags and time are the same
   * point, the later one wins. A point that is older than its bucket keeps is gone as it should be. Throws StoreFailure.
   */
  putPoints(points: readonly Point[]): Promise<void>;
}

export function isPointSink(store: object): store is PointSink {
  return 'putPoints' in store && typeof store.putPoints === 'function';
}
