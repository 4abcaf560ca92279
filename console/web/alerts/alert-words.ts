/** What the parts of an alert are called. */
import type { AlertsReply, OpenAlert } from './replies.ts';

type Severity = OpenAlert['severity'];

/** The tone and the word of each, as on the city's own list. */
export const SEVERITIES: Readonly<Record<Severity, readonly [tone: string, label: string]>> = {
  critical: ['bad', 'Critical'],
  warning: ['warn', 'Warning'],
  info: ['wait', 'Note'],
};

export const OWNERS: Readonly<Record<NonNullable<OpenAlert['owner']>, string>> = {
  facilities: 'facilities',
  sustainability: 'sustainability',
  technician: 'technicians',
  operator: 'operators of the server',
};

/** Titles of the rules by why they cannot be judged: one sentence a reason. */
export function doubtsOf(
  unjudged: AlertsReply['cannot_be_judged'],
): readonly (readonly [why: string, rules: string])[] {
  const titles = new Map<string, string[]>();
  for (const { why, rule_title: title } of unjudged) titles.set(why, [...(titles.get(why) ?? []), title]);
  return [...titles].map(([why, rules]) => [why, rules.join(', ')] as const);
}
