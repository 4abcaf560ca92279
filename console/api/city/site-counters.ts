/** Which devices count what a site uses, and from when to when they stood there. */
import type { Period } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF } from '../../../energy/carriers.ts';
import type { QuarterHours } from '../../../energy/consumption.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import type { CityNow, DeviceNow } from './city-now.ts';

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

/** The devices that counted a carrier for a site at any time of a range: those that moved away are among them. */
export function countersDuring(
  city: CityNow,
  register: RegisterView,
  site: string,
  carrier: Carrier,
  range: Period,
): DeviceNow[] {
  const stood = city.devices.filter(
    (device) =>
      device.site === site || stays(register, device, site).some(({ from, to }) => from < range.to && to > range.from),
  );
  return countersAt(stood, carrier);
}

/** Blots out the quarter hours in which a device stood elsewhere. */
export function onlyAt(
  counted: QuarterHours,
  register: RegisterView,
  device: { readonly gateway: string; readonly device: string },
  site: string,
): QuarterHours {
  const listed = register.device(device.gateway, device.device);
  if (listed === undefined || listed.placements.every((placement) => placement.site === site)) return counted;
  const periods = stays(register, device, site);
  const amounts = Float64Array.from(counted.amounts);
  const measured = Float64Array.from(counted.measured);
  for (let place = 0; place < amounts.length; place++) {
    const time = (counted.firstSlot + place) * QUARTER_MS;
    if (periods.some(({ from, to }) => from <= time && time < to)) continue;
    amounts[place] = Number.NaN;
    measured[place] = 0;
  }
  return { ...counted, amounts, measured };
}

function stays(
  register: RegisterView,
  { gateway, device }: { readonly gateway: string; readonly device: string },
  site: string,
): Period[] {
  const placements = register.device(gateway, device)?.placements ?? [];
  return placements.flatMap((placement, index) => {
    if (placement.site !== site) return [];
    const from = index === 0 ? Number.NEGATIVE_INFINITY : placement.from;
    return [{ from, to: placements[index + 1]?.from ?? Number.POSITIVE_INFINITY }];
  });
}
