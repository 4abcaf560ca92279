/** What an operator adds to the city: sites, gateways and observers with their tokens. Tokens are shown once. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { reservedFaults } from '../../../register/change.ts';
import { OBSERVER_PREFIX } from '../../../register/credentials.ts';
import { parseInstant } from '../../../register/local-instant.ts';
import { siteSchema } from '../../../register/model.ts';
import { randomWord } from '../../../runtime/random.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { newGatewayReply, newTokenReply, siteReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

const name = z.string().trim().min(1).max(200);

export function enrolmentRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const { register } = deps;

  app.post(
    '/api/sites',
    {
      schema: {
        summary: 'Add or change a site',
        tags: ['city'],
        body: siteSchema,
        response: { 200: siteReply, 201: siteReply },
      },
    },
    async (request, reply) => {
      const isNew = register.site(request.body.id) === undefined;
      await register.putSite(request.body);
      return reply.code(isNew ? 201 : 200).send(request.body);
    },
  );

  app.post(
    '/api/gateways',
    {
      schema: {
        summary: 'Add a gateway: its token and its ready configuration file',
        tags: ['gateways'],
        body: z.strictObject({ site: idSchema, id: idSchema.optional(), name: name.optional() }),
        response: { 201: newGatewayReply },
      },
    },
    async (request, reply) => {
      const { site } = request.body;
      if (register.site(site) === undefined) {
        throw new RequestError('site', `"${site}" is not in the register; add it first with POST /api/sites`);
      }
      const id = request.body.id ?? freeId(deps, withoutReserved(request.body.name ?? site));
      const [reserved] = reservedFaults(id);
      if (reserved !== undefined) throw new RequestError('id', reserved.replace(/^id: /, ''));
      if (register.gateway(id) !== undefined || register.credential(id) !== undefined) {
        throw new RequestError(
          'id',
          `"${id}" is taken; choose another, or make a new token for it with POST /api/gateways/${id}/token`,
          'conflict',
        );
      }
      await register.putGateway({ id, name: request.body.name ?? id, site, retired: false });
      const { token } = await register.addCredential({ id, role: 'gateway' });
      const file = deps.gatewayFile({ id, site, url: deps.gatewayUrl, token });
      return reply.code(201).send({ id, site, token, gateway_yaml: file });
    },
  );

  const oneGateway = { params: z.strictObject({ id: idSchema }) };

  app.post(
    '/api/gateways/:id/retire',
    {
      schema: {
        summary: 'Retire a gateway: it may not connect again, its readings stay',
        description: 'Up to that date its readings are expected, and missing ones are named; after it none are.',
        tags: ['gateways'],
        ...oneGateway,
        querystring: z.strictObject({
          at: z
            .string()
            .optional()
            .describe('A date or time in the zone of its site, not in the future; now if absent'),
        }),
        response: { 200: z.object({ id: z.string(), retired: z.boolean(), retired_at: z.number().optional() }) },
      },
    },
    async (request) => {
      const { id, site } = knownGateway(deps, request.params.id);
      const { at } = request.query;
      const instant = at === undefined ? undefined : parseInstant(at, register.site(site)?.zone ?? 'UTC');
      if (at !== undefined && instant === undefined) {
        throw new RequestError(
          'at',
          'is not a date or time. Write 2025-09-15, 2025-09-15T14:00 or 2025-09-15T14:00-04:00',
        );
      }
      await register.retireGateway(id, instant);
      const retiredAt = register.gateway(id)?.retired_at;
      return { id, retired: true, ...(retiredAt === undefined ? {} : { retired_at: retiredAt }) };
    },
  );

  app.post(
    '/api/gateways/:id/token',
    {
      schema: {
        summary: 'Make a new token for a gateway; the one before stops working',
        tags: ['gateways'],
        ...oneGateway,
        response: { 201: newGatewayReply },
      },
    },
    async (request, reply) => {
      const gateway = knownGateway(deps, request.params.id);
      if (gateway.retired) throw new RequestError('id', `gateway "${gateway.id}" is retired`, 'conflict');
      const token = await newToken(deps, gateway.id);
      const { id, site } = gateway;
      const file = deps.gatewayFile({ id, site, url: deps.gatewayUrl, token });
      return reply.code(201).send({ id, site, token, gateway_yaml: file });
    },
  );

  app.post(
    '/api/observers',
    {
      schema: {
        summary: 'Add an observer: a credential that may only listen',
        tags: ['gateways'],
        body: z.strictObject({ name }),
        response: { 201: newTokenReply },
      },
    },
    async (request, reply) => {
      const id = freeId(deps, `${OBSERVER_PREFIX}${request.body.name}`);
      const { token } = await register.addCredential({ id, role: 'observer' });
      return reply.code(201).send({ id, token });
    },
  );
}

/** Rotates; or adds the first one, for a gateway of the manifest or one whose adding was cut short. */
async function newToken({ register }: ConsoleDeps, id: string): Promise<string> {
  const issued =
    register.credential(id) === undefined
      ? await register.addCredential({ id, role: 'gateway' })
      : await register.rotate(id);
  return issued.token;
}

function knownGateway(deps: ConsoleDeps, id: string) {
  const gateway = deps.register.gateway(id);
  if (gateway !== undefined) return gateway;
  throw new RequestError('id', `gateway "${id}" is not in the register; GET /api/gateways lists them`, 'not-found');
}

/** A gateway called "Observer …" must not get an id that is kept for observers. */
function withoutReserved(name: string): string {
  return /^\W*(observer|service)\b/i.test(name) ? `gateway ${name}` : name;
}

/** An id made of the name's letters and digits; with a number, or a random word, when that is taken. */
function freeId(deps: ConsoleDeps, from: string): string {
  const isFree = (id: string) => deps.register.gateway(id) === undefined && deps.register.credential(id) === undefined;
  const base = from
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
    .replace(/-+$/, '');
  if (base !== '' && isFree(base)) return base;
  for (let number = 2; base !== '' && number < 100; number++) {
    if (isFree(`${base}-${number}`)) return `${base}-${number}`;
  }
  return `${base === '' ? 'gateway' : base}-${randomWord(8)}`;
}
