/** Batch → verdict: is the gateway ours, is each metric in the catalogue and plausible, can each time be true? */
import { metricById } from '../contract/metrics.ts';
import type { Reading } from '../contract/reading.ts';
import { type LaterReason, type RejectedReading, WHOLE_BATCH } from '../contract/verdicts.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock } from '../runtime/clock.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';

export interface AdmissionOptions {
  /** A time this far ahead of our clock is still believed: clocks differ. */
  readonly aheadToleranceMs: number;
  /** Age beyond which the store no longer keeps raw readings. */
  readonly retentionMs: number;
}

export const ADMISSION_DEFAULTS: AdmissionOptions = { aheadToleranceMs: 120_000, retentionMs: 400 * 86_400_000 };

export type Admission =
  | { readonly later: LaterReason }
  /** In rising order of index. */
  | { readonly later?: undefined; readonly rejected: readonly RejectedReading[] };

export type Admit = (
  gateway: string,
  batch: { readings: readonly Reading[]; rejected: readonly RejectedReading[] },
) => Admission;

export function createAdmit(deps: {
  register: RegisterView;
  clock: Clock;
  options?: Partial<AdmissionOptions>;
  /** A device that the register does not know yet: its readings are taken, and it is listed as new. */
  onNewDevice: (gateway: string, device: string) => void;
}): Admit {
  const options = { ...ADMISSION_DEFAULTS, ...deps.options };
  const seenDevices = new Map<string, Set<string>>();

  function noteDevice(gateway: string, device: string): void {
    const seen = getOrCreate(seenDevices, gateway, () => new Set<string>());
    if (seen.has(device)) return;
    seen.add(device);
    if (deps.register.device(gateway, device) === undefined) deps.onNewDevice(gateway, device);
  }

  return (gateway, batch) => {
    const owner = deps.register.gateway(gateway);
    if (owner === undefined || owner.retired) return { later: 'owner-unknown' };
    if (batch.rejected[0]?.index === WHOLE_BATCH) return { rejected: batch.rejected };

    const now = deps.clock.now();
    const newest = now + options.aheadToleranceMs;
    const oldest = now - options.retentionMs;
    let rejected: RejectedReading[] | undefined;
    let lastDevice = '';
    for (let index = 0; index < batch.readings.length; index++) {
      if (batch.rejected.length > 0 && batch.rejected.some((known) => known.index === index)) continue;
      const reading = batch.readings[index] as Reading;
      if (reading.time > newest) return { later: 'clock-ahead' };
      const fault = reading.time < oldest ? tooOld(reading.time, oldest) : faultOfValues(reading.values);
      if (fault !== undefined) {
        rejected ??= [...batch.rejected];
        rejected.push({ index, ...fault });
      } else if (reading.device !== lastDevice) {
        lastDevice = reading.device;
        noteDevice(gateway, lastDevice);
      }
    }
    return { rejected: rejected === undefined ? batch.rejected : rejected.sort((a, b) => a.index - b.index) };
  };
}

type Fault = Omit<RejectedReading, 'index'>;

function tooOld(time: number, oldest: number): Fault {
  return { reason: 'too-old', detail: `time: ${iso(time)} is before ${iso(oldest)}, the oldest instant that is kept` };
}

function faultOfValues(values: Readonly<Record<string, number>>): Fault | undefined {
  let count = 0;
  for (const id in values) {
    count++;
    const metric = metricById.get(id);
    if (metric === undefined)
      return { reason: 'unknown-metric', detail: `values.${id.slice(0, 80)}: not in the catalogue` };
    const value = values[id] as number;
    if (value < metric.min || value > metric.max) {
      const range = `${metric.min} to ${metric.max} ${metric.symbol}`.trim();
      return { reason: 'value-out-of-range', detail: `values.${id}: ${value} is outside ${range}` };
    }
  }
  return count === 0 ? { reason: 'no-values', detail: 'values: is empty' } : undefined;
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
