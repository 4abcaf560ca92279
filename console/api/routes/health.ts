/** Is the city's server well, and each of its parts? Open to all as one word; with detail to those who may read. */
import { type DiskSpace, diskState, diskWords } from '../../../contract/disk-space.ts';
import type { AccessControl } from '../access-control.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import { type HealthReply, healthReply } from '../replies.ts';
import { rollUpHealth, rollUpState } from '../roll-up-state.ts';

const WELL = { ok: true, words: 'ok' };

export function healthRoutes(app: ConsoleApp, deps: ConsoleDeps, access: AccessControl): void {
  const startedAt = deps.clock.monotonicMs();
  app.get(
    '/api/health',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Whether all is well, part by part',
        tags: ['state'],
        response: { 200: healthReply, 503: healthReply },
      },
    },
    async (request, reply) => {
      const parts = await healthParts(deps);
      const ok = Object.values(parts).every((part) => part.ok);
      const status = ok ? 'ok' : 'degraded';
      reply.code(ok ? 200 : 503);
      if (!access.allows(request, 'read')) return { status } as const;
      return {
        status,
        version: deps.version,
        uptime_s: (deps.clock.monotonicMs() - startedAt) / 1_000,
        at: isoTime(deps.clock.now()),
        parts,
      } as const;
    },
  );
}

async function healthParts(deps: ConsoleDeps): Promise<NonNullable<HealthReply['parts']>> {
  const ingest = deps.ingest.status();
  const broker = deps.broker?.();
  const { queue } = ingest;
  return {
    broker:
      broker === undefined
        ? { ok: true, words: 'runs elsewhere' }
        : broker.fault === ''
          ? { ok: true, words: `${broker.connections} connections` }
          : { ok: false, words: broker.fault },
    ingest: {
      ok: ingest.accepting && ingest.unreachable === undefined,
      words:
        ingest.unreachable ??
        `${ingest.accepting ? 'accepting' : 'asks the gateways to hold'}; ${queue.readings} readings queued, ${queue.bytes} of ${queue.capacityBytes} bytes`,
    },
    store: ingest.storeFault === '' ? WELL : { ok: false, words: ingest.storeFault },
    roll_ups: rollUpHealth(await rollUpState(deps)),
    disk: diskHealth(deps.disk?.(), ingest.disk),
    register: registerHealth(deps),
    console: WELL,
  };
}

function registerHealth({ register, manifestFaults }: ConsoleDeps): { ok: boolean; words: string } {
  const words = `version ${register.version}, gateways: ${register.gateways().length}`;
  const [first, ...more] = manifestFaults?.() ?? [];
  if (first === undefined) return { ok: true, words };
  const rest = more.length > 0 ? ` (and ${more.length} more, see the log)` : '';
  return { ok: false, words: `${words}; the manifest was not applied. ${first}${rest}` };
}

/** Ingest, in another process, may lie on another disk. */
function diskHealth(own: DiskSpace | undefined, ofIngest: DiskSpace | undefined): { ok: boolean; words: string } {
  const known = [own, ofIngest].flatMap((space) => (space === undefined ? [] : [space]));
  const [least] = known.sort((one, other) => one.freeBytes - other.freeBytes);
  if (least === undefined) return { ok: true, words: 'not known' };
  const state = diskState(least);
  const words = { enough: '', low: '; it fills up', short: '; it is nearly full: make room' }[state];
  return { ok: state !== 'short', words: `${diskWords(least)}${words}` };
}
