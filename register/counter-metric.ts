/** Which metrics are counters: only they have registers that are exchanged, reset or roll over. */
import { METRICS, metricById } from '../contract/metrics.ts';

/** What is wrong with a metric that should be a counter, and the mend; undefined when it is one. */
export function counterFault(metric: string): string | undefined {
  const known = metricById.get(metric);
  if (known?.kind === 'counter') return undefined;
  const counters = METRICS.filter(({ kind, family }) => kind === 'counter' && family === (known?.family ?? 'energy'));
  const list = counters.map(({ id }) => id).join(', ');
  return known === undefined
    ? `is not in the catalogue of metrics. Name a counter, such as ${list}.`
    : `is not a counter. Name one of ${list}.`;
}
