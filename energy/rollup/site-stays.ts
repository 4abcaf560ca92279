/** When devices stood at sites. */
import type { RegisterView } from '../../register/register-view.ts';
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
