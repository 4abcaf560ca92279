/** Changes of the register, and what must hold before one is taken. */
import { z } from 'zod';
import { type ErrorCode, LamplighterError } from '../contract/error-codes.ts';
import { OBSERVER_PREFIX, SERVICE_PREFIX } from './credentials.ts';
import { decisionFaults } from './decision-faults.ts';
import { instantFaults } from './instant-faults.ts';
import { meterFaults } from './meter-faults.ts';
import {
  type City,
  type Credential,
  citySchema,
  credentialSchema,
  type DecisionRecord,
  type Device,
  decisionRecordSchema,
  deviceSchema,
  type Gateway,
  gatewaySchema,
  type Origin,
  type Site,
  siteSchema,
} from './model.ts';
import { retirementFaults } from './retirement.ts';

export type Change =
  | { readonly kind: 'city'; readonly value: City; readonly origin: Origin }
  | { readonly kind: 'site'; readonly value: Site; readonly origin: Origin }
  | { readonly kind: 'gateway'; readonly value: Gateway; readonly origin: Origin }
  | { readonly kind: 'device'; readonly value: Device; readonly origin: Origin }
  | { readonly kind: 'credential'; readonly value: Credential; readonly origin: Origin }
  | { readonly kind: 'no-credential'; readonly id: string }
  /** Only ever added to the record. */
  | { readonly kind: 'decision'; readonly value: DecisionRecord; readonly origin: Origin };

/** What references are checked against: the register, with the changes before this one already in it. */
export interface Known {
  site(id: string): Site | undefined;
  gateway(id: string): Gateway | undefined;
  device(gateway: string, device: string): Device | undefined;
}

const SCHEMAS = {
  city: citySchema,
  site: siteSchema,
  gateway: gatewaySchema,
  device: deviceSchema,
  credential: credentialSchema,
  decision: decisionRecordSchema,
} as const;

/**
 * The change with its value copied and checked.
 * @throws LamplighterError `bad-request`, naming every field that is wrong and the mend.
 */
export function checkedChange(change: Change, known: Known): Change {
  if (change.kind === 'no-credential') return change;
  const result = SCHEMAS[change.kind].safeParse(change.value);
  const label = `${change.kind} '${nameOf(change)}'`;
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${z.core.toDotPath(issue.path)}: ${issue.message}`);
    throw refusal('bad-request', label, faults);
  }
  const checked = { ...change, value: result.data } as Change;
  const faults = referenceFaults(checked, known);
  if (faults.length > 0) throw refusal('bad-request', label, faults);
  return checked;
}

function referenceFaults(change: Change, known: Known): string[] {
  switch (change.kind) {
    case 'gateway':
      return [
        ...reservedFaults(change.value.id),
        ...siteFaults('site', change.value.site, known),
        ...retiredAtFaults(change.value),
      ];
    case 'device':
      return deviceFaults(change.value, known);
    case 'credential':
      return credentialFaults(change.value, known);
    case 'decision':
      return decisionFaults(change.value, known);
    default:
      return [];
  }
}

/** Ids that begin like an observer's or a service's would share a credential with it. */
export function reservedFaults(gateway: string): string[] {
  return [OBSERVER_PREFIX, SERVICE_PREFIX]
    .filter((prefix) => gateway.startsWith(prefix))
    .map((prefix) => `id: '${prefix}…' is kept for credentials that are not a gateway's. Choose another id.`);
}

function siteFaults(field: string, site: string, known: Known): string[] {
  if (known.site(site) !== undefined) return [];
  return [`${field}: there is no site '${site}'. Add the site first, or correct its id.`];
}

function deviceFaults(device: Device, known: Known): string[] {
  const faults: string[] = [];
  if (known.gateway(device.gateway) === undefined) {
    faults.push(`gateway: there is no gateway '${device.gateway}'. Add the gateway first, or correct its id.`);
  }
  for (const [index, placement] of device.placements.entries()) {
    const field = `placements[${index}]`;
    faults.push(...siteFaults(`${field}.site`, placement.site, known));
    faults.push(...placementTimeFaults(`${field}.from: `, placement.from, device.placements[index - 1]?.from));
  }
  for (const { path, words } of meterFaults(device.meter ?? {})) {
    faults.push(`${z.core.toDotPath(['meter', ...path])}: ${words}`);
  }
  return [...faults, ...retiredAtFaults(device)];
}

function retiredAtFaults(entry: Gateway | Device): string[] {
  const outside = entry.retired_at === undefined ? [] : instantFaults('retired_at: ', entry.retired_at);
  return [...outside, ...retirementFaults(entry).map((words) => `retired_at: ${words}`)];
}

export function placementTimeFaults(start: string, from: number, before: number | undefined): string[] {
  const outside = instantFaults(start, from);
  if (outside.length > 0) return outside;
  if (before === undefined || before < from) return [];
  return [`${start}must be later than the placement before it. Put the placements in rising order.`];
}

function credentialFaults(credential: Credential, known: Known): string[] {
  const { id, role } = credential;
  if (role === 'gateway') {
    if (known.gateway(id) !== undefined) return [];
    return [`id: there is no gateway '${id}'. Add the gateway first, or correct its id.`];
  }
  const prefix = role === 'observer' ? OBSERVER_PREFIX : SERVICE_PREFIX;
  return id.startsWith(prefix) ? [] : [`id: the id of a credential for the role ${role} must begin with '${prefix}'.`];
}

function nameOf(change: Exclude<Change, { kind: 'no-credential' }>): string {
  switch (change.kind) {
    case 'city':
      return String(change.value.name);
    case 'device':
      return `${change.value.gateway}/${change.value.id}`;
    case 'decision':
      return `${change.value.gateway}/${change.value.device} ${change.value.metric}`;
    default:
      return String(change.value.id);
  }
}

function refusal(code: ErrorCode, label: string, faults: readonly string[]): LamplighterError {
  return new LamplighterError(code, `The ${label} was not saved. ${faults.join(' ')}`);
}
