/** The alerts that are open, in the look of the city's list of problems: how bad, where, since when, what to do. */
import { useRef } from 'preact/hooks';
import { useSteadyOrder } from '../city/steady-order.ts';
import { formatAge, formatNumber } from '../formatters.ts';
import { alertLink } from './alert-link.ts';
import { OWNERS, SEVERITIES } from './alert-words.ts';
import type { OpenAlert } from './replies.ts';

export interface AlertListProps {
  readonly alerts: readonly OpenAlert[];
  readonly now: number;
  readonly siteName: (id: string | null) => string | undefined;
}

export function AlertList(props: AlertListProps) {
  const list = useRef<HTMLUListElement>(null);
  return (
    <ul class="problems" ref={list}>
      {useSteadyOrder(props.alerts, list).map((alert) => (
        <AlertItem key={alert.id} alert={alert} {...props} />
      ))}
    </ul>
  );
}

function AlertItem({ alert, now, siteName }: AlertListProps & { readonly alert: OpenAlert }) {
  const [tone, label] = SEVERITIES[alert.severity];
  const link = alertLink(alert);
  const since = alert.since_ms ?? alert.firing_ms;
  const where = [
    siteName(alert.site),
    since === null ? undefined : `for ${formatAge((now - since) / 1_000)}`,
    alert.owner === null ? undefined : `for ${OWNERS[alert.owner]}`,
  ];
  return (
    <li class={`problem ${tone}`} data-alert={alert.id}>
      <div class="problem-head">
        <span class={`badge ${tone}`}>{label}</span>
        <h3>
          <a href={link.href}>{alert.title}</a>
        </h3>
      </div>
      <p class="problem-where">{where.filter((part) => part !== undefined).join(' · ')}</p>
      <p>{alert.words}</p>
      {alert.figures.length === 0 ? null : (
        <dl class="problem-figures">
          {alert.figures.map((figure) => (
            <div key={figure.label}>
              <dt>{figure.label}</dt>
              <dd>
                {formatNumber(figure.value, decimalsOf(figure.value))} <span class="unit">{figure.unit}</span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p class="problem-do">
        <strong>What to do:</strong> {alert.what_to_do}
      </p>
      {alert.unjudged === '' ? null : (
        <p class="alert-doubt">Whether it is still so cannot be said now: {alert.unjudged}.</p>
      )}
      <a class="problem-link" href={link.href}>
        {link.words} <span aria-hidden="true">→</span>
      </a>
    </li>
  );
}

function decimalsOf(value: number): number {
  return Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
}
