/** The marks of what must be rolled up, kept by ingest in another process (contract/roll-up-marks.ts). */
import { LamplighterError } from '../../contract/error-codes.ts';
import type { MarkedDay, MarksStatus, RollUpMarks } from '../../contract/roll-up-marks.ts';
import type { InternalClient } from './internal-client.ts';

export function remoteMarks(client: InternalClient): RollUpMarks {
  return {
    claim: (claim) => client.post<readonly MarkedDay[]>('marks/claim', claim),
    done: async (session, days) => {
      await client.post('marks/done', { session, days });
    },
    release: async (session) => {
      try {
        await client.post('marks/release', { session });
      } catch (error) {
        // While ingest is away nobody can claim either, and a claim of a later session gives back what this one had.
        if (!(error instanceof LamplighterError && error.code === 'not-ready')) throw error;
      }
    },
    mark: async (stretches) => {
      await client.post('marks/mark', stretches);
    },
    status: (before) => client.post<MarksStatus>('marks/status', { before }),
  };
}
