/** Sends dead letters through the pipeline again, as new batches. Stored ones are gone; refused ones stay, restated. */
import { MAX_BATCH_READINGS } from '../contract/batch.ts';
import { REPLAY_EPOCH } from '../contract/ids.ts';
import type { Reading } from '../contract/reading.ts';
import type { RejectedReading } from '../contract/verdicts.ts';
import type { BatchOutcome } from './batch-outcome.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { DeadLetter, DeadLetterFilter, ReplayResult } from './ingest-view.ts';

/** How a replayed batch ended; `notTaken` names why it was not even tried. */
type ReplayOutcome = { readonly rejected: readonly RejectedReading[] } | { readonly notTaken: string };

/** Sends a batch through the pipeline; resolves when it is settled. */
export type Submit = (gateway: string, payload: Uint8Array) => Promise<BatchOutcome>;

interface Line {
  readonly letter: DeadLetter;
  readonly reading: Reading;
}

const PER_BATCH = MAX_BATCH_READINGS / 2;

export async function replayDeadLetters(deps: {
  letters: DeadLetters;
  filter: DeadLetterFilter;
  submit: Submit;
  /** A number of the replay epoch that no batch had. */
  nextSeq: () => number;
}): Promise<ReplayResult> {
  const { letters, filter } = deps;
  const rejected: Record<string, number> = {};
  let stored = 0;
  const byGateway = new Map<string, Line[]>();
  for (const letter of letters.list({ ...filter, limit: Number.MAX_SAFE_INTEGER })) {
    const readings = readingsOf(letter);
    if (readings.length === 0) rejected[letter.reason] = (rejected[letter.reason] ?? 0) + 1;
    const lines = byGateway.get(letter.gateway) ?? [];
    for (const reading of readings) lines.push({ letter, reading });
    byGateway.set(letter.gateway, lines);
  }

  /** Letters of which at least one reading was refused again, with why. */
  const refused = new Map<string, { reason: string; detail: string }>();
  const tried = new Set<string>();
  for (const [gateway, lines] of byGateway) {
    for (let start = 0; start < lines.length; start += PER_BATCH) {
      const part = lines.slice(start, start + PER_BATCH);
      const outcome = await replayed(
        deps,
        gateway,
        part.map(({ reading }) => reading),
      );
      const bad = new Map<number, { reason: string; detail: string }>();
      if ('notTaken' in outcome)
        for (let i = 0; i < part.length; i++) bad.set(i, { reason: outcome.notTaken, detail: '' });
      else for (const { index, reason, detail } of outcome.rejected) bad.set(index, { reason, detail: detail ?? '' });
      for (const [i, { letter }] of part.entries()) {
        tried.add(letter.id);
        const fault = bad.get(i);
        if (fault === undefined) {
          stored++;
          continue;
        }
        rejected[fault.reason] = (rejected[fault.reason] ?? 0) + 1;
        refused.set(letter.id, 'notTaken' in outcome ? { reason: letter.reason, detail: letter.detail } : fault);
      }
    }
  }
  for (const [id, { reason, detail }] of refused) await letters.restate(id, reason, detail);
  const gone = [...tried].filter((id) => !refused.has(id));
  if (gone.length > 0) await letters.drop({ ids: gone });
  return { stored, rejected };
}

/** Sends readings through the pipeline as a batch of the replay epoch. */
async function replayed(
  { submit, nextSeq }: { submit: Submit; nextSeq: () => number },
  gateway: string,
  readings: readonly Reading[],
): Promise<ReplayOutcome> {
  const batch = { v: 1, epoch: REPLAY_EPOCH, seq: nextSeq(), readings };
  const outcome = await submit(gateway, Buffer.from(JSON.stringify(batch)));
  switch (outcome.kind) {
    case 'settled':
      return { rejected: outcome.rejected };
    case 'later':
      return { notTaken: outcome.reason };
    case 'shed':
      return { notTaken: 'queue-full' };
    default:
      // Its number is new, and its readings were read from JSON: neither known already nor malformed as a batch.
      return { notTaken: outcome.kind };
  }
}

/** The readings of a letter: one, a batch's, or none when the message still makes no sense. */
function readingsOf(letter: DeadLetter): Reading[] {
  try {
    const content: unknown = JSON.parse(letter.content);
    if (Array.isArray(content)) return content as Reading[];
    if (typeof content !== 'object' || content === null) return [];
    const { readings } = content as { readings?: unknown };
    return Array.isArray(readings) ? (readings as Reading[]) : [content as Reading];
  } catch {
    // Never was JSON: counted by the caller under the reason it has.
    return [];
  }
}
