/** The gateways: what the register says of them and what they say of themselves. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { gatewayRow, gatewayRows, summarise } from '../gateway-rows.ts';
import { isoTime } from '../iso-time.ts';
import { GATEWAY_STATES, gatewayReply, gatewaysReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

export function gatewayRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/gateways',
    {
      schema: {
        summary: 'All gateways with their state',
        tags: ['gateways'],
        querystring: z.strictObject({
          state: z.enum(GATEWAY_STATES).optional(),
          site: idSchema.optional(),
          after: idSchema.optional().describe('The id that the page before ended with'),
          limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
        }),
        response: { 200: gatewaysReply },
      },
    },
    async (request) => {
      const { state, site, after, limit } = request.query;
      const now = deps.clock.now();
      const all = gatewayRows(deps, now);
      const wanted = all.filter(
        (row) =>
          (state === undefined || row.state === state) &&
          (site === undefined || row.site === site) &&
          (after === undefined || row.id > after),
      );
      const page = wanted.slice(0, limit);
      return {
        at: isoTime(now),
        summary: summarise(all),
        gateways: page,
        next: wanted.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/api/gateways/:id',
    {
      schema: {
        summary: 'One gateway with its state',
        tags: ['gateways'],
        params: z.strictObject({ id: idSchema }),
        response: { 200: gatewayReply },
      },
    },
    async (request) => {
      const { id } = request.params;
      const gateway = deps.register.gateway(id);
      const status = deps.ingest.gateways().find((one) => one.gateway === id);
      if (gateway === undefined && status === undefined) {
        throw new RequestError(
          'id',
          `gateway "${id}" is not in the register; GET /api/gateways lists them`,
          'not-found',
        );
      }
      return gatewayRow(gateway, status, deps.clock.now());
    },
  );
}
