/** What ingest knows of why readings are missing, gathered from its history, dead letters, what waits, and the marks. */
import type { CompletenessEvidence, EvidenceQuery } from '../contract/gateway-evidence.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type GatewayHistory, NO_RECORD } from './gateway-history.ts';
import { refusedReadings } from './refused-readings.ts';
import type { CommitMarks } from './roll-up-marks.ts';
import type { WaitingBatches } from './waiting-batches.ts';

export async function completenessEvidence(
  deps: {
    readonly history: GatewayHistory | undefined;
    readonly letters: DeadLetters;
    readonly waiting: WaitingBatches;
    readonly marks: CommitMarks | undefined;
  },
  query: EvidenceQuery,
): Promise<CompletenessEvidence> {
  const { history, letters, waiting, marks } = deps;
  const refused = await refusedReadings(letters, query);
  const gateways: CompletenessEvidence['gateways'][number][] = [];
  for (const gateway of query.gateways) {
    gateways.push({
      gateway,
      ...(history === undefined ? NO_RECORD : await history.record(gateway, query.from, query.to)),
      refused: refused.byGateway.get(gateway) ?? [],
      waiting: waiting.of(gateway, query.from, query.to),
    });
  }
  const stretch = { from: query.from, to: query.to, before: query.rolledUpBefore };
  return {
    listening: history?.listening() ?? [],
    gateways,
    refusedPartly: refused.isPartly,
    unfinishedDays: query.gateways.flatMap((gateway) => marks?.unfinishedDays?.(gateway, stretch) ?? []),
  };
}
