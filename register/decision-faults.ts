/** What must hold of a person's decision about a counter beside its shape. */
import { counterFault } from './counter-metric.ts';
import { instantFaults } from './instant-faults.ts';
import type { DecisionRecord, Device } from './model.ts';

interface KnownDevices {
  device(gateway: string, device: string): Device | undefined;
}

/** Holds for ever once it does: devices are never deleted, and what was recorded is read again at every start. */
export function decisionFaults(record: DecisionRecord, known: KnownDevices): string[] {
  const { gateway, device, metric, at, decision, last, first, estimate } = record;
  const faults = instantFaults('at: ', at);
  if (known.device(gateway, device) === undefined) {
    faults.push(`device: there is no device '${gateway}/${device}'. Correct the ids of its gateway and of itself.`);
  }
  const wrong = counterFault(metric);
  if (wrong !== undefined) faults.push(`metric: '${metric}' ${wrong}`);
  const isSwap = decision === 'swap';
  if (isSwap && last === undefined && first === undefined) {
    faults.push('last, first: a swap needs the last reading of the old meter, the first of the new one, or both.');
  }
  for (const [field, value] of Object.entries({ last, first })) {
    if (!isSwap && value !== undefined) faults.push(`${field}: goes with a swap only. Leave it out.`);
  }
  if (estimate !== undefined && (decision === 'glitch-zero' || decision === 'withdrawn')) {
    faults.push(`estimate: does not go with '${decision}', by which nothing ends at this value. Leave it out.`);
  }
  return faults;
}
