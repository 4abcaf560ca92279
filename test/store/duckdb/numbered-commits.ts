/** Commits that can be told from their number alone, so that what a file holds can be checked after a kill. */
import type { AdmittedBatch } from '../../../store/telemetry-store.ts';
import { NOON } from '../../builders.ts';

export const GATEWAYS = ['hall', 'library', 'museum'];
export const READINGS = 200;
/** Values of one stored reading. */
export const METRICS = ['active_power_kw', 'voltage_v', 'current_a'];
/** Stored values of one commit. */
export const ROWS = GATEWAYS.length * (READINGS - 1) * METRICS.length;

/** Batch `seq` of each gateway; its first reading is rejected. */
export function theCommit(seq: number): AdmittedBatch[] {
  return GATEWAYS.map((gateway) => ({
    gateway,
    epoch: 'epoch1',
    seq,
    readings: Array.from({ length: READINGS }, (_, i) => ({
      device: `meter-${i % 20}`,
      time: NOON + seq * READINGS + i,
      values: Object.fromEntries(METRICS.map((metric, m) => [metric, Math.sin(seq * 7 + i * 3 + m)])),
    })),
    rejected: [{ index: 0, reason: 'value-out-of-range' as const }],
  }));
}
