/** The live stream, as server-sent events. */
import { LamplighterError } from '../../../contract/error-codes.ts';
import type { ConsoleApp } from '../console-app.ts';
import { type LiveFeed, MOST_LIVE_CLIENTS } from '../live-feed.ts';

export function liveRoutes(app: ConsoleApp, feed: LiveFeed): void {
  // Before the server waits for its connections to end, else it would wait for these.
  app.addHook('preClose', async () => feed.close());

  app.get(
    '/api/live',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'What happens as it happens: events `status`, `values` and `gateways`',
        tags: ['readings'],
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      if (!feed.hasRoom) {
        throw new LamplighterError(
          'not-ready',
          `${MOST_LIVE_CLIENTS} readers follow the live stream already, or the console is stopping. Try again later.`,
        );
      }
      reply.hijack();
      const headers: Record<string, string | number | string[]> = {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx would hold events back otherwise (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering)
        'x-accel-buffering': 'no',
      };
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers[name] ??= value;
      reply.raw.writeHead(200, headers);
      reply.raw.on('error', () => reply.raw.destroy());
      reply.raw.write('retry: 2000\n\n');
      const leave = feed.add(reply.raw);
      request.raw.socket.on('close', leave);
      reply.raw.on('close', leave);
      if (reply.raw.destroyed) leave();
    },
  );
}
