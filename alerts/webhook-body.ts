/**
 * What a webhook is sent: the body that Alertmanager sends (version 4), so that what receives those receives ours.
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; docs/alerts.md has it in full.
 */
import type { AlertMessage } from './alert-file.ts';
import type { AlertRule } from './alert-rule.ts';

/** Grafana and Alertmanager write so for an end that is not known. */
const NO_END = '0001-01-01T00:00:00Z';

export interface WebhookAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  /** The same for the same alert. */
  readonly fingerprint: string;
}

export interface WebhookBody {
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: 0;
  readonly status: 'firing' | 'resolved';
  readonly receiver: 'lamplighter';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly externalURL: string;
  readonly alerts: readonly WebhookAlert[];
}

/** All messages have one status. */
export function webhookBody(
  messages: readonly AlertMessage[],
  status: 'firing' | 'resolved',
  rules: ReadonlyMap<string, AlertRule>,
): WebhookBody {
  const alerts = messages.map((message) => alertOf(message, rules));
  return {
    version: '4',
    groupKey: `lamplighter:${status}`,
    truncatedAlerts: 0,
    status,
    receiver: 'lamplighter',
    groupLabels: {},
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
    externalURL: '',
    alerts,
  };
}

function alertOf({ status, alert }: AlertMessage, rules: ReadonlyMap<string, AlertRule>): WebhookAlert {
  const rule = rules.get(alert.rule);
  const place = Object.entries({ site: alert.site, gateway: alert.gateway, device: alert.device });
  const labels = Object.fromEntries(place.flatMap(([label, value]) => (value === null ? [] : [[label, value]])));
  const figures = alert.figures.map(({ label, value, unit }) => `${label}: ${value}${unit === '' ? '' : ` ${unit}`}`);
  return {
    status,
    labels: { alertname: alert.rule, severity: alert.severity, ...(rule && { owner: rule.owner }), ...labels },
    annotations: {
      summary: alert.title,
      description: alert.words,
      what_to_do: alert.whatToDo,
      ...(figures.length > 0 && { figures: figures.join('; ') }),
    },
    startsAt: new Date(alert.firingAt ?? alert.seenAt).toISOString(),
    endsAt: 'resolvedAt' in alert ? new Date(alert.resolvedAt).toISOString() : NO_END,
    generatorURL: '',
    fingerprint: alert.id,
  };
}

function commonOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => others.every((one) => one[key] === value)));
}

/** What `lamplighter alerts test-webhook` sends. */
export function testBody(now: number): WebhookBody {
  const alert: WebhookAlert = {
    status: 'firing',
    labels: { alertname: 'test', severity: 'info', owner: 'operator' },
    annotations: {
      summary: 'A test of the webhook',
      description: 'Somebody ran "lamplighter alerts test-webhook". Nothing is wrong.',
      what_to_do: 'Nothing.',
    },
    startsAt: new Date(now).toISOString(),
    endsAt: NO_END,
    generatorURL: '',
    fingerprint: 'test',
  };
  const { labels, annotations } = alert;
  return {
    version: '4',
    groupKey: 'lamplighter:test',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'lamplighter',
    groupLabels: {},
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [alert],
  };
}
