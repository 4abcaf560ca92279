/**
 * Why readings are missing, as far as it is known. Each missing reading gets one cause; what is certain comes first, and
 * what nothing speaks for is called unknown rather than guessed.
 *
 * A range is cut where something begins or ends that could be a cause, so that each piece lies wholly in it or wholly
 * outside; its readings are taken as due at even steps, which they are.
 */
import type { CountedEvidence, SequenceGap } from '../../contract/gateway-evidence.ts';
import type { Period } from '../calendar.ts';
import type { MissingRange } from './device-days.ts';
import type { Silence } from './gateway-presence.ts';
import { covers } from './stretches.ts';

/** What each cause means, and what helps. */
export const MISSING_CAUSES = {
  'before-first-reading':
    'Nothing had come from the device by then. Correct the day of its placement, or its commissioning.',
  rejected:
    'They arrived and were refused. Look at the dead letters of the gateway; what is mended there can be replayed.',
  waiting: 'They arrived and are not settled yet: they will come again by themselves.',
  'set-aside':
    'The gateway put them aside after failing to deliver them many times. They are kept there and tried again.',
  buffered: "They are in the gateway's outbox and will come by themselves.",
  'outbox-dropped':
    "The gateway's outbox was full and dropped them: they are lost. Give it more room, or a better link.",
  'not-received':
    'Batches between received ones are missing. The gateway sends them again; if it does not, look at its outbox.',
  'gateway-silent':
    'Nothing came from the gateway. What its outbox kept comes when it is back; else look at its power.',
  unwatched: 'Lamplighter itself did not run then, so nobody knows whether the gateway did.',
  'never-produced':
    'The gateway was there and every batch arrived: the device itself said nothing. Look at it and its wiring.',
  'not-counted': 'Readings of that day are not rolled up yet, so they may well be there. Ask again in a minute.',
  unknown: 'No record says why.',
} as const;
export type MissingCause = keyof typeof MISSING_CAUSES;

/** Counted readings that explain so many missing ones and no more, over all ranges and devices that share the pool. */
export interface Pool extends Period {
  readonly detail: string;
  left: number;
}

export function poolOf({ from, to, count }: CountedEvidence, detail = ''): Pool {
  return { from, to, detail, left: count };
}

/** What is known of a device and its gateway. */
export interface MissingEvidence {
  /** Time of the first reading ever stored, epoch milliseconds; Infinity when there is none; absent: not known. */
  readonly firstReadingAt?: number | undefined;
  /** Of this device; details are reasons. */
  readonly rejected?: readonly Pool[] | undefined;
  readonly waiting?: readonly Pool[] | undefined;
  /** Of the whole gateway: pools that its devices share. */
  readonly setAside?: readonly Pool[] | undefined;
  readonly dropped?: readonly Pool[] | undefined;
  readonly buffered?: readonly Pool[] | undefined;
  /** Those whose times are known. */
  readonly gaps?: readonly SequenceGap[] | undefined;
  readonly silent?: readonly Silence[] | undefined;
  readonly unwatched?: readonly Period[] | undefined;
  /** When the gateway was there and everything that it produced has arrived. */
  readonly settled?: readonly Period[] | undefined;
  /** Its books show nothing that did not arrive, as far back as they go. */
  readonly isAllSettled?: boolean | undefined;
  /** Whose readings are not all counted: nothing can be said of what is missing. */
  readonly uncounted?: readonly Period[] | undefined;
}

export interface ExplainedRange extends MissingRange {
  readonly cause: MissingCause;
  /** Such as a reason of rejection, or how a silence ended; empty when there is no more to say. */
  readonly detail: string;
  /** False where the evidence is of the whole gateway and may concern another of its devices. */
  readonly isCertain: boolean;
  /** How long the gateway was silent, or unwatched, in all. */
  readonly stretch?: Period | undefined;
}

/** In order of time. Their readings add up to those of the ranges; pools are used up. */
export function explainMissing(ranges: readonly MissingRange[], evidence: MissingEvidence): ExplainedRange[] {
  const cuts = cutsOf(evidence);
  return joinedAlike(ranges.flatMap((range) => piecesOf(range, cuts).flatMap((piece) => explained(piece, evidence))));
}

