/** Time zones: what clocks in an IANA zone show, and which instants a shown time means. The rules are luxon's. */
import { IANAZone } from 'luxon';

const DAY_MS = 86_400_000;

/** Whether the runtime knows the IANA zone. */
export function isZone(zone: string): boolean {
  return IANAZone.isValidZone(zone);
}

/** Milliseconds that clocks in the zone are ahead of UTC at an instant. Throws a RangeError for an unknown zone. */
export function offsetMs(zone: string, instant: number): number {
  const known = IANAZone.create(zone);
  if (!known.isValid) throw new RangeError(`${zone} is not a time zone`);
  return known.offset(instant) * 60_000;
}

/**
 * The instants at which clocks in a zone show a local time, earliest first: usually one, two in the hour that is repeated
 * when clocks go back, none in the hour that is skipped when they go forward.
 * `local` is the shown time read as if it were UTC; `beforeChange` is what it means by the offset of the day before.
 */
export function instantsOf(
  local: number,
  zone: string,
): { readonly instants: readonly number[]; readonly beforeChange: number } {
  // No zone changes its offset twice within two days.
  const before = offsetMs(zone, local - DAY_MS);
  const after = offsetMs(zone, local + DAY_MS);
  const candidates = [...new Set([local - before, local - after])].sort((a, b) => a - b);
  const instants = candidates.filter((instant) => instant + offsetMs(zone, instant) === local);
  return { instants, beforeChange: local - before };
}
