/** Small sums over devices as they are now. */
import { metricById } from '../../../contract/metrics.ts';
import type { DeviceNow, ValueNow } from './city-now.ts';

const STALE_INTERVALS = 5;
const STALE_MS = 300_000;
/** A site of which nothing has come for so long is silent. */
export const SILENT_MS = 1_800_000;

/** So old a value no longer says what is now. */
export function isStale({ intervalMs = 0 }: DeviceNow, { time }: ValueNow, now: number): boolean {
  return now - time > Math.max(STALE_MS, STALE_INTERVALS * intervalMs);
}

export function freshValue(device: DeviceNow, metric: string, now: number): number | undefined {
  const known = device.values.get(metric);
  return known === undefined || isStale(device, known, now) ? undefined : known.value;
}

/** Null when no device says it now; adding decimals leaves noise that no meter has. */
export function sumOf(devices: readonly DeviceNow[], metric: string, now: number): number | null {
  let sum = 0;
  let isKnown = false;
  for (const device of devices) {
    const value = freshValue(device, metric, now);
    if (value === undefined) continue;
    sum += value;
    isKnown = true;
  }
  return isKnown ? rounded(sum) : null;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

export function percentOf(value: number): number {
  return Math.round(value * 10) / 10;
}

export function symbolOf(metric: string): string {
  return metricById.get(metric)?.symbol ?? '';
}

export function ageS(time: number, now: number): number {
  return Math.max(0, (now - time) / 1_000);
}
