/**
 * The console's HTTP side, put together and not yet listening: tests ask it with `inject()`.
 * Order of a request: headers, Host, who may, query and body by schema, handler, one shape of error.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { LamplighterError } from '../../contract/error-codes.ts';
import { AccessControl } from './access-control.ts';
import { analyticsRoutes } from './analytics/analytics-route.ts';
import { airRoutes } from './city/air-route.ts';
import { cityRoutes } from './city/city-route.ts';
import { CityView } from './city/city-view.ts';
import { energyRoutes } from './city/energy-route.ts';
import { lightRoutes } from './city/lights-route.ts';
import { siteRoutes } from './city/sites-route.ts';
import { completenessRoutes } from './completeness/completeness-route.ts';
import type { ConsoleApp } from './console-app.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { errorReply, sendError } from './error-reply.ts';
import { LiveFeed } from './live-feed.ts';
import { alertRoutes } from './routes/alerts.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { demoRoutes } from './routes/demo.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { gatewayRoutes } from './routes/gateways.ts';
import { healthRoutes } from './routes/health.ts';
import { importRoutes } from './routes/import.ts';
import { importReadingsRoutes } from './routes/import-readings.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { latestRoutes } from './routes/latest.ts';
import { liveRoutes } from './routes/live.ts';
import { meterDecisionRoutes } from './routes/meter-decisions.ts';
import { meterRoutes } from './routes/meters.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { pageRoutes, sendPageOfNothing } from './routes/page.ts';
import { reportRoutes } from './routes/reports.ts';
import { rollUpRoutes } from './routes/roll-ups.ts';
import { seriesRoutes } from './routes/series.ts';
import { sessionRoutes } from './routes/session.ts';
import { totalsRoutes } from './routes/totals.ts';
import { CONTENT_SECURITY_POLICY, SECURITY_HEADERS } from './security-headers.ts';
import { Sessions } from './sessions.ts';

const BODY_LIMIT_BYTES = 64 * 1_024;
const MOST_CONNECTIONS = 1_000;

export interface ConsoleAppOptions {
  /** Address it will be bound to: decides who may read. */
  readonly host: string;
  /** Folder of the built page; undefined when it is not built. */
  readonly webFolder?: string | undefined;
  /** Address of map tiles with {z}, {x} and {y}. */
  readonly mapTiles?: string | undefined;
}

export async function buildConsoleApp(deps: ConsoleDeps, options: ConsoleAppOptions): Promise<ConsoleApp> {
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    // The whole request must have come by then; answers may take as long as they like (the live stream does).
    requestTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = MOST_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) => {
    if (sendPageOfNothing({ webFolder: options.webFolder, mapTiles: options.mapTiles }, request, reply)) return;
    throw new LamplighterError(
      'not-found',
      `There is no ${request.method} ${request.url.split('?')[0]}. See /api/docs.`,
    );
  });
  app.removeContentTypeParser('text/plain');

  const sessions = new Sessions(deps.clock);
  const access = new AccessControl({
    host: options.host,
    operatorTokenSha256: deps.operatorTokenSha256,
    sessions,
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (request.url.startsWith('/api/') || request.url === '/metrics') reply.header('cache-control', 'no-store');
    access.checkHost(request);
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    access.check(request, request.routeOptions.config.access ?? (isReading ? 'read' : 'write'));
  });
  app.addHook('onResponse', async (request, reply) => {
    // The route, not the URL: what people type into a URL is not for the log.
    const { method, routeOptions } = request;
    request.log.debug({ method, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime }, 'request');
  });
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/') || route.schema?.hide === true || route.url.startsWith('/api/docs')) return;
    const schema = route.schema ?? {};
    // A misspelt parameter that is ignored gives a wrong answer that looks right.
    schema.querystring ??= z.strictObject({});
    schema.response = { '4xx': errorReply, '5xx': errorReply, ...(schema.response as object | undefined) };
    route.schema = schema;
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lamplighter',
        version: deps.version,
        description:
          'Readings of a city, and the state of what carries them. Reading is open on loopback; every change needs the operator token as `Authorization: Bearer …`.',
      },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
      security: [{ operator: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    // The standalone layout's top bar has a logo with a style sheet in it, which the policy refuses.
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true, tryItOutEnabled: true },
    theme: { title: 'Lamplighter API' },
  });

  healthRoutes(app, deps, access);
  metricsRoutes(app, deps);
  catalogueRoutes(app, deps);
  const city = new CityView(deps);
  cityRoutes(app, deps, city);
  siteRoutes(app, deps, city);
  alertRoutes(app, deps);
  energyRoutes(app, deps, city);
  analyticsRoutes(app, deps, city);
  lightRoutes(app, deps, city);
  airRoutes(app, deps, city);
  latestRoutes(app, deps);
  seriesRoutes(app, deps);
  totalsRoutes(app, deps);
  meterRoutes(app, deps);
  rollUpRoutes(app, deps);
  meterDecisionRoutes(app, deps);
  completenessRoutes(app, deps);
  reportRoutes(app, deps);
  gatewayRoutes(app, deps);
  enrolmentRoutes(app, deps);
  deadLetterRoutes(app, deps);
  ingestRoutes(app, deps);
  demoRoutes(app, deps);
  importRoutes(app, deps);
  importReadingsRoutes(app, deps);
  sessionRoutes(app, access, sessions);
  liveRoutes(app, new LiveFeed(deps));
  app.get('/api/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );
  await pageRoutes(app, { webFolder: options.webFolder, mapTiles: options.mapTiles });
  return app;
}
