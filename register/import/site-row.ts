import { siteSchema } from '../model.ts';
import type { KnownCity, ReadEntry } from './plan-import.ts';
import type { RowReader } from './row-reader.ts';

/** A row of a list of sites. */
export function readSite(row: RowReader, city: KnownCity): ReadEntry {
  const id = row.cell('id');
  const before = city.site(id);
  const retired = row.flag('retired', before?.retired === true);
  const value = row.checked(siteSchema, {
    id,
    name: row.text('name', before?.name) ?? before?.name,
    kind: row.text('kind', before?.kind) ?? before?.kind,
    use: row.text('use', before?.use),
    floor_area_m2: row.number('floor_area_m2', before?.floor_area_m2),
    latitude: row.number('latitude', before?.latitude),
    longitude: row.number('longitude', before?.longitude),
    address: row.text('address', before?.address),
    zone: row.text('zone', before?.zone) ?? before?.zone ?? city.city()?.zone,
    retired: retired ? true : undefined,
  });
  return { id, before, change: value && { kind: 'site', value, origin: 'console' } };
}
