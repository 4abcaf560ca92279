/** Ingest's own state, and the store's. */
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { addCounts } from '../gateway-rows.ts';
import { ingestRow } from '../ingest-row.ts';
import { ingestReply, storeCheckReply } from '../replies.ts';

export function ingestRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/ingest',
    { schema: { summary: 'How ingest is doing', tags: ['state'], response: { 200: ingestReply } } },
    async () => {
      const counts = addCounts(deps.ingest.gateways().map((status) => status.counts));
      return ingestRow(deps.ingest.status(), counts);
    },
  );

  app.get(
    '/api/store/check',
    { schema: { summary: 'Whether the store is well', tags: ['state'], response: { 200: storeCheckReply } } },
    async () => deps.store.check(),
  );

  app.post(
    '/api/store/init',
    {
      schema: {
        summary: 'Create what the store is missing, without touching what is there',
        tags: ['state'],
        response: { 200: storeCheckReply },
      },
    },
    async () => deps.store.init(),
  );
}
