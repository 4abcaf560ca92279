import { placementTimeFaults } from '../change.ts';
import { parseInstant } from '../local-instant.ts';
import { meterFaults } from '../meter-faults.ts';
import { type Device, deviceSchema, EARLIEST_PLACEMENT, type Meter, type Placement } from '../model.ts';
import type { KnownCity, ReadEntry } from './plan-import.ts';
import { retiredAt } from './retired-at.ts';
import type { RowReader } from './row-reader.ts';

/** A row of a list of devices. What no column speaks of, such as announced swaps, stays as it is. */
export function readDevice(row: RowReader, city: KnownCity): ReadEntry {
  const gateway = row.cell('gateway');
  const device = row.cell('id');
  const id = `${gateway}/${device}`;
  const before = city.device(gateway, device);
  const owner = city.gateway(gateway);
  if (gateway === '') row.fault('gateway', 'is missing. Name the gateway of the device.');
  else if (owner === undefined) {
    row.fault('gateway', 'is not in the register. Import the gateways first, or correct the id.');
  }
  const retired = row.flag('retired', before?.retired === true);
  const meter = meterOf(row, before?.meter);
  const placements = placementsOf(row, before, owner?.site ?? '', city);
  const given = {
    ...before,
    gateway,
    id: device,
    name: row.text('name', before?.name) ?? before?.name ?? device,
    kind: row.text('kind', before?.kind),
    interval_s: row.number('interval_s', before?.interval_s),
    interval_stamp: row.text('interval_stamp', before?.interval_stamp),
    nominal_w: row.number('nominal_w', before?.nominal_w),
    meter,
    placements,
    is_new: false,
    retired: retired ? true : undefined,
    retired_at: retiredAt(row, retired, before?.retired_at, placements, city),
  };
  // A field of the meter is a column of its own.
  const value = row.checked(deviceSchema, given, ([field, inner]) => (field === 'meter' ? inner : field));
  for (const { words } of meterFaults(value?.meter ?? {})) row.fault('register_limit', words);
  return { id, before, change: value && { kind: 'device', value, origin: 'console' } };
}

function meterOf(row: RowReader, before: Meter | undefined): Meter | undefined {
  const meter = {
    multiplier: row.number('multiplier', before?.multiplier),
    register_limit: row.number('register_limit', before?.register_limit),
    max_per_hour: row.number('max_per_hour', before?.max_per_hour),
    swaps: before?.swaps,
  };
  const said = Object.entries(meter).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** Placements never go but for one of the same date: where a device was stays known. */
function placementsOf(row: RowReader, before: Device | undefined, gatewaySite: string, city: KnownCity): Placement[] {
  const known = before?.placements ?? [];
  const named = row.cell('site');
  const date = row.cell('from');
  const site = named === '' ? gatewaySite : named;
  // In place of a placement whose fault is told: the schema has nothing to add.
  const told: Placement[] = [{ site: 'unknown', from: EARLIEST_PLACEMENT }];
  if (site === '') return told;
  if (named !== '' && city.site(named) === undefined) {
    row.fault('site', 'is not in the register. Import the sites first, or correct the id.');
    return told;
  }
  if (date === '') {
    if (before === undefined) return [{ site, from: EARLIEST_PLACEMENT }];
    const last = known.at(-1);
    if (named !== '' && last?.site !== named) {
      row.fault('site', `the device is at '${last?.site}' now. Say in the column from since when it is elsewhere.`);
    }
    return [...known];
  }
  if (before !== undefined && named === '') {
    row.fault('from', 'says since when, but not where. Name the site in the column site.');
    return told;
  }
  const from = parseInstant(date, city.site(site)?.zone ?? 'UTC');
  if (from === undefined) {
    row.fault('from', 'is not a date or time. Write 2025-09-15, 2025-09-15T14:00 or 2025-09-15T14:00-04:00.');
    return told;
  }
  for (const words of placementTimeFaults('', from, undefined)) row.fault('from', words);
  const others = known.filter((placement) => placement.from !== from);
  return [...others, { site, from }].sort((one, other) => one.from - other.from);
}
