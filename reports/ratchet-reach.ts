/** How far back a bill looks: demand charges may be held up by peaks of the months before (a ratchet). */
import { periodAt } from '../energy/calendar.ts';
import type { Tariffs } from '../register/model.ts';
import type { ReferenceTables } from './reference-tables.ts';

/** The beginning of the earliest month that the named tariffs look at, for bills of the month that begins at `month`. */
export function ratchetReach(
  month: number,
  { tariffs }: Pick<ReferenceTables, 'tariffs'>,
  named: Tariffs,
  zone: string,
): number {
  const ids = new Set(Object.values(named));
  const charges = tariffs.filter(({ id }) => ids.has(id)).flatMap(({ demand = [] }) => demand);
  const months = Math.max(0, ...charges.map(({ ratchet }) => ratchet?.months ?? 0));
  let start = month;
  for (let before = 0; before < months; before++) start = periodAt(start - 1, 'month', zone).from;
  return start;
}
