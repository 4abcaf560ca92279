/** Lines of a chart, with their gaps, on one common time axis. */
import type uPlot from 'uplot';

export interface ChartLine {
  readonly label: string;
  readonly tone: 'main' | 'compare';
  /** Epoch milliseconds, ascending. */
  readonly times: readonly number[];
  /** Null: nothing is known here, and the line is broken. */
  readonly values: readonly (number | null)[];
  /** Drawn as steps: what was commanded holds until the next command. */
  readonly step?: boolean;
}

export interface LinePoint {
  readonly time_ms: number;
  readonly value: number;
  /** How many values lie in a bucket. */
  readonly count?: number | undefined;
}

/** Twice the usual distance is jitter; three times is a gap. */
const GAP_INTERVALS = 3;

/** Points as a line, broken where one is missing. `everyMs` of buckets; without it the usual distance is found out. */
export function toLine(
  label: string,
  tone: ChartLine['tone'],
  points: readonly LinePoint[],
  everyMs: number | undefined,
  shiftMs = 0,
): ChartLine {
  const times: number[] = [];
  const values: (number | null)[] = [];
  const distance = usualDistance(points);
  const gap = gapOf(points, distance, everyMs);
  let before: number | undefined;
  for (const { time_ms, value } of points) {
    const time = time_ms + shiftMs;
    if (before !== undefined && time - before > gap) {
      times.push(before + Math.max(everyMs ?? 0, distance));
      values.push(null);
    }
    times.push(time);
    values.push(value);
    before = time;
  }
  return { label, tone, times, values };
}

/** Distance from which two points are not joined. */
function gapOf(points: readonly LinePoint[], distance: number, everyMs: number | undefined): number {
  if (everyMs === undefined) return distance * GAP_INTERVALS;
  // Where a bucket holds one value at most, the device is slower than the buckets, and jitter may leave one empty.
  const values = points.reduce((sum, { count }) => sum + (count ?? 2), 0);
  const isSlow = distance > everyMs || values < 1.5 * points.length;
  return isSlow ? Math.max(everyMs, distance) * (GAP_INTERVALS - 0.5) : everyMs * 1.5;
}

/** Median distance between points, milliseconds, the lower of two: a lone hole does not change it. */
export function usualDistance(points: readonly { readonly time_ms: number }[]): number {
  const distances: number[] = [];
  for (let index = 1; index < points.length; index++) {
    distances.push((points[index]?.time_ms ?? 0) - (points[index - 1]?.time_ms ?? 0));
  }
  distances.sort((one, other) => one - other);
  return distances[Math.floor((distances.length - 1) / 2)] ?? 60_000;
}

/** As uPlot takes them: seconds; null breaks a line, undefined only says that another line has a point here. */
export function joinLines(lines: readonly ChartLine[]): uPlot.AlignedData {
  const times = [...new Set(lines.flatMap((line) => line.times))].sort((one, other) => one - other);
  const columns = lines.map((line) => {
    const valueAt = new Map<number, number | null>();
    for (const [index, time] of line.times.entries()) valueAt.set(time, line.values[index] ?? null);
    let isBroken = false;
    return times.map((time) => {
      const value = valueAt.get(time);
      if (value !== undefined) isBroken = value === null;
      // Points of the other line inside a gap of this one do not mend it.
      return value ?? (isBroken ? null : undefined);
    });
  });
  return [times.map((time) => time / 1_000), ...columns] as uPlot.AlignedData;
}
