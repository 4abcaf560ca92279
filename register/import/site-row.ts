import { siteSchema, type Tariffs, tariffsSchema } from '../model.ts';
import type { KnownCity, ReadEntry } from './plan-import.ts';
import type { RowReader } from './row-reader.ts';

/** A row of a list of sites. What no column speaks of, such as hours of use, stays as it is. */
export function readSite(row: RowReader, city: KnownCity): ReadEntry {
  const id = row.cell('id');
  const before = city.site(id);
  const retired = row.flag('retired', before?.retired === true);
  const given = {
    ...before,
    id,
    name: row.text('name', before?.name) ?? before?.name,
    kind: row.text('kind', before?.kind) ?? before?.kind,
    use: row.text('use', before?.use),
    floor_area_m2: row.number('floor_area_m2', before?.floor_area_m2),
    latitude: row.number('latitude', before?.latitude),
    longitude: row.number('longitude', before?.longitude),
    address: row.text('address', before?.address),
    zone: row.text('zone', before?.zone) ?? before?.zone ?? city.city()?.zone,
    tariffs: tariffsOf(row, before?.tariffs),
    factors: row.text('factors', before?.factors),
    contract_demand_kw: row.number('contract_demand_kw', before?.contract_demand_kw),
    budget_kwh: row.number('budget_kwh', before?.budget_kwh),
    retired: retired ? true : undefined,
  };
  if (given.zone === undefined) {
    row.fault('zone', 'is missing, and the city has none to take in its place. Write one, such as America/New_York.');
  }
  const value = row.checked(siteSchema, given, ([field, inner]) =>
    field === 'tariffs' ? `tariff_${String(inner)}` : field,
  );
  return { id, before, change: value && { kind: 'site', value, origin: 'console' } };
}

function tariffsOf(row: RowReader, before: Tariffs | undefined): Tariffs | undefined {
  const said = tariffsSchema.keyof().options.flatMap((carrier) => {
    const tariff = row.text(`tariff_${carrier}`, before?.[carrier]);
    return tariff === undefined ? [] : [[carrier, tariff] as const];
  });
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
