/** A device of which a metric is asked. Whoever knows what it says now saves a look for readings that are not there. */
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import type { DeviceNow } from './city-now.ts';

export type Counter = DeviceKey & Partial<Pick<DeviceNow, 'values'>>;

/** The instant of the newest stored value, epoch milliseconds: Infinity where nobody knows, −Infinity where there is none. */
export function newestOf({ values }: Counter, metric: string): number {
  if (values === undefined) return Number.POSITIVE_INFINITY;
  return values.get(metric)?.time ?? Number.NEGATIVE_INFINITY;
}
