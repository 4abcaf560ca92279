import { parseInstantAt } from '../device-instant.ts';
import { instantFaults } from '../instant-faults.ts';
import type { Placement } from '../model.ts';
import { retirementFaults } from '../retirement.ts';
import type { KnownCity } from './plan-import.ts';
import type { RowReader } from './row-reader.ts';

/** Since when nothing is expected of what the row retires, epoch milliseconds. An empty cell keeps the known date. */
export function retiredAt(
  row: RowReader,
  retired: boolean,
  before: number | undefined,
  placements: readonly Placement[],
  city: Pick<KnownCity, 'site'>,
): number | undefined {
  const date = row.cell('retired_at');
  if (date === '') return retired ? before : undefined;
  const at = parseInstantAt(date, placements, (site) => city.site(site)?.zone ?? 'UTC');
  if (at === undefined) {
    row.fault('retired_at', 'is not a date or time. Write 2025-09-15, 2025-09-15T14:00 or 2025-09-15T14:00-04:00.');
    return before;
  }
  const faults = [...instantFaults('', at), ...retirementFaults({ retired, retired_at: at })];
  for (const words of faults) row.fault('retired_at', words);
  return at;
}
