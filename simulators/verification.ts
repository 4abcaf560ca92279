/**
 * Whether a store holds exactly what the simulated city produced: count and sum of each series on each UTC day, and
 * where they differ, value by value. Knows the truth, is given the store; reads nothing by itself.
 */
import type { GroundTruth } from './ground-truth.ts';
import { countIn, readingsIn } from './ground-truth.ts';
import type { SimulatedDevice } from './simulated-devices.ts';

const DAY_MS = 86_400_000;
/**
 * Sums of a day are equal within this: a value has three decimals at most, so that one wrong value differs by more,
 * and a store adds up a day in another order than we do.
 */
const SUM_TOLERANCE = 4e-4;
/** Values that are named of a series. */
const MOST_NAMED = 3;

export interface StoredTotal {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  readonly count: number;
  readonly sum: number;
}

export interface StoredPoint {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: number;
}

export interface StoreUnderTest {
  /** Of every series in [from, to), epoch milliseconds. */
  totals(from: number, to: number): Promise<readonly StoredTotal[]>;
  /** Every stored value of one series in [from, to). */
  points(series: SeriesName, from: number, to: number): Promise<readonly StoredPoint[]>;
}

export interface SeriesName {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
}

export interface Deviation extends SeriesName {
  /** Start of the day, epoch milliseconds. */
  readonly day: number;
  readonly missing: number;
  readonly unexpected: number;
  readonly different: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
}

export interface VerificationResult {
  readonly values: number;
  readonly series: number;
  readonly deviations: readonly Deviation[];
}

export interface VerificationRequest {
  readonly truth: GroundTruth;
  readonly store: StoreUnderTest;
  /** Only these gateways; others may have been retired before they told everything. */
  readonly gateways: ReadonlySet<string>;
  /** Epoch milliseconds: what lies in [from, to) is compared. */
  readonly from: number;
  readonly to: number;
  /** Called as it goes on, with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

interface DayTotal {
  count: number;
  sum: number;
  /** What the additions so far have lost to rounding (Kahan, Neumaier). */
  lost: number;
}

export async function verifyCity(request: VerificationRequest): Promise<VerificationResult> {
  const { truth, store, gateways, from, to, onProgress } = request;
  const devices = truth.devices().filter((device) => gateways.has(device.gateway));
  const series = new Set<string>();
  const deviations: Deviation[] = [];
  let values = 0;
  for (let start = Math.floor(from / DAY_MS) * DAY_MS; start < to; start += DAY_MS) {
    const range = { from: Math.max(from, start), to: Math.min(to, start + DAY_MS) };
    // Asked first: the store works at it while the truth is being made.
    const asked = store.totals(range.from, range.to);
    const expected = await totalsOf(devices, range);
    const stored = new Map((await asked).map((total) => [keyOf(total), total]));
    for (const [key, total] of expected) {
      series.add(key);
      values += total.count;
      const found = stored.get(key);
      stored.delete(key);
      if (found?.count === total.count && Math.abs(found.sum - total.sum - total.lost) <= SUM_TOLERANCE) continue;
      deviations.push(await lookInto(request, seriesOfKey(key), range, start));
    }
    for (const [key, total] of stored) {
      if (gateways.has(total.gateway)) deviations.push(await lookInto(request, seriesOfKey(key), range, start));
    }
    onProgress?.(Math.min(1, (range.to - from) / (to - from)));
  }
  return { values, series: series.size, deviations };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** By series; lets other work through between devices. */
async function totalsOf(devices: readonly SimulatedDevice[], { from, to }: Range): Promise<Map<string, DayTotal>> {
  const totals = new Map<string, DayTotal>();
  let made = 0;
  for (const device of devices) {
    const ofDevice = new Map<string, DayTotal>();
    for (const { values } of readingsIn(device, from, to)) {
      for (const metric in values) {
        let total = ofDevice.get(metric);
        if (total === undefined) {
          total = { count: 0, sum: 0, lost: 0 };
          ofDevice.set(metric, total);
        }
        add(total, values[metric] as number);
      }
    }
    for (const [metric, total] of ofDevice) {
      totals.set(keyOf({ gateway: device.gateway, device: device.id, metric }), total);
    }
    made += countIn(device, from, to);
    if (made > 5_000) {
      made = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return totals;
}

function add(total: DayTotal, value: number): void {
  const sum = total.sum + value;
  total.lost += Math.abs(total.sum) >= Math.abs(value) ? total.sum - sum + value : value - sum + total.sum;
  total.sum = sum;
  total.count++;
}

/** Value by value. */
async function lookInto(
  request: VerificationRequest,
  series: SeriesName,
  range: Range,
  day: number,
): Promise<Deviation> {
  const { truth, store } = request;
  const { gateway, device, metric } = series;
  const stored = new Map((await store.points(series, range.from, range.to)).map(({ time, value }) => [time, value]));
  const [missing, different, unexpected]: [string[], string[], string[]] = [[], [], []];
  const isKnown = truth.devices(gateway).some(({ id }) => id === device);
  for (const { time, values } of isKnown ? truth.expectedReadings(gateway, device, range.from, range.to) : []) {
    const value = values[metric];
    if (value === undefined) continue;
    const found = stored.get(time);
    stored.delete(time);
    if (found === undefined) missing.push(`${iso(time)} is missing (${value})`);
    else if (Math.abs(found - value) > SUM_TOLERANCE) different.push(`${iso(time)} is ${found} instead of ${value}`);
  }
  for (const [time, value] of stored) unexpected.push(`${iso(time)} was never produced (${value})`);
  return {
    ...series,
    day,
    missing: missing.length,
    unexpected: unexpected.length,
    different: different.length,
    examples: [...missing, ...different, ...unexpected].slice(0, MOST_NAMED),
  };
}

function keyOf({ gateway, device, metric }: SeriesName): string {
  return `${gateway}/${device}/${metric}`;
}

function seriesOfKey(key: string): SeriesName {
  const [gateway = '', device = '', metric = ''] = key.split('/');
  return { gateway, device, metric };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
