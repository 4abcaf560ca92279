/** Which readings are expected from whom: the stays of devices at sites within a stretch of time. */
import type { Period } from '../../../energy/calendar.ts';
import type { Expectation } from '../../../energy/completeness/expected-readings.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import type { Device } from '../../../register/model.ts';
import { expectedUntil } from '../../../register/retirement.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import type { ConsoleDeps } from '../console-deps.ts';

/** Younger readings may still be on their way, milliseconds. */
export const GRACE_MS = 30_000;

/** A device while it stood at one site. */
export interface WatchedDevice {
  readonly device: Device;
  readonly site: string;
  readonly zone: string;
  /** The part of what was asked for in which readings are expected. */
  readonly stretch: Period;
  readonly expectation: Expectation;
  /** Why less is expected than was asked for; empty when there is nothing to say. */
  readonly notExpected: 'not-placed-yet' | 'moved-away' | 'retired' | 'retired-undated' | '';
}

/** In order of site, gateway and device. `lastTimes`: newest reading of those that were retired without a date, by `gateway/device`. */
export function watchedDevices(
  { register }: Pick<ConsoleDeps, 'register'>,
  keys: readonly DeviceKey[],
  asked: Period & { readonly site: string | undefined; readonly now: number },
  lastTimes: ReadonlyMap<string, number>,
): WatchedDevice[] {
  const watched: WatchedDevice[] = [];
  for (const { gateway, device: id } of keys) {
    const device = register.device(gateway, id);
    if (device === undefined) continue;
    const intervalMs = device.interval_s === undefined ? undefined : device.interval_s * 1_000;
    const lastTime = lastTimes.get(`${gateway}/${id}`);
    const retiredAt = expectedUntil(register, device, (lastTime ?? 0) + 1);
    for (const [place, { site, from: placed }] of device.placements.entries()) {
      if (asked.site !== undefined && site !== asked.site) continue;
      const left = device.placements[place + 1]?.from ?? Number.POSITIVE_INFINITY;
      const present = lastDue(asked.now - GRACE_MS, placed, intervalMs);
      const to = Math.min(asked.to, left, retiredAt, present);
      const from = Math.max(firstDue(asked.from, placed, intervalMs), placed);
      const notExpected =
        placed > asked.from && place === 0
          ? 'not-placed-yet'
          : retiredAt < Math.min(asked.to, left)
            ? lastTime === undefined
              ? 'retired'
              : 'retired-undated'
            : left < asked.to
              ? 'moved-away'
              : '';
      const isOutside = from >= Math.min(asked.to, left);
      if (isOutside && (place > 0 || device.placements.length > 1)) continue;
      const stretch = { from, to: Math.max(from, to) };
      const zone = register.site(site)?.zone ?? register.city?.()?.zone ?? 'UTC';
      const expectation = { intervalMs, from: placed, to: stretch.to };
      watched.push({ device, site, zone, stretch, expectation, notExpected });
    }
  }
  return watched.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

function nameOf({ site, device }: WatchedDevice): string {
  return `${site}/${device.gateway}/${device.id}`;
}

/** The reading of the interval that a stretch cuts may lie before it. */
function firstDue(time: number, placed: number, intervalMs: number | undefined): number {
  if (intervalMs === undefined || intervalMs > QUARTER_MS) return time;
  return placed + Math.ceil((time - placed) / intervalMs) * intervalMs;
}

/** Of intervals counted from the placement, the end of the last one that is over. */
function lastDue(time: number, placed: number, intervalMs: number | undefined): number {
  if (intervalMs === undefined) return time;
  return placed + Math.floor((time - placed) / intervalMs) * intervalMs;
}
