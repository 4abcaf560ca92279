/** The newest value of every series: the state of the city now. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { metricById } from '../../../contract/metrics.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { toCsv } from '../csv.ts';
import { formatParameter, sendCsv, wantsCsv } from '../csv-reply.ts';
import { isoTime } from '../iso-time.ts';
import { metricParameter } from '../metric-parameter.ts';
import { latestReply, type ValueReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';
import { siteOf } from '../site-finder.ts';

export function latestRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/latest',
    {
      schema: {
        summary: 'The newest value of every series',
        tags: ['readings'],
        querystring: z.strictObject({
          gateway: idSchema.optional(),
          device: idSchema.optional(),
          metric: metricParameter.optional(),
          site: idSchema.optional(),
          format: formatParameter,
        }),
        response: { 200: latestReply },
      },
      // A whole city is tens of thousands of rows of our own making: written, not checked again.
      serializerCompiler: () => JSON.stringify,
    },
    async (request, reply) => {
      const { gateway, device, metric, site, format } = request.query;
      if (site !== undefined && deps.register.site(site) === undefined) {
        throw new RequestError('site', `"${site}" is not in the register; GET /api/sites lists them`, 'not-found');
      }
      const found = await deps.store.latest({ gateway, device, metric });
      const now = deps.clock.now();
      const values: ValueReply[] = [];
      for (const row of found) {
        const at = siteOf(deps.register, row.gateway, row.device, row.time);
        if (site !== undefined && at !== site) continue;
        const known = metricById.get(row.metric);
        values.push({
          site: at,
          gateway: row.gateway,
          device: row.device,
          metric: row.metric,
          label: known?.label ?? row.metric,
          value: row.value,
          unit: known?.symbol ?? '',
          time: isoTime(row.time),
          time_ms: row.time,
          age_s: (now - row.time) / 1_000,
        });
      }
      values.sort(inOrder);
      if (!wantsCsv(format, request.headers.accept)) return { at: isoTime(now), at_ms: now, values };
      const header = [
        'site',
        'gateway',
        'device',
        'metric',
        'label',
        'value',
        'unit',
        'time (UTC)',
        'time (ms)',
        'age (s)',
      ];
      const rows = values.map((row) => [
        row.site,
        row.gateway,
        row.device,
        row.metric,
        row.label,
        row.value,
        row.unit,
        row.time,
        row.time_ms,
        row.age_s,
      ]);
      reply.header('x-lamplighter-points', values.length);
      return sendCsv(reply, `latest-${isoTime(now)}`, toCsv(header, rows)) as never;
    },
  );
}

function inOrder(one: ValueReply, other: ValueReply): number {
  return (
    compare(one.site ?? '', other.site ?? '') ||
    compare(one.gateway, other.gateway) ||
    compare(one.device, other.device) ||
    compare(one.metric, other.metric)
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
