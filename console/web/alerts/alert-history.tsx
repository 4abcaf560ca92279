/** Alerts that are over: what, how long, when it ended. */
import type { City } from '../city.ts';
import { formatAge } from '../formatters.ts';
import { zonedMoment } from '../zoned-time.ts';
import { alertLink } from './alert-link.ts';
import { SEVERITIES } from './alert-words.ts';
import type { ResolvedAlert } from './replies.ts';

export function AlertHistory({ alerts, city }: { readonly alerts: readonly ResolvedAlert[]; readonly city: City }) {
  const now = city.now();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="scroll" tabIndex={0} aria-label="Table of alerts that are over">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">How bad</th>
            <th scope="col" class="right">
              Lasted
            </th>
            <th scope="col" class="right">
              Ended
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => {
            const [tone, label] = SEVERITIES[alert.severity];
            return (
              <tr key={`${alert.id} ${alert.resolved_ms}`}>
                <td class="lead">
                  <a href={alertLink(alert).href}>{alert.title}</a>
                  <span class="under">{city.siteName(alert.site) ?? alert.rule_title}</span>
                </td>
                <td data-label="How bad">
                  <span class={`badge ${tone}`}>{label}</span>
                </td>
                <td class="right" data-label="Lasted">
                  {formatAge((alert.resolved_ms - (alert.since_ms ?? alert.firing_ms)) / 1_000)}
                </td>
                <td class="right" data-label="Ended">
                  {zonedMoment(alert.resolved_ms, city.zone, now)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
