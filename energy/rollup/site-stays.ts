/** When devices stood at sites. */
import type { RegisterView } from '../../register/register-view.ts';
import { expectedUntil } from '../../register/retirement.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';
import type { Period } from '../calendar.ts';

/** Before its first placement a device stood where that is; one that is not listed stands where its gateway hangs. */
export function staysAt(register: RegisterView, site: string, { gateway, device }: DeviceKey): Period[] {
  const placements = register.device(gateway, device)?.placements ?? [
    { site: register.gateway(gateway)?.site ?? '', from: 0 },
  ];
  return placements.flatMap((placement, place) => {
    if (placement.site !== site) return [];
    const from = place === 0 ? Number.NEGATIVE_INFINITY : placement.from;
    return [{ from, to: placements[place + 1]?.from ?? Number.POSITIVE_INFINITY }];
  });
}

/** When something was expected of it there: not after it was retired, but for what it said before `lastWord`. */
export function expectedAt(register: RegisterView, site: string, key: DeviceKey, lastWord?: number): Period[] {
  const listed = register.device(key.gateway, key.device) ?? key;
  const until = Math.max(expectedUntil(register, listed, lastWord), lastWord ?? Number.NEGATIVE_INFINITY);
  return staysAt(register, site, key)
    .map(({ from, to }) => ({ from, to: Math.min(to, until) }))
    .filter(({ from, to }) => from < to);
}
