/** What the evaluation says, as points for boards and for those of Grafana's rules that cannot judge by themselves. */
import { ALERTING, ALERTS } from '../contract/alert-points.ts';
import { SEVERITIES } from '../energy/findings/finding.ts';
import type { Point } from '../store/point-sink.ts';
import type { OpenAlert, ResolvedAlert } from './alert-record.ts';
import type { AlertsState } from './alerts-view.ts';

export interface PointsContext {
  /** Name of the process, a tag. */
  readonly process: string;
  readonly rules: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** Of every alert that fires, of those that ended in this turn, and of the turn itself. */
export function alertPoints(state: AlertsState, over: readonly ResolvedAlert[], context: PointsContext): Point[] {
  const firing = state.open.filter((alert) => alert.state === 'firing');
  const told = new Set(firing.map((alert) => placeOf(alert)));
  // Of two at one place, one that ended does not hide the other.
  const ended = over.filter((alert) => !told.has(placeOf(alert)));
  const point = (alert: OpenAlert | ResolvedAlert, isFiring: 0 | 1): Point => ({
    bucket: 'raw',
    measurement: ALERTS,
    tags: { rule: alert.rule, site: alert.site ?? '', gateway: alert.gateway ?? '', device: alert.device ?? '' },
    fields: { firing: isFiring, severity: SEVERITIES.indexOf(alert.severity) },
    time: context.time,
  });
  return [
    ...firing.map((alert) => point(alert, 1)),
    ...ended.map((alert) => point(alert, 0)),
    {
      bucket: 'raw',
      measurement: ALERTING,
      tags: { process: context.process },
      fields: {
        rules: context.rules,
        cannot_be_judged: state.unjudged.length,
        firing: firing.length,
        pending: state.open.length - firing.length,
      },
      time: context.time,
    },
  ];
}

function placeOf({ rule, site, gateway, device }: OpenAlert | ResolvedAlert): string {
  return [rule, site, gateway, device].join('/');
}
