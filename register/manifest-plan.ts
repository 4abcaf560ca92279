/** What a manifest would change in the register, and doing it. */
import type { Change } from './change.ts';
import type { Manifest } from './manifest.ts';
import { entriesOf } from './manifest-entries.ts';
import type { Device } from './model.ts';
import type { Register } from './register.ts';

export interface PlannedChange {
  readonly action: 'add' | 'change' | 'retire';
  readonly kind: 'city' | 'site' | 'gateway' | 'device';
  /** A device's is `gateway/device`; the city's is empty. */
  readonly id: string;
  /** For people: which fields, or why. */
  readonly words: string;
  readonly change: Change;
}

/** An entry of the manifest that a person keeps at the console; it is left as it is there. */
export interface ManifestConflict {
  readonly kind: PlannedChange['kind'];
  readonly id: string;
  readonly words: string;
}

export interface ManifestPlan {
  /** In an order in which each can be taken: what is referred to comes first. */
  readonly changes: readonly PlannedChange[];
  readonly conflicts: readonly ManifestConflict[];
}

type Entry = Exclude<Change, { kind: 'credential' | 'no-credential' | 'decision' }>;

/** What manifests ask of the register. */
export type ManifestCity = Pick<
  Register,
  'city' | 'site' | 'sites' | 'gateway' | 'gateways' | 'device' | 'devices' | 'origin' | 'write'
>;

/** Compares only; changes nothing. */
export function planManifest(register: ManifestCity, manifest: Manifest): ManifestPlan {
  const changes: PlannedChange[] = [];
  const conflicts: ManifestConflict[] = [];
  const listed = new Set<string>();
  for (const entry of entriesOf(manifest)) {
    const id = idOf(entry);
    listed.add(`${entry.kind} ${id}`);
    const known = knownEntry(register, entry);
    if (known === undefined) {
      changes.push({ action: 'add', kind: entry.kind, id, words: 'new in the manifest', change: entry });
      continue;
    }
    const fields = differences(known, withKnownDate(entry.value, known));
    if (fields.length === 0) continue;
    if (register.origin(entry.kind, id) === 'console' && !isSeenOnly(known)) {
      const words =
        `is kept at the console and differs from the manifest in ${fields.join(', ')}. ` +
        'It stays as it is at the console; make both the same, or take it out of the manifest.';
      conflicts.push({ kind: entry.kind, id, words });
      continue;
    }
    changes.push({ action: 'change', kind: entry.kind, id, words: fields.join(', '), change: entry });
  }
  return { changes: [...changes, ...retirements(register, listed)], conflicts };
}

/** Makes the register follow the manifest, whole or not at all; the returned plan is what was done. */
export async function applyManifest(register: ManifestCity, manifest: Manifest): Promise<ManifestPlan> {
  let plan: ManifestPlan = { changes: [], conflicts: [] };
  await register.write(() => {
    plan = planManifest(register, manifest);
    return plan.changes.map((planned) => planned.change);
  });
  return plan;
}

function knownEntry(register: ManifestCity, entry: Entry): object | undefined {
  switch (entry.kind) {
    case 'city':
      return register.city();
    case 'site':
      return register.site(entry.value.id);
    case 'gateway':
      return register.gateway(entry.value.id);
    case 'device':
      return register.device(entry.value.gateway, entry.value.id);
  }
}

/** A retirement that the manifest does not date keeps the date that the register gave it. */
function withKnownDate(value: object, known: object): object {
  const { retired, retired_at } = known as Partial<Device>;
  if (retired !== true || retired_at === undefined) return value;
  return (value as Partial<Device>).retired === true ? { retired_at, ...value } : value;
}

/** Listed because readings came, not because a person said so: the manifest may have it. */
function isSeenOnly(known: object): boolean {
  return (known as Partial<Device>).is_new === true;
}

function retirements(register: ManifestCity, listed: ReadonlySet<string>): PlannedChange[] {
  const words = 'no longer in the manifest';
  const changes: PlannedChange[] = [];
  const isGone = (kind: 'site' | 'gateway' | 'device', id: string, retired: boolean | undefined) =>
    retired !== true && !listed.has(`${kind} ${id}`) && register.origin(kind, id) === 'manifest';
  for (const device of register.devices()) {
    const id = `${device.gateway}/${device.id}`;
    if (!isGone('device', id, device.retired)) continue;
    const change: Change = { kind: 'device', value: { ...device, retired: true }, origin: 'manifest' };
    changes.push({ action: 'retire', kind: 'device', id, words, change });
  }
  for (const gateway of register.gateways()) {
    if (!isGone('gateway', gateway.id, gateway.retired)) continue;
    const change: Change = { kind: 'gateway', value: { ...gateway, retired: true }, origin: 'manifest' };
    changes.push({ action: 'retire', kind: 'gateway', id: gateway.id, words, change });
  }
  for (const site of register.sites()) {
    if (!isGone('site', site.id, site.retired)) continue;
    const change: Change = { kind: 'site', value: { ...site, retired: true }, origin: 'manifest' };
    changes.push({ action: 'retire', kind: 'site', id: site.id, words, change });
  }
  return changes;
}

function idOf(entry: Entry): string {
  if (entry.kind === 'city') return '';
  return entry.kind === 'device' ? `${entry.value.gateway}/${entry.value.id}` : entry.value.id;
}

/** Names of the fields in which two entries differ; an absent field and an undefined one are the same. */
function differences(one: object, other: object): string[] {
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const fields = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...fields].filter((field) => JSON.stringify(left[field]) !== JSON.stringify(right[field]));
}
