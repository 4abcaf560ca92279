/**
 * A rule of the table (rules/table.ts): what it watches, what to do about it, how it is evaluated here, and how Grafana
 * asks for the same.
 */
import type { Figure, Finding, Severity } from '../energy/findings/finding.ts';
import type { AlertInputs, AlertSource } from './alert-inputs.ts';
import type { GrafanaForm } from './grafana-form.ts';

export const OWNER_ROLES = ['facilities', 'sustainability', 'technician', 'operator'] as const;
export type OwnerRole = (typeof OWNER_ROLES)[number];

/** Where it is wrong. The same place of the same rule is the same alert. */
export interface AlertPlace {
  readonly site: string | null;
  readonly gateway: string | null;
  readonly device: string | null;
  /** The devices that show it, `gateway/device`, where it is about several. */
  readonly devices: readonly string[];
}

/** What is wrong now, as a finding says it. Findings of energy/findings/ are firings as they are. */
export interface Firing extends Pick<Finding, 'severity' | 'title' | 'words' | 'figures'> {
  readonly site?: string | null | undefined;
  readonly gateway?: string | null | undefined;
  readonly device?: string | null | undefined;
  readonly devices?: readonly string[] | undefined;
  /** Since when it is so, epoch milliseconds, as far as the data tell. */
  readonly since?: number | null | undefined;
  /** What to do in this case; the rule's word without it. */
  readonly whatToDo?: string | undefined;
  /** Tells apart what happens several times at one place: a meter's second reset. */
  readonly at?: number | undefined;
}

export type { Figure, Severity };

export interface AlertRule {
  /** Kebab-case; the label `alertname` of messages. */
  readonly id: string;
  readonly title: string;
  /** What it means that it fires, with its limits. */
  readonly summary: string;
  readonly whatToDo: string;
  /** Of a usual case; a firing may be worse or milder. */
  readonly severity: Severity;
  readonly owner: OwnerRole;
  /** How long it must be so before it is an alert. */
  readonly forMs: number;
  /** How long it must not be so before it is over. */
  readonly keepMs: number;
  /** What it must know. While one of these cannot be read, the rule cannot be judged. */
  readonly reads: readonly AlertSource[];
  /** What makes up the place of an alert. Lamps come and go, their circuit stays. */
  readonly place: readonly ('site' | 'gateway' | 'device' | 'at')[];
  /** Pure. Everything that is wrong, one at a place. */
  readonly evaluate: (inputs: AlertInputs) => readonly Firing[];
  /** Why nobody can say whether it is still so there, in words; undefined when it is known not to be so. */
  readonly unknown?: ((inputs: AlertInputs, place: AlertPlace) => string | undefined) | undefined;
  readonly grafana: GrafanaForm;
}

/** `rule/site/gateway/device`: as much of it as the rule's place has. */
export function alertId(rule: Pick<AlertRule, 'id' | 'place'>, firing: Firing): string {
  const parts = rule.place.map((part) => firing[part]).filter((part) => part !== null && part !== undefined);
  return [rule.id, ...parts].join('/');
}
