/**
 * The sum of several devices over time. A device that is missing from a bucket is carried on for `holdMs`, since meters
 * do not all report in the same second; after that it is left out, and the number of devices says so.
 */
import type { Series } from '../../store/telemetry-store.ts';

export interface TotalPoint {
  /** Start of the bucket, epoch milliseconds. */
  readonly time: number;
  readonly value: number;
  /** How many devices it adds up. */
  readonly devices: number;
}

export function totalOf(series: readonly Series[], holdMs: number): TotalPoint[] {
  const times = new Set<number>();
  for (const { points } of series) for (const point of points) times.add(point.time);
  const places = series.map(() => -1);
  const total: TotalPoint[] = [];
  for (const time of [...times].sort((one, other) => one - other)) {
    let value = 0;
    let devices = 0;
    for (const [index, { points }] of series.entries()) {
      let place = places[index] ?? -1;
      while ((points[place + 1]?.time ?? Number.POSITIVE_INFINITY) <= time) place++;
      places[index] = place;
      const point = points[place];
      if (point === undefined || time - point.time > holdMs) continue;
      value += point.value;
      devices++;
    }
    // Adding decimals leaves noise in the last places; no meter has twelve.
    total.push({ time, value: Number(value.toPrecision(12)), devices });
  }
  return total;
}
