/** The page itself: static files, open to all; what they show is asked of the API. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LamplighterError } from '../../../contract/error-codes.ts';
import type { ConsoleApp } from '../console-app.ts';
import { CONTENT_SECURITY_POLICY } from '../security-headers.ts';

/** Paths inside the page: the document is the same, what it shows is its own business. */
const PAGE_PATHS = ['/', '/sites/:id', '/lights', '/lights/:id', '/air', '/alerts', '/gateways', '/gateways/:id'];

/** Where the built page lies: beside the compiled console, or in dist/ when the sources run themselves. */
export function findWebFolder(): string | undefined {
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const places = [join(here, 'web'), join(here, '..', 'dist', 'console', 'web')];
  return places.find((place) => existsSync(join(place, 'assets')) && existsSync(join(place, 'index.html')));
}

export interface PageOptions {
  /** Undefined when the page is not built. */
  readonly webFolder: string | undefined;
  /** Address of map tiles with {z}, {x} and {y}; without it the page asks nobody but this server for anything. */
  readonly mapTiles?: string | undefined;
}

/**
 * The page says itself that it has nothing at an address, to those who read pages: true when it did. What is asked of the
 * API gets an error in its own form.
 */
export function sendPageOfNothing({ webFolder, mapTiles }: PageOptions, request: FastifyRequest, reply: FastifyReply) {
  const isOfPage = request.method === 'GET' && !/^\/(api|assets|metrics)\b/.test(request.url);
  if (webFolder === undefined || !isOfPage || request.headers.accept?.includes('text/html') !== true) return false;
  void sendDocument(reply.code(404), webFolder, mapTiles);
  return true;
}

function sendDocument(reply: FastifyReply, webFolder: string, mapTiles: string | undefined): FastifyReply {
  if (mapTiles !== undefined) reply.header('content-security-policy', policyWith(mapTiles));
  // Read each time: a build beside a running server changes the names of the assets.
  const document = withTiles(readFileSync(join(webFolder, 'index.html'), 'utf8'), mapTiles ?? '');
  return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(document);
}

export async function pageRoutes(app: ConsoleApp, { webFolder, mapTiles }: PageOptions): Promise<void> {
  const route = { config: { access: 'open' }, schema: { hide: true } } as const;
  if (webFolder === undefined) {
    for (const path of PAGE_PATHS) {
      app.get(path, route, async () => {
        throw new LamplighterError('not-ready', 'The page is not built. Run: npm run build. The API is at /api/docs.');
      });
    }
    return;
  }
  for (const path of PAGE_PATHS) {
    app.get(path, route, async (_request, reply) => {
      return sendDocument(reply, webFolder, mapTiles);
    });
  }
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await scope.register(fastifyStatic, {
      root: webFolder,
      index: false,
      // Its own header would replace the one below.
      cacheControl: false,
      setHeaders(reply, path) {
        // File names under assets/ carry a hash of their content.
        const isHashed = path.includes(join(webFolder, 'assets'));
        void reply.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
}

function withTiles(document: string, mapTiles: string): string {
  const escaped = mapTiles.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return document.replace('name="map-tiles" content=""', () => `name="map-tiles" content="${escaped}"`);
}

/** The policy with images of that one server allowed. */
function policyWith(mapTiles: string): string {
  const { origin } = new URL(mapTiles);
  return CONTENT_SECURITY_POLICY.replace("img-src 'self'", `img-src 'self' ${origin}`);
}
