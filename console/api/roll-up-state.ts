/** How far roll-ups are behind the readings: as a reply, in words, and whether that is well. */
import type { ConsoleDeps } from './console-deps.ts';
import { isoTime } from './iso-time.ts';
import type { RollUpStatusReply } from './replies-roll-ups.ts';

/** A fortnight that comes at once takes minutes to roll up; what takes longer is not well. */
const WELL_WITHIN_S = 1_800;

/** A question that fails is a fault in the reply. */
export async function rollUpState({
  rollUps,
  clock,
}: Pick<ConsoleDeps, 'rollUps' | 'clock'>): Promise<RollUpStatusReply> {
  if (rollUps === undefined) return { state: 'none' };
  try {
    const { pendingQuarters, oldestMs, caughtUpAt, fault, failedDevices } = await rollUps();
    const behindMs = caughtUpAt === undefined ? oldestMs : Math.max(0, clock.now() - caughtUpAt);
    return {
      state: pendingQuarters === 0 ? 'caught-up' : 'behind',
      pending_quarters: pendingQuarters,
      // What waits came after the last time that nothing did; marks know the day of a device, not each quarter hour.
      oldest_s: Math.min(oldestMs, behindMs) / 1_000,
      behind_s: pendingQuarters === 0 ? 0 : behindMs / 1_000,
      caught_up_at: caughtUpAt === undefined ? null : isoTime(caughtUpAt),
      fault,
      failed_devices: [...failedDevices],
    };
  } catch (error) {
    return { state: 'unknown', fault: error instanceof Error ? error.message : String(error) };
  }
}

export function rollUpHealth(status: RollUpStatusReply): { ok: boolean; words: string } {
  const { state, pending_quarters: pending = 0, oldest_s: oldest = 0, behind_s: behind = 0 } = status;
  if (state === 'none') return { ok: true, words: 'none are made' };
  const { fault = '', failed_devices: failed = [], caught_up_at: caughtUpAt } = status;
  const since = caughtUpAt == null ? 'not caught up since the start' : `last caught up at ${caughtUpAt}`;
  const words = [
    fault,
    failed.length === 0
      ? ''
      : `${failed.length} devices cannot be counted (the log says why): ${failed.slice(0, 5).join(', ')}`,
    state === 'unknown'
      ? ''
      : pending === 0
        ? `nothing waits; ${since}`
        : `${pending === 1 ? '1 quarter hour of a device waits' : `${pending} quarter hours of devices wait`}, the oldest for ${Math.round(oldest)} s; ${since}`,
  ];
  return {
    ok: fault === '' && failed.length === 0 && behind < WELL_WITHIN_S,
    words: words.filter((part) => part !== '').join('; '),
  };
}