function explained(piece: MissingRange, evidence: MissingEvidence): ExplainedRange[] {
  const found: ExplainedRange[] = [];
  let left = piece.readings;
  const take = (
    cause: MissingCause,
    readings: number,
    isCertain: boolean,
    { detail = '', stretch }: { detail?: string; stretch?: Period | undefined } = {},
  ): void => {
    const taken = Math.min(left, readings);
    if (taken <= 0) return;
    left -= taken;
    found.push({
      from: piece.from,
      to: piece.to,
      readings: taken,
      cause,
      detail,
      isCertain,
      ...(stretch && { stretch }),
    });
  };
  const pools = (cause: MissingCause, items: readonly Pool[] | undefined, isCertain: boolean): void => {
    for (const item of items ?? []) take(cause, used(item, piece, left), isCertain, item);
  };
  const due = piece.from;
  if (covers(evidence.uncounted ?? [], due)) take('not-counted', left, false);
  pools('rejected', evidence.rejected, true);
  pools('waiting', evidence.waiting, true);
  if (evidence.firstReadingAt !== undefined && due < evidence.firstReadingAt) take('before-first-reading', left, true);
  pools('set-aside', evidence.setAside, false);
  pools('outbox-dropped', evidence.dropped, false);
  pools('buffered', evidence.buffered, false);
  const gap = evidence.gaps?.find(({ from, to }) => from !== null && to !== null && due > from && due < to);
  if (gap !== undefined) take('not-received', left, false, { detail: gapWords(gap) });
  const silence = evidence.silent?.find(({ from, to }) => due >= from && due < to);
  if (silence !== undefined) {
    take('gateway-silent', left, silence.end === 'restarted', { detail: silence.end, stretch: silence });
  }
  const unwatched = evidence.unwatched?.find(({ from, to }) => due >= from && due < to);
  if (unwatched !== undefined) take('unwatched', left, true, { stretch: unwatched });
  if (covers(evidence.settled ?? [], due)) take('never-produced', left, true);
  take(evidence.isAllSettled === true ? 'never-produced' : 'unknown', left, false);
  return found;
}

function gapWords({ epoch, first, last }: SequenceGap): string {
  return `${first === last ? `batch ${first}` : `batches ${first} to ${last}`} of epoch ${epoch}`;
}

function used(item: Pool, piece: Period, wanted: number): number {
  if (item.to <= piece.from || item.from >= piece.to) return 0;
  const taken = Math.min(item.left, wanted);
  item.left -= taken;
  return taken;
}

function cutsOf({ firstReadingAt, gaps, silent, unwatched, settled, uncounted, ...pools }: MissingEvidence): number[] {
  const stretches = [
    ...[silent, unwatched, settled, uncounted].flatMap((periods): readonly Period[] => periods ?? []),
    ...[pools.setAside, pools.dropped, pools.buffered].flatMap((items) => items ?? []),
  ];
  const cuts = stretches.flatMap(({ from, to }) => [from, to]);
  // Strictly between its neighbours.
  for (const { from, to } of gaps ?? []) if (from !== null && to !== null) cuts.push(from + 1, to);
  if (firstReadingAt !== undefined) cuts.push(firstReadingAt);
  return [...new Set(cuts)].filter(Number.isFinite).sort((one, other) => one - other);
}

/** Cut where readings are due on both sides; each piece begins when its first reading is due. */
function piecesOf(range: MissingRange, cuts: readonly number[]): MissingRange[] {
  const stepMs = (range.to - range.from) / range.readings;
  const pieces: MissingRange[] = [];
  let first = 0;
  for (const cut of [...cuts, range.to]) {
    const place = cut >= range.to ? range.readings : Math.ceil((cut - range.from) / stepMs - 1e-9);
    if (place <= first) continue;
    const [from, to] = [range.from + first * stepMs, range.from + place * stepMs];
    pieces.push({ from: Math.round(from), to: Math.round(to), readings: place - first });
    first = place;
    if (first === range.readings) break;
  }
  return pieces;
}

/** Pieces of one range that have the same cause after all. */
function joinedAlike(pieces: readonly ExplainedRange[]): ExplainedRange[] {
  const found: ExplainedRange[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    const isAlike =
      last?.to === piece.from &&
      last.cause === piece.cause &&
      last.detail === piece.detail &&
      last.isCertain === piece.isCertain &&
      last.stretch === piece.stretch;
    if (!isAlike) found.push(piece);
    else found[found.length - 1] = { ...last, to: piece.to, readings: last.readings + piece.readings };
  }
  return found;
}
