/**
 * What Prometheus scrapes: the registry that all parts write to, the process itself, and the books of each gateway.
 * The latter grow with the city, so they are written in parts, and between two of them the process does its other work.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import { gatewayMetrics } from '../../../ingest/gateway-metrics.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';

export function metricsRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const own = new Registry();
  // Whoever composes the process may have put them into the shared registry already.
  const isThere = deps.registry.getSingleMetric('process_cpu_seconds_total') !== undefined;
  if (!isThere) collectDefaultMetrics({ register: own });
  async function* exposition(): AsyncGenerator<string> {
    yield `${await Registry.merge([deps.registry, own]).metrics()}\n`;
    for (const part of gatewayMetrics(deps.ingest.gateways())) {
      yield part;
      await nextTurn();
    }
  }

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
      return reply.send(Readable.from(exposition()));
    },
  );
}
