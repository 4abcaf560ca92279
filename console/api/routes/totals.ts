/** How many values the store holds of each series, and their sum: what a proof of completeness compares. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { metricById } from '../../../contract/metrics.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { instantParameter, resolveInstant } from '../instant.ts';
import { isoTime } from '../iso-time.ts';
import { totalsReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

export function totalsRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/totals',
    {
      schema: {
        summary: 'Distinct stored values of each series',
        tags: ['readings'],
        querystring: z.strictObject({
          gateway: idSchema.optional(),
          from: instantParameter.optional(),
          to: instantParameter.optional(),
        }),
        response: { 200: totalsReply },
      },
    },
    async (request) => {
      const now = deps.clock.now();
      const { gateway } = request.query;
      const from = request.query.from === undefined ? undefined : resolveInstant(request.query.from, now);
      const to = request.query.to === undefined ? undefined : resolveInstant(request.query.to, now);
      if (from !== undefined && to !== undefined && from >= to) {
        throw new RequestError('from', `must lie before "to" (${isoTime(from)} is not before ${isoTime(to)})`);
      }
      const found = await deps.store.totals({ gateway, from, to });
      return {
        from: from === undefined ? null : isoTime(from),
        to: to === undefined ? null : isoTime(to),
        count: found.reduce((sum, { count }) => sum + count, 0),
        totals: found.map((row) => ({
          gateway: row.gateway,
          device: row.device,
          metric: row.metric,
          count: row.count,
          sum: row.sum,
          unit: metricById.get(row.metric)?.symbol ?? '',
          first_time: isoTime(row.firstTime),
          first_ms: row.firstTime,
          last_time: isoTime(row.lastTime),
          last_ms: row.lastTime,
        })),
      };
    },
  );
}
