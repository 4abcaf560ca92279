/**
 * Why readings are missing, as far as it is known. Each missing reading gets one cause; what is certain comes first, and
 * what nothing speaks for is called unknown rather than guessed.
 */
import type { LaterReason, RejectionReason } from '../../contract/verdicts.ts';
import type { Period } from '../calendar.ts';
import type { MissingRange } from './device-days.ts';

/** What each cause means, and what helps. */
export const MISSING_CAUSES = {
  'before-first-reading':
    'The device had never been heard of by then. Correct the day of its placement, or its commissioning.',
  rejected:
    'They arrived and were refused. Look at the dead letters of the gateway; what is mended there can be replayed.',
  waiting: 'They arrived and are not settled yet: they will come again by themselves.',
  'outbox-dropped':
    "The gateway's outbox was full and let them go: they are lost. Give it more room, or a better link.",
  'gateway-silent': 'The gateway was not heard of. What its outbox kept comes when it is back; else look at its power.',
  'not-received':
    'Batches between received ones are missing. The gateway sends them again; if it does not, look at its outbox.',
  'never-produced':
    'The gateway was there and every batch arrived: the device itself said nothing. Look at it and its wiring.',
  unknown: 'Nothing that is kept tells why.',
} as const;
export type MissingCause = keyof typeof MISSING_CAUSES;

/** Counted readings whose times lie within a stretch. */
export interface CountedStretch extends Period {
  readonly count: number;
}

/** What is known of a device and its gateway; what is not known is left out. */
export interface MissingEvidence {
  /** Time of the first reading ever stored, epoch milliseconds. */
  readonly firstReadingAt?: number | undefined;
  /** Of this device: refused for good, by reason. */
  readonly rejected?: readonly (CountedStretch & { readonly reason: RejectionReason })[] | undefined;
  /** Of this device: not settled yet. */
  readonly later?: readonly (CountedStretch & { readonly reason: LaterReason })[] | undefined;
  /** Of the whole gateway: dropped by its full outbox. */
  readonly dropped?: readonly CountedStretch[] | undefined;
  /** When the gateway was not heard of. */
  readonly gatewaySilent?: readonly Period[] | undefined;
  /** When batches are missing between received ones, by the times of their neighbours. */
  readonly sequenceGaps?: readonly Period[] | undefined;
  /** Whether silence and sequence gaps of the gateway are known for the whole time: only then can it be said that the device was mute. */
  readonly isGatewayKnown: boolean;
}

export interface MissingPart {
  readonly cause: MissingCause;
  readonly readings: number;
  /** Such as a reason of rejection; empty when there is no more to say. */
  readonly detail: string;
  /** False where the evidence is of the whole gateway, or of a stretch in proportion: at most so many. */
  readonly isCertain: boolean;
}

export interface ExplainedRange extends MissingRange {
  /** Their readings add up to those of the range. */
  readonly causes: readonly MissingPart[];
}

/** Counted evidence is used up once, over all ranges of the device in order of time. */
export function explainMissing(ranges: readonly MissingRange[], evidence: MissingEvidence): ExplainedRange[] {
  const rejected = pool(evidence.rejected);
  const later = pool(evidence.later);
  const dropped = pool(evidence.dropped);
  return ranges.map((range) => {
    const causes: MissingPart[] = [];
    let left = range.readings;
    const take = (cause: MissingCause, readings: number, isCertain: boolean, detail = ''): void => {
      const taken = Math.min(left, readings);
      if (taken <= 0) return;
      left -= taken;
      causes.push({ cause, readings: taken, detail, isCertain });
    };
    const { firstReadingAt } = evidence;
    if (firstReadingAt !== undefined) {
      take('before-first-reading', inProportion(range, [{ from: -Infinity, to: firstReadingAt }]), true);
    }
    for (const item of rejected) take('rejected', used(item, range, left), true, item.reason);
    for (const item of later) take('waiting', used(item, range, left), true, item.reason);
    for (const item of dropped) take('outbox-dropped', used(item, range, left), false);
    take('gateway-silent', inProportion(range, evidence.gatewaySilent ?? []), false);
    take('not-received', inProportion(range, evidence.sequenceGaps ?? []), false);
    take(evidence.isGatewayKnown ? 'never-produced' : 'unknown', left, evidence.isGatewayKnown);
    return { ...range, causes };
  });
}

function pool<T extends CountedStretch>(items: readonly T[] | undefined): (T & { left: number })[] {
  return (items ?? []).map((item) => ({ ...item, left: item.count }));
}

function used(item: CountedStretch & { left: number }, range: MissingRange, wanted: number): number {
  if (item.to <= range.from || item.from >= range.to) return 0;
  const taken = Math.min(item.left, wanted);
  item.left -= taken;
  return taken;
}

/** Readings of the range that lie in stretches, by their share of its time; all of them where they cover it. */
function inProportion({ from, to, readings }: MissingRange, stretches: readonly Period[]): number {
  let [coveredMs, reached] = [0, from];
  for (const stretch of [...stretches].sort((one, other) => one.from - other.from)) {
    const [begin, end] = [Math.max(stretch.from, reached), Math.min(stretch.to, to)];
    if (end <= begin) continue;
    coveredMs += end - begin;
    reached = end;
  }
  return Math.round((readings * coveredMs) / (to - from));
}
