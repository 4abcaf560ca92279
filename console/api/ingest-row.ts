/** Ingest's state as the API writes it. */
import type { z } from 'zod';
import type { IngestStatus } from '../../ingest/ingest-view.ts';
import { isoTime } from './iso-time.ts';
import type { countsReply, ingestReply } from './replies.ts';

export function ingestRow(status: IngestStatus, counts: z.infer<typeof countsReply>): z.infer<typeof ingestReply> {
  const { queue, acknowledgement } = status;
  return {
    session: status.session,
    accepting: status.accepting,
    store_fault: status.storeFault,
    queue: {
      batches: queue.batches,
      readings: queue.readings,
      bytes: queue.bytes,
      capacity_bytes: queue.capacityBytes,
    },
    undecodable: status.undecodable,
    stored_per_s: status.storedPerSecond,
    acknowledgement:
      acknowledgement === undefined ? null : { p50_ms: acknowledgement.p50Ms, p99_ms: acknowledgement.p99Ms },
    last_commit: status.lastCommitAt === undefined ? null : isoTime(status.lastCommitAt),
    counts,
  };
}
