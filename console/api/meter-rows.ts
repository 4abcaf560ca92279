/** Events and decisions as the API tells them: with the names of site and device, the time there, and words. */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent } from '../../contract/roll-up.ts';
import { localIso } from '../../energy/calendar.ts';
import type { DecisionRecord, MeterDecision } from '../../register/model.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { isoTime } from './iso-time.ts';
import { decisionWords, eventWords, type MeterPlace } from './meter-words.ts';
import type { DecisionRecordReply, DecisionReply, MeterEventReply } from './replies-meters.ts';
import { siteOf } from './site-finder.ts';

type Register = ConsoleDeps['register'];
type Key = Pick<MeterDecision, 'gateway' | 'device' | 'metric' | 'at'>;

export function eventRow(register: Register, event: MeterEvent, decision: MeterDecision | undefined): MeterEventReply {
  const { place, fields } = seriesOf(register, event);
  const { kind, at, from, before, after, booked, decidedBy } = event;
  return {
    ...fields,
    kind,
    at: isoTime(at),
    at_ms: at,
    at_local: localIso(at, place.zone),
    from: isoTime(from),
    from_ms: from,
    before,
    after,
    booked,
    decided_by: decidedBy,
    decision: decision === undefined ? null : decisionRow(register, decision),
    words: [eventWords(event, place), saidWords(event, decision)].filter((part) => part !== '').join(' '),
  };
}

export function decisionRow(register: Register, decision: MeterDecision): DecisionReply {
  const { place, fields } = seriesOf(register, decision);
  return { ...fields, ...decisionFields(decision, place), decision: decision.decision };
}

export function recordRow(register: Register, record: DecisionRecord): DecisionRecordReply {
  const { place, fields } = seriesOf(register, record);
  return { ...fields, ...decisionFields(record, place), number: record.number, decision: record.decision };
}

function decisionFields(decision: MeterDecision | DecisionRecord, place: MeterPlace) {
  const { at, decided, who, why } = decision;
  return {
    at: isoTime(at),
    at_ms: at,
    at_local: localIso(at, place.zone),
    last: decision.last ?? null,
    first: decision.first ?? null,
    estimate: decision.estimate ?? null,
    who,
    why,
    decided: isoTime(decided),
    decided_ms: decided,
    words: decisionWords(decision, place),
  };
}

/** Who said so. What was decided or withdrawn a moment ago is counted again within a minute. */
function saidWords({ decidedBy }: MeterEvent, decision: MeterDecision | undefined): string {
  if (decision === undefined) return decidedBy === 'rule' ? '' : 'So it was decided, and withdrawn since.';
  const words = `${decision.who}: ${decision.why}`;
  return decidedBy === 'person' ? `Decided by ${words}` : `Not yet counted as decided by ${words}`;
}

function seriesOf(register: Register, { gateway, device, metric, at }: Key) {
  const known = register.device(gateway, device);
  const site = siteOf(register, gateway, device, at);
  const { name: siteName = null, zone = 'UTC' } = register.site(site ?? '') ?? {};
  const deviceName = known?.name ?? `${gateway}/${device}`;
  const { label = metric, symbol: unit = '' } = metricById.get(metric) ?? {};
  const place: MeterPlace = { deviceName, siteName, zone, meter: known?.meter };
  const fields = { site, site_name: siteName, gateway, device, device_name: deviceName, metric, label, unit };
  return { place, fields };
}
