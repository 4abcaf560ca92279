/**
 * Sums over periods, from rows of any width that lie side by side. Pure. Everything is added in whole counts
 * (energy/counter-rules.ts), so that parts add up to the whole to the last digit. A quarter hour that a period cuts is
 * divided by time. A period of which nothing is known is null, never 0.
 */
import type { RollUp } from '../../../contract/roll-up.ts';
import type { Period } from '../../../energy/calendar.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';

export interface Piece {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly end: number;
  /** Up to where something can be known of it: the end, or now. */
  readonly until: number;
  readonly site: string;
  /** Whole counts; null when nothing is known. */
  readonly counts: number | null;
  readonly interpolated: number;
  readonly estimated: number;
  /** How much of it was measured, percent. */
  readonly coverage: number;
  /** Unit per hour, and when. */
  readonly peak: number | null;
  readonly peakAt: number | null;
}

export function pieceOf(row: RollUp, end: number, scale: number, now: number): Piece {
  const { start, site, consumption, interpolated, estimated, coverage, peak, peakAt } = row;
  const inCounts = (amount: number | null) => Math.round((amount ?? 0) * scale);
  return {
    start,
    end,
    until: Math.max(start + 1, Math.min(end, now)),
    site,
    counts: consumption === null ? null : inCounts(consumption),
    interpolated: inCounts(interpolated),
    estimated: inCounts(estimated),
    coverage,
    peak,
    peakAt,
  };
}

/** The pieces of one counter, and what of them counts. */
export interface CountedMeter {
  /** In rising order, without overlap. */
  readonly pieces: readonly Piece[];
  /** Only pieces at this site count; undefined: all. */
  readonly site?: string | undefined;
  /** When it stood there, epoch milliseconds; absent: always. */
  readonly stays?: readonly Period[] | undefined;
}

export interface PeriodSum extends Period {
  /** In the unit of the counter; null when nothing is known. */
  readonly value: number | null;
  /** The parts of `value` that are known differences spread over gaps, and that people estimated; null with it. */
  readonly interpolated: number | null;
  readonly estimated: number | null;
  /** Share of the period that was measured, percent. */
  readonly coveragePercent: number;
  /**
   * The highest quarter hour of all meters together, unit per hour, and its beginning; null where none was wholly
   * measured, or where several meters are known by days and hours only.
   */
  readonly peak: number | null;
  readonly peakAt: number | null;
}

/** Adds several counters of one scale up over each period, in rising order and without overlap. */
export function sumPeriods(meters: readonly CountedMeter[], periods: readonly Period[], scale: number): PeriodSum[] {
  const walks = meters.map((meter) => ({ meter, first: 0 }));
  return periods.map((period) => {
    const inside = walks.map((walk) => {
      const { pieces } = walk.meter;
      while (walk.first < pieces.length && (pieces[walk.first] as Piece).end <= period.from) walk.first++;
      const found: Piece[] = [];
      for (let place = walk.first; place < pieces.length; place++) {
        const piece = pieces[place] as Piece;
        if (piece.start >= period.to) break;
        if (walk.meter.site === undefined || piece.site === walk.meter.site) found.push(piece);
      }
      return found;
    });
    return sumOf(meters, inside, period, scale);
  });
}

export function sumPeriod(meters: readonly CountedMeter[], period: Period, scale: number): PeriodSum {
  return sumPeriods(meters, [period], scale)[0] as PeriodSum;
}

function sumOf(
  meters: readonly CountedMeter[],
  inside: readonly (readonly Piece[])[],
  { from, to }: Period,
  scale: number,
): PeriodSum {
  let [counts, interpolated, estimated, measuredMs, wholeMs] = [0, 0, 0, 0, 0];
  let isKnown = false;
  for (const [place, pieces] of inside.entries()) {
    const stays = (meters[place] as CountedMeter).stays;
    wholeMs += overlapMs(stays, from, to);
    for (const piece of pieces) {
      const part = (amount: number) => shareUpTo(amount, piece, to) - shareUpTo(amount, piece, from);
      const lengthMs = overlapMs(stays, piece.start, piece.end);
      measuredMs += part((piece.coverage / 100) * lengthMs);
      if (piece.counts === null) continue;
      isKnown = true;
      counts += part(piece.counts);
      interpolated += part(piece.interpolated);
      estimated += part(piece.estimated);
    }
  }
  const peak = peakOf(inside, from, to);
  return {
    from,
    to,
    value: isKnown ? counts / scale : null,
    interpolated: isKnown ? interpolated / scale : null,
    estimated: isKnown ? estimated / scale : null,
    coveragePercent: wholeMs === 0 ? 0 : Math.min(100, (100 * measuredMs) / wholeMs),
    peak: peak?.peak ?? null,
    peakAt: peak?.at ?? null,
  };
}

/** How much of an amount lies before an instant: whole numbers, so that what lies behind it is the rest. */
function shareUpTo(amount: number, { start, until }: Piece, time: number): number {
  if (time <= start) return 0;
  return time >= until ? Math.round(amount) : Math.round((amount * (time - start)) / (until - start));
}

/** How much of a stretch a meter stood there, milliseconds. */
export function overlapMs(stays: readonly Period[] | undefined, from: number, to: number): number {
  if (stays === undefined) return to - from;
  let sum = 0;
  for (const stay of stays) sum += Math.max(0, Math.min(to, stay.to) - Math.max(from, stay.from));
  return sum;
}

function peakOf(
  inside: readonly (readonly Piece[])[],
  from: number,
  to: number,
): { peak: number; at: number } | undefined {
  const [only] = inside;
  let found: { peak: number; at: number } | undefined;
  const take = (peak: number, at: number): void => {
    if (at >= from && at < to && (found === undefined || peak > found.peak)) found = { peak, at };
  };
  if (inside.length === 1 && only !== undefined) {
    for (const { peak, peakAt } of only) if (peak !== null && peakAt !== null) take(peak, peakAt);
    return found;
  }
  const sums = new Map<number, { peak: number; meters: number }>();
  for (const pieces of inside) {
    for (const { start, end, peak } of pieces) {
      // Days and hours of several meters do not say when the quarter hours of all of them met.
      if (end - start > QUARTER_MS) return undefined;
      if (peak === null) continue;
      const sum = sums.get(start);
      if (sum === undefined) sums.set(start, { peak, meters: 1 });
      else [sum.peak, sum.meters] = [sum.peak + peak, sum.meters + 1];
    }
  }
  for (const [at, { peak, meters }] of sums) if (meters === inside.length) take(peak, at);
  return found;
}
