import { reservedFaults } from '../change.ts';
import { EARLIEST_PLACEMENT, gatewaySchema } from '../model.ts';
import type { KnownCity, ReadEntry } from './plan-import.ts';
import { retiredAt } from './retired-at.ts';
import type { RowReader } from './row-reader.ts';

/** A row of a list of gateways. */
export function readGateway(row: RowReader, city: KnownCity): ReadEntry {
  const id = row.cell('id');
  const before = city.gateway(id);
  const site = row.text('site', before?.site) ?? before?.site;
  for (const words of reservedFaults(id)) row.fault('id', words.replace(/^id: /, ''));
  if (site !== undefined && city.site(site) === undefined) {
    row.fault('site', 'is not in the register. Import the sites first, or correct the id.');
  }
  const retired = row.flag('retired', before?.retired === true);
  const placements = [{ site: site ?? '', from: EARLIEST_PLACEMENT }];
  const value = row.checked(gatewaySchema, {
    id,
    name: row.text('name', before?.name) ?? before?.name ?? id,
    site,
    retired,
    retired_at: retiredAt(row, retired, before?.retired_at, placements, city),
  });
  return { id, before, change: value && { kind: 'gateway', value, origin: 'console' } };
}
