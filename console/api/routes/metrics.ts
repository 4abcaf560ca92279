/** What Prometheus scrapes: the registry that all parts write to, and the process itself. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';

export function metricsRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const own = new Registry();
  // Whoever composes the process may have put them into the shared registry already.
  const isThere = deps.registry.getSingleMetric('process_cpu_seconds_total') !== undefined;
  if (!isThere) collectDefaultMetrics({ register: own });
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Counters and gauges for Prometheus',
        tags: ['state'],
        querystring: z.strictObject({}),
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => {
      reply.type(deps.registry.contentType);
      return reply.send(await Registry.merge([deps.registry, own]).metrics());
    },
  );
}
