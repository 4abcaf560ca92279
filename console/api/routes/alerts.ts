/** Alerts: what is open, what is over, and the rules. */
import { z } from 'zod';
import type { OpenAlert, ResolvedAlert } from '../../../alerts/alert-record.ts';
import { NOTHING_YET } from '../../../alerts/alerts-view.ts';
import { ALERT_RULES } from '../../../alerts/rules/table.ts';
import { SEVERITIES } from '../../../energy/findings/finding.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import {
  type AlertsReply,
  alertRulesReply,
  alertsReply,
  type OpenAlertReply,
  type ResolvedAlertReply,
} from '../replies-alerts.ts';

const RULE_OF = new Map(ALERT_RULES.map((rule) => [rule.id, rule]));
const NO_EVALUATION = 'nothing evaluates alerts here: this server runs without the role analysis';

export function alertRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/alerts',
    {
      schema: {
        summary: 'Alerts that are open, and those that are over',
        tags: ['alerts'],
        querystring: z.strictObject({
          history: z.coerce.number().int().min(0).max(500).default(50).describe('How many of those that are over'),
        }),
        response: { 200: alertsReply },
      },
    },
    async ({ query }) => replyOf(deps, query.history),
  );

  app.get(
    '/api/alerts/rules',
    {
      schema: {
        summary: 'What is watched, and what each alert means',
        tags: ['alerts'],
        response: { 200: alertRulesReply },
      },
    },
    async () => ({
      rules: ALERT_RULES.map(({ id, title, summary, whatToDo, severity, owner, forMs }) => ({
        id,
        title,
        summary,
        what_to_do: whatToDo,
        severity,
        owner,
        for_s: forMs / 1_000,
      })),
    }),
  );
}

function replyOf({ alerts, clock }: ConsoleDeps, most: number): AlertsReply {
  const now = clock.now();
  const state = alerts?.alerts() ?? { ...NOTHING_YET, fault: NO_EVALUATION };
  const bySeverity: Record<string, number> = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0]));
  for (const alert of state.open) {
    if (alert.state === 'firing') bySeverity[alert.severity] = (bySeverity[alert.severity] ?? 0) + 1;
  }
  const { isSet, waiting, dropped, fault } = state.webhook;
  return {
    at: isoTime(now),
    at_ms: now,
    evaluated: state.evaluatedAt === undefined ? null : isoTime(state.evaluatedAt),
    evaluated_ms: state.evaluatedAt ?? null,
    fault: state.fault,
    by_severity: bySeverity,
    open: [...state.open].sort(worstFirst).map(openRow),
    history: state.history.slice(0, most).map(resolvedRow),
    cannot_be_judged: state.unjudged.map(({ rule, why }) => ({
      rule,
      rule_title: RULE_OF.get(rule)?.title ?? rule,
      why,
    })),
    webhook: { set: isSet, waiting, dropped, fault },
  };
}

function worstFirst(one: OpenAlert, other: OpenAlert): number {
  return (
    Number(one.state === 'pending') - Number(other.state === 'pending') ||
    SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity) ||
    (other.firingAt ?? other.seenAt) - (one.firingAt ?? one.seenAt) ||
    (one.id < other.id ? -1 : 1)
  );
}

function openRow(alert: OpenAlert): OpenAlertReply {
  const { state, firingAt, unjudged } = alert;
  return {
    ...commonRow(alert),
    state,
    firing: firingAt === null ? null : isoTime(firingAt),
    firing_ms: firingAt,
    unjudged,
  };
}

function resolvedRow(alert: ResolvedAlert): ResolvedAlertReply {
  return {
    ...commonRow(alert),
    firing: isoTime(alert.firingAt),
    firing_ms: alert.firingAt,
    resolved: isoTime(alert.resolvedAt),
    resolved_ms: alert.resolvedAt,
  };
}

function commonRow(alert: OpenAlert | ResolvedAlert) {
  const { id, rule, severity, site, gateway, device, devices, title, words, whatToDo, figures, since } = alert;
  const listed = RULE_OF.get(rule);
  return {
    id,
    rule,
    rule_title: listed?.title ?? rule,
    severity,
    owner: listed?.owner ?? null,
    site,
    gateway,
    device,
    devices,
    title,
    words,
    what_to_do: whatToDo,
    figures,
    since: since === null ? null : isoTime(since),
    since_ms: since,
  };
}
