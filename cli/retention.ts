/** How long what is stored is kept, as ingest and the roll-ups need to know it. */
import type { Settings } from './settings.ts';

const DAY_MS = 86_400_000;
/** "For ever" as an age that can be taken from today and still is a date: a thousand years. */
const FOR_EVER_MS = 365_250 * DAY_MS;

type Retention = Pick<Settings, 'retention_days' | 'retention_15m_days'>;

/**
 * Age in milliseconds beyond which readings are refused as too-old: a day before their kind expires, so that the quarter
 * hours they would change are sealed while everything they were made of is still there.
 */
export function admissionRetentionMs({ retention_days: days }: Pick<Retention, 'retention_days'>): number {
  return Math.min((days - 1) * DAY_MS, FOR_EVER_MS);
}

/** How long readings and quarter hours are kept, milliseconds; absent where they are kept for ever. */
export function keptFor({ retention_days: raw, retention_15m_days: quarters }: Retention): {
  rawMs?: number;
  quarterMs?: number;
} {
  return {
    ...(Number.isFinite(raw) ? { rawMs: raw * DAY_MS } : {}),
    ...(Number.isFinite(quarters) ? { quarterMs: quarters * DAY_MS } : {}),
  };
}
