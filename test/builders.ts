/** Builders: a test names only what its story is about. */
import type { Batch } from '../contract/batch.ts';
import type { Reading } from '../contract/reading.ts';
import type { AdmittedBatch } from '../store/telemetry-store.ts';

export const NOON = Date.parse('2026-11-01T12:00:00Z');

export function aReading(change: Partial<Reading> = {}): Reading {
  return {
    device: 'main-meter',
    time: NOON,
    values: { active_power_kw: 41.2, active_energy_kwh: 918_273.5 },
    ...change,
  };
}

export function aBatch(change: Partial<Batch> = {}): Batch {
  return { v: 1, epoch: 'epoch1', seq: 1, readings: [aReading()], ...change };
}

export function anAdmittedBatch(change: Partial<AdmittedBatch> = {}): AdmittedBatch {
  return { gateway: 'library', epoch: 'epoch1', seq: 1, readings: [aReading()], rejected: [], ...change };
}
