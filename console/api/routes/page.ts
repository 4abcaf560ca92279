/** The page itself: static files, open to all; what they show is asked of the API. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { LamplighterError } from '../../../contract/error-codes.ts';
import type { ConsoleApp } from '../console-app.ts';

/** Where the built page lies: beside the compiled console, or in dist/ when the sources run themselves. */
export function findWebFolder(): string | undefined {
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const places = [join(here, 'web'), join(here, '..', 'dist', 'console', 'web')];
  return places.find((place) => existsSync(join(place, 'assets')) && existsSync(join(place, 'index.html')));
}

export async function pageRoutes(app: ConsoleApp, webFolder: string | undefined): Promise<void> {
  if (webFolder === undefined) {
    app.get('/', { config: { access: 'open' }, schema: { hide: true } }, async () => {
      throw new LamplighterError('not-ready', 'The page is not built. Run: npm run build. The API is at /api/docs.');
    });
    return;
  }
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await scope.register(fastifyStatic, {
      root: webFolder,
      index: 'index.html',
      setHeaders(reply, path) {
        // File names under assets/ carry a hash of their content.
        const isHashed = path.includes(join(webFolder, 'assets'));
        void reply.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
}
