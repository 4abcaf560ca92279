/** Which devices count what a site uses, and from when to when they stood there. */
import type { Period } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF } from '../../../energy/carriers.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import { expectedUntil } from '../../../register/retirement.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import type { CityNow, DeviceNow } from './city-now.ts';
import type { CountedMeter, Piece } from './piece-sums.ts';

/** Where a site has meters of this kind, they are its mains, and what hangs behind them is not counted twice. */
const MAIN_KIND = 'electricity-meter';

/** The devices that count a carrier for a site now; of electricity its main meters, or else all that count it. */
export function countersAt(devices: readonly DeviceNow[], carrier: Carrier): DeviceNow[] {
  const { counter } = METRICS_OF[carrier];
  const counting = devices.filter(({ values }) => values.has(counter));
  if (carrier !== 'electricity' && carrier !== 'export') return counting;
  const mains = counting.filter(({ kind }) => kind === MAIN_KIND);
  return mains.length > 0 ? mains : counting;
}

/** The devices that counted a carrier for a site at any time of a range: those that moved away or were retired since are among them. */
export function countersDuring(
  city: CityNow,
  register: RegisterView,
  site: string,
  carrier: Carrier,
  range: Period,
): DeviceNow[] {
  const wasThere = (device: DeviceNow): boolean =>
    staysAt(register, device, site).some(({ from, to }) => from < range.to && to > range.from);
  const stood = city.devices.filter((device) => device.site === site || wasThere(device));
  return countersAt([...stood, ...city.retired.filter(wasThere)], carrier);
}

/**
 * When a device stood at a site and was in use, epoch milliseconds; before its first placement it stood where that is.
 * What a retired one said after all, up to `lastTime`, counts as well.
 */
export function staysAt(
  register: RegisterView,
  { gateway, device, lastTime }: DeviceKey & { readonly lastTime?: number },
  site: string,
): Period[] {
  const listed = register.device(gateway, device);
  const placements = listed?.placements ?? [{ site: register.gateway(gateway)?.site ?? '', from: 0 }];
  const lastWord = lastTime === undefined ? undefined : lastTime + 1;
  // Of a retirement without a date, and without a last word, nobody knows better than that it stood there.
  const until = expectedUntil(register, listed ?? { gateway }, lastWord ?? Number.POSITIVE_INFINITY);
  return placements.flatMap((placement, index) => {
    if (placement.site !== site) return [];
    const from = index === 0 ? Number.NEGATIVE_INFINITY : placement.from;
    const to = Math.min(placements[index + 1]?.from ?? Number.POSITIVE_INFINITY, Math.max(until, lastWord ?? until));
    return from < to ? [{ from, to }] : [];
  });
}

/** The meters of a site, as sums take them: what of their pieces counts for it. */
export function metersAt(
  counters: readonly DeviceKey[],
  pieces: ReadonlyMap<string, readonly Piece[]>,
  register: RegisterView,
  site: string,
): CountedMeter[] {
  return counters.map((counter) => ({
    pieces: pieces.get(nameOf(counter)) ?? [],
    site,
    stays: staysAt(register, counter, site),
  }));
}
