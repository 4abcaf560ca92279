/** The lamps of each circuit, as the register lists them. */
import type { RegisterView } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { CircuitLamp } from '../site-figures/circuit-quarters.ts';
import { expectedAt } from './site-stays.ts';

const LAMP_KIND = 'lamp';

/** By site, with those that once stood there. A lamp is a device of that kind, or one with a nominal power. */
export function lampsBySite(register: RegisterView): Map<string, CircuitLamp[]> {
  const bySite = new Map<string, CircuitLamp[]>();
  for (const { gateway, id: device, kind, nominal_w: nominalW, interval_s, placements } of register.devices()) {
    if (kind !== LAMP_KIND && nominalW === undefined) continue;
    const intervalMs = interval_s === undefined ? undefined : interval_s * 1_000;
    for (const site of new Set(placements.map((placement) => placement.site))) {
      const stays = expectedAt(register, site, { gateway, device });
      if (stays.length === 0) continue;
      getOrCreate(bySite, site, () => []).push({ gateway, device, nominalW, intervalMs, stays });
    }
  }
  return bySite;
}
