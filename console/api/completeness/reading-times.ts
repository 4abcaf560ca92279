/** When devices were read, from stored values: a reading has several metrics, and one time. */
import type { Period } from '../../../energy/calendar.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';

/** By `gateway/device`, each time once, in order. A device without a value is absent. `metrics`: of those alone. */
export async function timesOf(
  store: RollUpStore,
  devices: readonly DeviceKey[],
  { from, to }: Period,
  metrics?: readonly string[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (devices.length === 0 || from >= to) return new Map();
  const found = new Map<string, Float64Array[]>();
  for (const { gateway, device, times } of await store.values({ devices, metrics, from, to })) {
    getOrCreate(found, `${gateway}/${device}`, (): Float64Array[] => []).push(times);
  }
  return new Map([...found].map(([name, all]) => [name, distinct(all)]));
}

function distinct(all: readonly Float64Array[]): readonly number[] {
  const times = new Set<number>();
  for (const some of all) for (const time of some) times.add(time);
  return [...times].sort((one, other) => one - other);
}
