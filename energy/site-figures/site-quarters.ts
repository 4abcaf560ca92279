/** The quarter hours of a site: sums of its meters in whole counts, so that a day is exactly the sum of its quarters. */
import type { FigureCarrier } from '../../contract/site-figures.ts';
import type { Period } from '../calendar.ts';
import { METRICS_OF } from '../carriers.ts';
import { QUARTER_MS, scaleOf } from '../counter-rules.ts';
import type { QuarterRow, SignedMeter } from './site-meter.ts';

export interface SiteQuarter {
  /** Epoch milliseconds. */
  readonly start: number;
  /** Meters that stood at the site when it began. */
  readonly meters: number;
  /** Whole counts (energy/counter-rules.ts); null when nothing is known. */
  readonly counts: number | null;
  readonly interpolatedCounts: number;
  readonly estimatedCounts: number;
  /** Whether all of the meters are known. */
  readonly isWhole: boolean;
  /** Whether all of it was measured, so that it shows a demand. */
  readonly isMeasured: boolean;
  /** Percent, the mean over the meters; 0 without meters. */
  readonly coverage: number;
}

/** Counts in a unit of the carrier. */
export function scaleOfCarrier(carrier: FigureCarrier): number {
  return scaleOf(METRICS_OF[carrier === 'load' ? 'electricity' : carrier].counter);
}

/**
 * One for each quarter hour of the period, in order. What is known of a carrier is added up, and `coverage` says what is
 * missing; a load of which one meter is missing is not known.
 */
export function siteQuarters(
  meters: readonly SignedMeter[],
  { from, to }: Period,
  carrier: FigureCarrier,
): SiteQuarter[] {
  const scale = scaleOfCarrier(carrier);
  const tables = meters.map((meter) => ({ ...meter, rowAt: new Map(meter.rows.map((row) => [row.start, row])) }));
  const quarters: SiteQuarter[] = [];
  for (let start = from; start < to; start += QUARTER_MS) {
    const standing = tables.filter(({ stays }) => stays.some((stay) => stay.from <= start && start < stay.to));
    const rows = standing.map(({ sign, rowAt }) => ({ sign, row: rowAt.get(start) }));
    quarters.push(quarterOf(start, rows, scale, carrier === 'load'));
  }
  return quarters;
}

function quarterOf(
  start: number,
  rows: readonly { readonly sign: 1 | -1; readonly row: QuarterRow | undefined }[],
  scale: number,
  needsAll: boolean,
): SiteQuarter {
  let [counts, interpolatedCounts, estimatedCounts, known, measured, coverage] = [0, 0, 0, 0, 0, 0];
  for (const { sign, row } of rows) {
    if (row === undefined) continue;
    coverage += row.coverage / rows.length;
    if (row.consumption === null) continue;
    known++;
    if (row.peak !== null) measured++;
    counts += sign * Math.round(row.consumption * scale);
    interpolatedCounts += Math.round((row.interpolated ?? 0) * scale);
    estimatedCounts += Math.round((row.estimated ?? 0) * scale);
  }
  const isWhole = rows.length > 0 && known === rows.length;
  const isKnown = needsAll ? isWhole : known > 0;
  return {
    start,
    meters: rows.length,
    counts: isKnown ? counts : null,
    interpolatedCounts: isKnown ? interpolatedCounts : 0,
    estimatedCounts: isKnown ? estimatedCounts : 0,
    isWhole,
    isMeasured: isWhole && measured === rows.length,
    coverage: Math.min(100, coverage),
  };
}
