/** Builders of what an outbox is told; free of the test runner, so that child processes use them too. */
import type { Acknowledgement } from '../../../contract/acknowledgement.ts';
import type { UndatedReading } from '../../../edge/outbox/outbox.ts';
import { aReading, NOON } from '../../builders.ts';

export function acknowledgement(change: Partial<Acknowledgement> = {}): Acknowledgement {
  return {
    session: 'session1',
    accepting: true,
    epoch: 'epoch1',
    stored: [],
    rejected: [],
    later: [],
    at: NOON,
    ...change,
  };
}

export function undated(change: Partial<UndatedReading> = {}): UndatedReading {
  const { device, values } = aReading();
  return { device, values, takenMonotonicMs: 0, boot: 'boot1', takenWallMs: NOON, ...change };
}
