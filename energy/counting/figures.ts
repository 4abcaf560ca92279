/** Results of counting as figures of roll-up rows: quarter hours, and hours and days (or longer) made of them. */
import type { CounterPosition, RollUp, RollUpKey } from '../../contract/roll-up.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import type { CounterSlots } from './count-values.ts';
import type { GaugeSlots } from './gauge-slots.ts';
import { expectedIn, type MeterRules } from './meter-rules.ts';
import type { SlotValues } from './slot-values.ts';
import { startOfSlot } from './slots.ts';

/** A roll-up row without its key. */
export type Figures = Omit<RollUp, keyof RollUpKey>;

const QUARTERS_AN_HOUR = 4;

/** Those of the quarter hour at `place` of a counter's window. */
export function counterFigures(slots: CounterSlots, place: number, rules: MeterRules): Figures {
  const { scale } = rules;
  const amount = slots.amounts[place] as number;
  const measuredMs = slots.measuredMs[place] as number;
  const isKnown = !Number.isNaN(amount);
  // Of a quarter hour that was measured in part the demand is not known: neither what is missing nor what an
  // interpolation smoothed may make a peak, or hide one as a zero (docs/energy.md, "Demand").
  const hasDemand = isKnown && measuredMs >= QUARTER_MS;
  return {
    ...valueFigures(slots.values, place, rules),
    coverage: percent(measuredMs, QUARTER_MS),
    consumption: isKnown ? amount / scale : null,
    interpolated: isKnown ? (slots.interpolated[place] as number) / scale : null,
    estimated: isKnown ? (slots.estimated[place] as number) / scale : null,
    peak: hasDemand ? (amount * QUARTERS_AN_HOUR) / scale : null,
    peakAt: hasDemand ? startOfSlot(slots.firstSlot + place) : null,
    position: slots.positions[place] ?? null,
  };
}

/** Those of the quarter hour at `place` of the window of a gauge or state. */
export function gaugeFigures(slots: GaugeSlots, place: number, rules: MeterRules): Figures {
  return {
    ...valueFigures(slots.values, place, rules),
    coverage: percent(slots.measuredMs[place] as number, QUARTER_MS),
    ...NOTHING_COUNTED,
  };
}

const NOTHING_COUNTED = {
  consumption: null,
  interpolated: null,
  estimated: null,
  peak: null,
  peakAt: null,
  position: null as CounterPosition | null,
};

function valueFigures({ counts, mins, means, maxs, lasts }: SlotValues, place: number, rules: MeterRules) {
  const count = counts[place] as number;
  const ofValues = (figure: Float64Array) => (count === 0 ? null : (figure[place] as number));
  return {
    count,
    expected: expectedIn(QUARTER_MS, rules),
    min: ofValues(mins),
    mean: ofValues(means),
    max: ofValues(maxs),
    last: ofValues(lasts),
  };
}

export interface FoldOptions {
  readonly rules: Pick<MeterRules, 'metric' | 'kind' | 'intervalMs' | 'scale'>;
  /** How long the period is, or how much of it the device stood at the site, milliseconds. */
  readonly wholeMs: number;
  /** How long each row is, milliseconds; a quarter hour when absent. */
  readonly msOf?: ((row: FoldedRow) => number) | undefined;
}

export type FoldedRow = Figures & Pick<RollUp, 'start'>;

/**
 * The figures of a period from those of its parts, in rising order of start; parts without a row are unknown. Amounts
 * are added as whole counts, so that a day is exactly the sum of its quarter hours. Without rows: an empty roll-up.
 */
export function foldRows(rows: readonly FoldedRow[], { rules, wholeMs, msOf }: FoldOptions): Figures {
  let [count, coveredMs, sum, lost] = [0, 0, 0, 0];
  let [min, max, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  let counted = { ...NOTHING_COUNTED } as Pick<Figures, keyof typeof NOTHING_COUNTED>;
  for (const row of rows) {
    coveredMs += Math.round((row.coverage * (msOf?.(row) ?? QUARTER_MS)) / 100);
    counted = addCounted(counted, row, rules.scale);
    if (row.count === 0 || row.min === null || row.mean === null || row.max === null || row.last === null) continue;
    count += row.count;
    min = Math.min(min, row.min);
    max = Math.max(max, row.max);
    last = row.last;
    const weighted = row.mean * row.count;
    const next = sum + weighted;
    // Neumaier's compensation, as in slot-values.ts.
    lost += Math.abs(sum) >= Math.abs(weighted) ? sum - next + weighted : weighted - next + sum;
    sum = next;
  }
  const expected = expectedIn(wholeMs, rules);
  const hasValues = count > 0;
  return {
    count,
    expected,
    coverage: speaksSeldom(rules) && expected > 0 ? percent(count, expected) : percent(coveredMs, wholeMs),
    min: hasValues ? min : null,
    mean: hasValues ? Math.min(max, Math.max(min, (sum + lost) / count)) : null,
    max: hasValues ? max : null,
    last: hasValues ? last : null,
    ...counted,
  };
}

/** A gauge that speaks less often than every quarter hour is measured by the number of its values. */
function speaksSeldom({ kind, intervalMs }: FoldOptions['rules']): boolean {
  return kind !== 'counter' && intervalMs !== undefined && intervalMs > QUARTER_MS;
}

function addCounted(sum: Pick<Figures, keyof typeof NOTHING_COUNTED>, row: Figures, scale: number) {
  if (row.consumption === null) return sum;
  const add = (one: number | null, other: number | null) =>
    (Math.round((one ?? 0) * scale) + Math.round((other ?? 0) * scale)) / scale;
  const isHigher = row.peak !== null && (sum.peak === null || row.peak > sum.peak);
  return {
    consumption: add(sum.consumption, row.consumption),
    interpolated: add(sum.interpolated, row.interpolated),
    estimated: add(sum.estimated, row.estimated),
    peak: isHigher ? row.peak : sum.peak,
    peakAt: isHigher ? row.peakAt : sum.peakAt,
    position: null,
  };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : 0;
}
