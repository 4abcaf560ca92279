/** Each missing reading gets its cause, from what ingest has noticed of the gateways. */
import type { CompletenessEvidence, EvidenceQuery, GatewayEvidence } from '../../../contract/gateway-evidence.ts';
import {
  type ExplainedRange,
  explainMissing,
  type Pool,
  poolOf,
} from '../../../energy/completeness/explain-missing.ts';
import { type GatewayPresence, gatewayPresence } from '../../../energy/completeness/gateway-presence.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { firstReadings } from './first-readings.ts';
import type { CountedDevice } from './reading-counts.ts';

export interface ExplainedDevice extends CountedDevice {
  readonly explained: readonly (ExplainedRange & { readonly isExact: boolean })[];
}

export interface Noticed {
  readonly evidence: CompletenessEvidence;
  /** Why less is known than could be; empty when all is well. */
  readonly fault: string;
}

const NO_EVIDENCE: CompletenessEvidence = { listening: [], gateways: [], refusedPartly: false, unfinishedDays: [] };

/** What ingest has noticed of the gateways. Figures are right without it; only their causes are not known then. */
export async function noticed({ ingest }: Pick<ConsoleDeps, 'ingest'>, query: EvidenceQuery): Promise<Noticed> {
  if (ingest.evidence === undefined) return { evidence: NO_EVIDENCE, fault: 'ingest keeps no history of gateways' };
  try {
    // An ingest of another process may keep none, which it says by saying nothing.
    const evidence: CompletenessEvidence | null = await ingest.evidence(query);
    if (evidence === null) return { evidence: NO_EVIDENCE, fault: 'ingest keeps no history of gateways' };
    return { evidence, fault: '' };
  } catch (error) {
    return { evidence: NO_EVIDENCE, fault: error instanceof Error ? error.message : String(error) };
  }
}

export async function explainDevices(
  { store, clock }: Pick<ConsoleDeps, 'store' | 'clock'>,
  devices: readonly CountedDevice[],
  evidence: CompletenessEvidence,
): Promise<ExplainedDevice[]> {
  const firstReadingAt = await firstReadings(store, devices);
  const now = clock.now();
  const shared = new Map(
    evidence.gateways.map((one) => [one.gateway, sharedOf(one, gatewayPresence(one, evidence.listening, now))]),
  );
  return devices.map((device): ExplainedDevice => {
    const common = shared.get(device.device.gateway);
    const first = firstReadingAt.get(device);
    const own = common === undefined ? {} : { ...ownOf(common.evidence, device.device.id), ...common.found };
    // One range at a time: what was exact stays so.
    const ranges = device.ranges.flatMap(({ isExact, ...range }) =>
      explainMissing([range], { ...own, firstReadingAt: first, uncounted: device.uncounted }).map((one) => ({
        ...one,
        isExact,
      })),
    );
    return { ...device, explained: ranges };
  });
}

/** Pools are made once: what explains a reading of one device does not explain another's. */
function sharedOf(evidence: GatewayEvidence, presence: GatewayPresence) {
  const { held, dropped, gaps } = evidence;
  const stretch = held === null ? undefined : { from: held.oldestAt, to: held.at };
  const setAside = stretch === undefined || held === null ? [] : [poolOf({ ...stretch, count: held.setAside })];
  const waiting = held === null ? 0 : Math.max(0, held.buffered - held.setAside);
  const buffered = stretch === undefined ? [] : [poolOf({ ...stretch, count: waiting })];
  const found = { setAside, buffered, dropped: dropped.map((one) => poolOf(one)), gaps, ...presence };
  return { evidence, found };
}

function ownOf({ refused, waiting }: GatewayEvidence, device: string): { rejected: Pool[]; waiting: Pool[] } {
  return {
    rejected: refused.filter((one) => one.device === device).map((one) => poolOf(one, one.reason)),
    waiting: waiting.filter((one) => one.device === device).map((one) => poolOf(one, one.reason)),
  };
}
