/**
 * What ingest lets the console and the analysis ask when they run in other processes. `remote-ingest.ts` is the other
 * side of the first, `remote-marks.ts` of the second.
 */
import { z } from 'zod';
import type { EvidenceQuery } from '../../contract/gateway-evidence.ts';
import type { MarkedStretch, MarksClaim, RolledUpDay, RollUpMarks } from '../../contract/roll-up-marks.ts';
import type { DeadLetterFilter, DeadLetterPageFilter, GatewayStatus, IngestView } from '../../ingest/ingest-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LatestQuery, TelemetryStore } from '../../store/telemetry-store.ts';
import { CommittedNews } from './committed-news.ts';
import type { InternalServer, Stream } from './internal-server.ts';

const STATE_EVERY_MS = 1_000;
const NEWS_EVERY_MS = 250;

interface IngestDoorDeps {
  readonly ingest: IngestView;
  /** Its newest values are those of this process, which commits them. */
  readonly store: Pick<TelemetryStore, 'latest'>;
  readonly marks: RollUpMarks;
  readonly clock: Clock;
}

export function openIngestDoor(server: InternalServer, { ingest, store, marks, clock }: IngestDoorDeps): void {
  const letters = ingest.deadLetters;
  server.onStream('ingest/feed', feedOf(ingest, clock));
  server.on('POST', 'ingest/dead-letters/list', ({ json }) => letters.list(json() as DeadLetterPageFilter));
  server.on('POST', 'ingest/dead-letters/get', ({ json }) => letters.get((json() as { id: string }).id));
  server.on('POST', 'ingest/dead-letters/replay', ({ json }) => letters.replay(json() as DeadLetterFilter));
  server.on('POST', 'ingest/dead-letters/drop', ({ json }) => letters.drop(json() as DeadLetterFilter));
  server.on('POST', 'ingest/batch', ({ query, body }) =>
    ingest.takeImported(z.string().min(1).parse(query.get('gateway')), body),
  );
  server.on('POST', 'ingest/evidence', ({ json }) => ingest.evidence?.(json() as EvidenceQuery));
  server.on('POST', 'ingest/latest', ({ json }) => store.latest(json() as LatestQuery));

  server.on('POST', 'marks/claim', ({ json }) => marks.claim(json() as MarksClaim));
  server.on('POST', 'marks/done', ({ json }) => {
    const { session, days } = json() as { session: string; days: RolledUpDay[] };
    return marks.done(session, days);
  });
  server.on('POST', 'marks/release', ({ json }) => marks.release((json() as { session: string }).session));
  server.on('POST', 'marks/mark', ({ json }) => marks.mark(json() as MarkedStretch[]));
  server.on('POST', 'marks/status', ({ json }) => marks.status((json() as { before: number }).before));
}

/** A line of the feed; the first has every gateway, the next ones those that changed. */
export type FeedLine =
  | {
      readonly kind: 'state';
      readonly whole: boolean;
      readonly admission: IngestView['admission'];
      readonly status: ReturnType<IngestView['status']>;
      readonly deadLetters: Readonly<Record<string, number>>;
      readonly gateways: readonly GatewayStatus[];
    }
  | ({ readonly kind: 'committed' } & ReturnType<CommittedNews['take']>);

function feedOf(ingest: IngestView, clock: Clock): Stream {
  return (lines) => {
    const told = new Map<string, string>();
    const sendState = (whole: boolean): void => {
      const gateways = ingest.gateways().filter((status) => {
        const mark = markOf(status);
        if (told.get(status.gateway) === mark) return false;
        told.set(status.gateway, mark);
        return true;
      });
      const line: FeedLine = {
        kind: 'state',
        whole,
        admission: ingest.admission,
        status: ingest.status(),
        deadLetters: ingest.deadLetters.counts(),
        gateways,
      };
      lines.send(line);
    };
    const news = new CommittedNews();
    const stopListening = ingest.onCommitted((committed) => news.add(committed, clock.now()));
    sendState(true);
    const timers = [
      clock.every(STATE_EVERY_MS, () => sendState(false)),
      clock.every(NEWS_EVERY_MS, () => {
        const taken = news.take();
        if (taken.committed.length > 0 || taken.late.length > 0) lines.send({ kind: 'committed', ...taken });
      }),
    ];
    return () => {
      stopListening();
      for (const timer of timers) timer.cancel();
    };
  };
}

/** Differs whenever the row does: each rejected or postponed reading was received or queued before. */
function markOf({ online, since, version, healthAt, twoEpochs, counts }: GatewayStatus): string {
  const { received, stored, duplicate, shed, queued } = counts;
  return [online, since, version, healthAt, twoEpochs, received, stored, duplicate, shed, queued].join(' ');
}
