/** Which meters are asked for, and in what order and portions their events and decisions are told. */
import { z } from 'zod';
import { idSchema } from '../../contract/ids.ts';
import { metricById } from '../../contract/metrics.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { type DevicePattern, deviceParameter, matchDevices } from './device-pattern.ts';
import { metricParameter } from './metric-parameter.ts';
import { RequestError } from './request-error.ts';
import { siteOf } from './site-finder.ts';

export const MOST_ROWS = 5_000;

export const meterParameters = {
  site: idSchema.optional(),
  gateway: idSchema.optional(),
  device: deviceParameter.optional(),
  metric: metricParameter
    .refine((id) => metricById.get(id)?.kind !== 'gauge' && metricById.get(id)?.kind !== 'state', {
      error: 'is not a counter; only counters have events, such as active_energy_kwh',
    })
    .optional()
    .describe('A counter of the catalogue'),
  after: z
    .string()
    .max(300)
    .regex(/^\d+\/[a-z0-9-]+\/[a-z0-9-]+\/[a-z0-9_]+$/, 'must be the `next` of the page before')
    .optional()
    .describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(MOST_ROWS).default(200),
};

export interface MeterFilter {
  readonly site?: string | undefined;
  readonly gateway?: string | undefined;
  readonly device?: readonly DevicePattern[] | undefined;
  readonly metric?: string | undefined;
}

/** The devices that may have what is asked for; undefined for all. Throws RequestError for what does not exist. */
export function devicesOf({ register }: ConsoleDeps, { site, gateway, device }: MeterFilter): DeviceKey[] | undefined {
  if (site !== undefined && register.site(site) === undefined) {
    throw new RequestError('site', `"${site}" is not in the register; GET /api/sites lists them`, 'not-found');
  }
  if (gateway !== undefined && register.gateway(gateway) === undefined) {
    throw new RequestError('gateway', `"${gateway}" is not in the register; GET /api/gateways lists them`, 'not-found');
  }
  for (const named of device ?? []) {
    if (named.gateway === undefined || named.device === undefined) continue;
    if (register.device(named.gateway, named.device) !== undefined) continue;
    const words = `"${named.gateway}/${named.device}" is not in the register; GET /api/devices lists them`;
    throw new RequestError('device', words, 'not-found');
  }
  if (site === undefined && gateway === undefined && device === undefined) return undefined;
  const known = register.devices(gateway).filter(({ placements }) => {
    return site === undefined || placements.some((placement) => placement.site === site);
  });
  const keys = known.map(({ gateway: owner, id }) => ({ gateway: owner, device: id }));
  if (device === undefined) return keys;
  const allowed = new Set(keys.map(textOf));
  return matchDevices(device, () => keys).filter((key) => allowed.has(textOf(key)));
}

interface Dated extends DeviceKey {
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A device may have been elsewhere at that time. */
export function isAtSite({ register }: ConsoleDeps, site: string | undefined, { gateway, device, at }: Dated): boolean {
  return site === undefined || siteOf(register, gateway, device, at) === site;
}

export interface MeterPage<T> {
  readonly rows: readonly T[];
  readonly next: string | null;
}

/** Newest first. */
export function pageOf<T extends Dated>(all: readonly T[], after: string | undefined, limit: number): MeterPage<T> {
  const sorted = all.toSorted((one, other) => other.at - one.at || (nameOf(one) < nameOf(other) ? -1 : 1));
  const start = after === undefined ? 0 : sorted.findIndex((row) => isAfter(row, after));
  const rows = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = rows.at(-1);
  const isMore = start >= 0 && start + limit < sorted.length;
  return { rows, next: isMore && last !== undefined ? `${last.at}/${nameOf(last)}` : null };
}

/** Whether a row comes after the one that a page ended with, which may be gone meanwhile. */
function isAfter(row: Dated, after: string): boolean {
  const slash = after.indexOf('/');
  const at = Number(after.slice(0, slash));
  return row.at < at || (row.at === at && nameOf(row) > after.slice(slash + 1));
}

function nameOf({ gateway, device, metric }: Dated): string {
  return `${gateway}/${device}/${metric}`;
}

function textOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}
