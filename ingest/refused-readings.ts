/** Which readings were refused for good, by device and quarter hour, as the dead letters tell it. */
import { setImmediate } from 'node:timers/promises';
import type { EvidenceQuery, RefusedReadings } from '../contract/gateway-evidence.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { DeadLetter } from './ingest-view.ts';

/** Letters looked at between two turns of the event loop. */
const PAGE = 500;
const QUARTER_MS = 900_000;
/** A reading is refused after its time, but for clocks that differ (admission takes two minutes). */
const AHEAD_MS = 600_000;

export interface RefusedOfGateways {
  readonly byGateway: ReadonlyMap<string, readonly RefusedReadings[]>;
  /** Some gave way to newer ones. */
  readonly isPartly: boolean;
}

export async function refusedReadings(
  letters: Pick<DeadLetters, 'list' | 'counts' | 'evicted'>,
  { gateways, from, to }: EvidenceQuery,
): Promise<RefusedOfGateways> {
  const wanted = new Set(gateways);
  const found = new Map<
    string,
    Map<string, { device: string; reason: string; from: number; to: number; count: number }>
  >();
  // A reading that was refused twice is missing once.
  const seen = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const page = letters.list({ after, limit: PAGE });
    for (const letter of page) {
      if (!wanted.has(letter.gateway)) continue;
      for (const { device, time } of readingsOf(letter)) {
        const name = `${letter.gateway}/${device}/${time}`;
        if (time < from || time >= to || seen.has(name)) continue;
        seen.add(name);
        const start = Math.floor(time / QUARTER_MS) * QUARTER_MS;
        const { reason } = letter;
        const ofGateway = getOrCreate(found, letter.gateway, () => new Map());
        const stretch = { device, reason, from: time, to: time + 1, count: 0 };
        const known = getOrCreate(ofGateway, `${device}/${reason}/${start}`, () => stretch);
        known.from = Math.min(known.from, time);
        known.to = Math.max(known.to, time + 1);
        known.count++;
      }
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined || last.at < from - AHEAD_MS) break;
    after = last.id;
    await setImmediate();
  }
  const byGateway = new Map([...found].map(([gateway, stretches]) => [gateway, [...stretches.values()]]));
  return { byGateway, isPartly: letters.evicted > 0 };
}

/** What can be read of it: a letter may hold a reading, a batch, or anything that was no batch. */
function readingsOf({ content }: DeadLetter): { device: string; time: number }[] {
  try {
    const json: unknown = JSON.parse(content);
    return (Array.isArray(json) ? json : [json]).filter(isDated);
  } catch {
    return [];
  }
}

function isDated(value: unknown): value is { device: string; time: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { device, time } = value as Record<string, unknown>;
  return typeof device === 'string' && typeof time === 'number' && Number.isFinite(time);
}
