/** The simulated city's own books: how far its history is, and what each of its gateways has produced. */
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { demoReply } from '../demo-reply.ts';
import { isoTime } from '../iso-time.ts';

export function demoRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/demo',
    {
      schema: {
        summary: 'The simulated city: its history and its gateways’ books, as they stand now',
        tags: ['state'],
        response: { 200: demoReply },
      },
    },
    async () => {
      const at = deps.clock.now();
      const history = deps.history?.();
      return {
        at: isoTime(at),
        at_ms: at,
        history: {
          state: history?.state ?? 'none',
          done_readings: history?.doneReadings ?? 0,
          total_readings: history?.totalReadings ?? 0,
          oldest_day_ms: history?.oldestDay ?? null,
        },
        gateways: (deps.simulatedAccounts?.() ?? []).map(({ liveAt, ...account }) => ({
          ...account,
          live_at_ms: liveAt,
        })),
      };
    },
  );
}
