/** Which devices a series is asked of: `gateway/device`, `gateway/*`, or the same device of every gateway: a star, a slash, its id. */
import { z } from 'zod';
import { ID_PATTERN } from '../../contract/ids.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';

export const MOST_DEVICES = 1_000;

export interface DevicePattern {
  /** Undefined for any. */
  readonly gateway: string | undefined;
  readonly device: string | undefined;
}

export function parseDevicePattern(text: string): DevicePattern | undefined {
  const parts = text.split('/');
  const [gateway, device] = parts;
  if (parts.length !== 2 || gateway === undefined || device === undefined) return undefined;
  if (![gateway, device].every((part) => part === '*' || ID_PATTERN.test(part))) return undefined;
  return { gateway: gateway === '*' ? undefined : gateway, device: device === '*' ? undefined : device };
}

const one = z.string().transform((text, context) => {
  const pattern = parseDevicePattern(text);
  if (pattern !== undefined) return pattern;
  context.addIssue({
    code: 'custom',
    message: `"${text.slice(0, 130)}" is no device; write gateway/device, gateway/* or */device`,
  });
  return z.NEVER;
});

/** One or several; a single one arrives as a string. */
export const deviceParameter = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(one).min(1).max(MOST_DEVICES))
  .describe('`gateway/device`; repeat it for several; `*` stands for any gateway or any device');

/** The devices that the patterns name; those with a star are looked up among `known`. Each once, in order of name. */
export function matchDevices(patterns: readonly DevicePattern[], known: () => Iterable<DeviceKey>): DeviceKey[] {
  const found = new Map<string, DeviceKey>();
  const open: DevicePattern[] = [];
  for (const { gateway, device } of patterns) {
    if (gateway !== undefined && device !== undefined) found.set(`${gateway}/${device}`, { gateway, device });
    else open.push({ gateway, device });
  }
  if (open.length > 0) {
    for (const { gateway, device } of known()) {
      const matches = open.some(
        (pattern) =>
          (pattern.gateway === undefined || pattern.gateway === gateway) &&
          (pattern.device === undefined || pattern.device === device),
      );
      if (matches) found.set(`${gateway}/${device}`, { gateway, device });
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}
