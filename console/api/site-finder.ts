/** The site of a reading: the device's placement at that time, or else where its gateway hangs. */
import { type RegisterView, siteAt } from '../../register/register-view.ts';

export function siteOf(register: RegisterView, gateway: string, device: string, time: number): string | null {
  const placed = register.device(gateway, device);
  if (placed !== undefined) return siteAt(placed, time);
  return register.gateway(gateway)?.site ?? null;
}
