/** When devices were first heard of, as far as it matters: before that, missing readings need no other explanation. */
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import type { DeviceKey, TelemetryStore } from '../../../store/telemetry-store.ts';
import type { CountedDevice } from './reading-counts.ts';

const DAY_MS = 86_400_000;
/** Most devices that spoke before did so in these days. */
const NEAR_MS = 40 * DAY_MS;

/**
 * Of devices that miss readings at the beginning of their stretch: the time of their first reading, Infinity when there
 * is none. Others are absent, and those that had been heard of before.
 */
export async function firstReadings(
  store: Pick<RollUpStore & TelemetryStore, 'rollUps' | 'latestRollUps'>,
  devices: readonly CountedDevice[],
): Promise<ReadonlyMap<CountedDevice, number>> {
  const suspects = devices.filter(({ ranges, stretch, expectation: { intervalMs = 0 } }) => {
    const [first] = ranges;
    return first !== undefined && first.from <= stretch.from + 2 * intervalMs;
  });
  if (suspects.length === 0) return new Map();
  const before = Math.min(...suspects.map(({ stretch }) => stretch.from));
  const near = await store.rollUps({
    width: '1d',
    devices: suspects.map(keyOf),
    from: Math.max(0, before - NEAR_MS),
    to: before,
  });
  const heard = new Set(near.filter(({ count }) => count > 0).map(nameOf));
  const unheard = suspects.filter((one) => !heard.has(nameOf(keyOf(one))));
  if (unheard.length > 0) {
    const query = { devices: unheard.map(keyOf), from: 0, before };
    for (const row of await store.latestRollUps(query)) if (row.count > 0) heard.add(nameOf(row));
  }
  const first = unheard.filter((one) => !heard.has(nameOf(keyOf(one))));
  return new Map(first.map((one) => [one, one.firstStoredAt ?? Number.POSITIVE_INFINITY]));
}

function keyOf({ device }: CountedDevice): DeviceKey {
  return { gateway: device.gateway, device: device.id };
}

function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}
