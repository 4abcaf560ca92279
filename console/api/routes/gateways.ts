/** The gateways: what the register says of them and what they say of themselves. */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { gatewayRow, gatewayRows, summarise } from '../gateway-rows.ts';
import { isoTime } from '../iso-time.ts';
import { GATEWAY_STATES, type GatewayReply, type GatewaysReply, gatewayReply, gatewaysReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

/** Rows written between two turns of the event loop: some milliseconds of work. */
const ROWS_PER_PART = 250;

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
    async (request, reply) => {
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
      const next = wanted.length > limit ? (page.at(-1)?.id ?? null) : null;
      reply.type('application/json; charset=utf-8');
      const text = Readable.from(inParts({ at: isoTime(now), summary: summarise(all), next }, page));
      // Fastify sends a stream as it is; the schema above speaks of its content.
      return reply.send(text as unknown as GatewaysReply);
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
      const status = deps.ingest.gateway(id);
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

/**
 * The reply as JSON text. Thousands of rows, checked and written in one go, would keep intake waiting for half a second;
 * so they are written in parts, and their types alone vouch for their shape.
 */
async function* inParts(head: Omit<GatewaysReply, 'gateways'>, rows: readonly GatewayReply[]): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"gateways":[`;
  for (let start = 0; start < rows.length; start += ROWS_PER_PART) {
    const part = JSON.stringify(rows.slice(start, start + ROWS_PER_PART)).slice(1, -1);
    yield start === 0 ? part : `,${part}`;
    await nextTurn();
  }
  yield ']}';
}
