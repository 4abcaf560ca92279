/** A metric id of the catalogue, as a query parameter. */
import { z } from 'zod';
import { METRICS, metricById } from '../../contract/metrics.ts';

export const metricParameter = z
  .string()
  .max(100)
  .superRefine((id, context) => {
    if (metricById.has(id)) return;
    context.addIssue({
      code: 'custom',
      message: `"${id}" is not in the catalogue${hint(id)}; GET /api/metrics-catalogue lists it`,
    });
  })
  .describe('Metric id of the catalogue, such as `active_power_kw`');

/** Ids that begin as the wrong one does. */
function hint(id: string): string {
  const start = id.split('_')[0] ?? '';
  if (start.length < 3) return '';
  const near = METRICS.filter((metric) => metric.id.startsWith(start)).slice(0, 5);
  return near.length === 0 ? '' : ` (did you mean ${near.map((metric) => metric.id).join(', ')}?)`;
}
