/** Devices named in a query: each once, and not too many of them. */
import type { DeviceKey } from '../telemetry-store.ts';

export function distinctDevices(devices: readonly DeviceKey[]): readonly DeviceKey[] {
  return [...new Map(devices.map((key) => [`${key.gateway}/${key.device}`, key])).values()];
}

export function* inGroups(devices: readonly DeviceKey[], size: number): Generator<readonly DeviceKey[]> {
  for (let start = 0; start < devices.length; start += size) yield devices.slice(start, start + size);
}
