/**
 * What a list of sites, gateways or devices would change in the register, row by row, and every fault at once. Pure:
 * compares only. With one fault nothing may be written.
 */
import type { Change } from '../change.ts';
import type { EntryKind } from '../entries.ts';
import { formatInstant } from '../local-instant.ts';
import { type Device, EARLIEST_PLACEMENT, type Placement } from '../model.ts';
import type { Register } from '../register.ts';
import type { ImportKind } from './columns.ts';
import { readDevice } from './device-row.ts';
import { readGateway } from './gateway-row.ts';
import { type ImportFault, importFault } from './import-fault.ts';
import type { ImportTable, TableRow } from './import-table.ts';
import { RowReader } from './row-reader.ts';
import { readSite } from './site-row.ts';

/** What the plan asks of the register. */
export type KnownCity = Pick<Register, 'city' | 'site' | 'gateway' | 'device' | 'origin'>;

export interface ImportedField {
  readonly field: string;
  /** As people read it; empty where there was or will be nothing. */
  readonly before: string;
  readonly after: string;
}

export interface ImportedEntry {
  readonly line: number;
  /** A device's is `gateway/device`. */
  readonly id: string;
  readonly action: 'add' | 'change' | 'none';
  /** What differs; of a new entry nothing is listed. */
  readonly fields: readonly ImportedField[];
  readonly change: Change;
}

export interface ImportPlan {
  readonly entries: readonly ImportedEntry[];
  readonly faults: readonly ImportFault[];
}

/** One row as an entry of the register: the change if it has no fault, and the entry as it is now. */
export interface ReadEntry {
  readonly id: string;
  readonly before: object | undefined;
  readonly change: Change | undefined;
}

const READERS: Readonly<Record<ImportKind, (row: RowReader, city: KnownCity) => ReadEntry>> = {
  sites: readSite,
  gateways: readGateway,
  devices: readDevice,
};
const ENTRY_KINDS = { sites: 'site', gateways: 'gateway', devices: 'device' } as const;

export function planImport(kind: ImportKind, table: ImportTable, city: KnownCity): ImportPlan {
  const faults: ImportFault[] = [...table.faults];
  const entries: ImportedEntry[] = [];
  const lineById = new Map<string, number>();
  // A row of the wrong shape would only be told wrong things of.
  const badLines = new Set(faults.map(({ line }) => line));
  for (const row of table.rows) {
    if (badLines.has(row.line)) continue;
    const entry = entryOf(kind, row, city, lineById, faults);
    if (entry !== undefined) entries.push(entry);
  }
  return { entries, faults: faults.sort((one, other) => one.line - other.line) };
}

function entryOf(
  kind: ImportKind,
  row: TableRow,
  city: KnownCity,
  lineById: Map<string, number>,
  faults: ImportFault[],
): ImportedEntry | undefined {
  const reader = new RowReader(row);
  const { id, before, change } = READERS[kind](reader, city);
  const first = lineById.get(id);
  if (first === undefined) lineById.set(id, row.line);
  else if (reader.cell('id') !== '') reader.fault('id', `is also in line ${first}. Leave one of the two out.`);
  if (reader.faults.length > 0 || change === undefined) {
    faults.push(...reader.faults);
    return undefined;
  }
  if (change.kind === 'no-credential' || change.kind === 'decision') return undefined;
  const { line } = row;
  if (before === undefined) return { line, id, action: 'add', fields: [], change };
  const fields = differences(before, change.value, city);
  if (fields.length === 0) return { line, id, action: 'none', fields, change };
  if (isOfManifest(ENTRY_KINDS[kind], id, before, city)) {
    const names = fields.map(({ field }) => field).join(', ');
    const words = `'${id}' is written in the city's manifest and differs in ${names}. Change it there, or leave it out here.`;
    faults.push(importFault(line, '', '', words));
    return undefined;
  }
  return { line, id, action: 'change', fields, change };
}

/** What the manifest has dropped may be taken over. */
function isOfManifest(kind: EntryKind, id: string, before: { retired?: boolean }, city: KnownCity): boolean {
  return city.origin(kind, id) === 'manifest' && before.retired !== true;
}

function differences(before: object, after: object, city: KnownCity): ImportedField[] {
  const [left, right] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].flatMap((field) => {
    if (JSON.stringify(left[field]) === JSON.stringify(right[field])) return [];
    const zone = zoneOf(after, city);
    return [{ field, before: words(field, left[field], city, zone), after: words(field, right[field], city, zone) }];
  });
}

/** Of the site where an entry hangs or stands. */
function zoneOf(entry: object, city: KnownCity): string {
  const { site, placements } = entry as { site?: string; placements?: readonly Placement[] };
  return city.site(site ?? placements?.at(-1)?.site ?? '')?.zone ?? 'UTC';
}

function words(field: string, value: unknown, city: KnownCity, zone: string): string {
  if (value === undefined) return '';
  if (field === 'retired_at') return formatInstant(value as number, zone);
  if (field === 'placements') return placementWords(value as Device['placements'], city);
  if (typeof value === 'object' && value !== null) return groupWords(value);
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** Such as `multiplier 40, register_limit 100000, swaps 2`. */
function groupWords(group: object): string {
  const parts = Object.entries(group).map(([name, value]) => `${name} ${Array.isArray(value) ? value.length : value}`);
  return parts.join(', ');
}

function placementWords(placements: readonly Placement[], city: KnownCity): string {
  return placements
    .map(({ site, from }) => {
      if (from === EARLIEST_PLACEMENT) return site;
      return `${site} from ${formatInstant(from, city.site(site)?.zone ?? 'UTC')}`;
    })
    .join(', ');
}
