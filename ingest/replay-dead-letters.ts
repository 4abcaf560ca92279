/** Sends dead letters through the pipeline again, as new batches. Stored ones are gone; refused ones stay, restated. */
import { MAX_BATCH_READINGS } from '../contract/batch.ts';
import type { Reading } from '../contract/reading.ts';
import type { RejectedReading } from '../contract/verdicts.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { DeadLetter, DeadLetterFilter, ReplayResult } from './ingest-view.ts';

/** How a replayed batch ended; `notTaken` names why it was not even tried. */
export type SubmitOutcome = { readonly rejected: readonly RejectedReading[] } | { readonly notTaken: string };

export type Submit = (gateway: string, readings: readonly Reading[]) => Promise<SubmitOutcome>;

interface Line {
  readonly letter: DeadLetter;
  readonly reading: Reading;
}

const PER_BATCH = MAX_BATCH_READINGS / 2;

export async function replayDeadLetters(deps: {
  letters: DeadLetters;
  filter: DeadLetterFilter;
  submit: Submit;
}): Promise<ReplayResult> {
  const { letters, filter, submit } = deps;
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
      const outcome = await submit(
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
