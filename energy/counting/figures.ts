/** Results of counting as figures of roll-up rows: quarter hours, and hours and days (or longer) made of them. */
import type { RollUp, RollUpKey } from '../../contract/roll-up.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import type { CounterSlots } from './count-values.ts';
import type { GaugeSlots } from './gauge-slots.ts';
import { expectedIn, type MeterRules } from './meter-rules.ts';
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
  const { values } = slots;
  const count = values.counts[place] as number;
  // One literal, not several put together: these objects are made by the million.
  return {
    count,
    expected: expectedIn(QUARTER_MS, rules),
    coverage: percent(measuredMs, QUARTER_MS),
    min: count === 0 ? null : (values.mins[place] as number),
    mean: count === 0 ? null : (values.means[place] as number),
    max: count === 0 ? null : (values.maxs[place] as number),
    last: count === 0 ? null : (values.lasts[place] as number),
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
  const { values } = slots;
  const count = values.counts[place] as number;
  return {
    count,
    expected: expectedIn(QUARTER_MS, rules),
    coverage: percent(slots.measuredMs[place] as number, QUARTER_MS),
    min: count === 0 ? null : (values.mins[place] as number),
    mean: count === 0 ? null : (values.means[place] as number),
    max: count === 0 ? null : (values.maxs[place] as number),
    last: count === 0 ? null : (values.lasts[place] as number),
    consumption: null,
    interpolated: null,
    estimated: null,
    peak: null,
    peakAt: null,
    position: null,
  };
}

type Counted = Pick<Figures, 'consumption' | 'interpolated' | 'estimated' | 'peak' | 'peakAt' | 'position'>;

const NOTHING_COUNTED: Counted = {
  consumption: null,
  interpolated: null,
  estimated: null,
  peak: null,
  peakAt: null,
  position: null,
};

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
  let coveredMs = 0;
  for (const row of rows) coveredMs += Math.round((row.coverage * (msOf?.(row) ?? QUARTER_MS)) / 100);
  const values = foldValues(rows);
  const expected = expectedIn(wholeMs, rules);
  const isCounted = speaksSeldom(rules) && expected > 0;
  return {
    ...values,
    expected,
    coverage: isCounted ? percent(values.count, expected) : percent(coveredMs, wholeMs),
    ...foldAmounts(rows, rules.scale),
  };
}

/** A gauge that speaks less often than every quarter hour is measured by the number of its values. */
function speaksSeldom({ kind, intervalMs }: FoldOptions['rules']): boolean {
  return kind !== 'counter' && intervalMs !== undefined && intervalMs > QUARTER_MS;
}

function foldValues(rows: readonly FoldedRow[]): Pick<Figures, 'count' | 'min' | 'mean' | 'max' | 'last'> {
  let [count, sum, lost, last] = [0, 0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    if (row.min === null || row.mean === null || row.max === null || row.last === null) continue;
    count += row.count;
    if (row.min < min) min = row.min;
    if (row.max > max) max = row.max;
    last = row.last;
    const weighted = row.mean * row.count;
    const next = sum + weighted;
    // Neumaier's compensation, as in slot-values.ts.
    lost += Math.abs(sum) >= Math.abs(weighted) ? sum - next + weighted : weighted - next + sum;
    sum = next;
  }
  if (count === 0) return { count, min: null, mean: null, max: null, last: null };
  return { count, min, mean: Math.min(max, Math.max(min, (sum + lost) / count)), max, last };
}

function foldAmounts(rows: readonly FoldedRow[], scale: number): Counted {
  let isKnown = false;
  let [consumption, interpolated, estimated] = [0, 0, 0];
  let peak: number | null = null;
  let peakAt: number | null = null;
  for (const row of rows) {
    if (row.consumption === null) continue;
    isKnown = true;
    consumption += Math.round(row.consumption * scale);
    interpolated += Math.round((row.interpolated ?? 0) * scale);
    estimated += Math.round((row.estimated ?? 0) * scale);
    if (row.peak !== null && (peak === null || row.peak > peak)) [peak, peakAt] = [row.peak, row.peakAt];
  }
  if (!isKnown) return NOTHING_COUNTED;
  const inUnit = (counts: number) => counts / scale;
  return {
    consumption: inUnit(consumption),
    interpolated: inUnit(interpolated),
    estimated: inUnit(estimated),
    peak,
    peakAt,
    position: null,
  };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : 0;
}
