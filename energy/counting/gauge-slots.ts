/** Quarter hours of a gauge, or of a state of 0 and 1, whose mean is the share of the values that were 1. */
import { QUARTER_MS } from '../counter-rules.ts';
import { effectiveTime, expectedIn, type MeterRules } from './meter-rules.ts';
import { SlotValueSums, type SlotValues } from './slot-values.ts';
import { type SlotWindow, slotOf } from './slots.ts';

export interface GaugeInput {
  /** Stamps in strictly rising order, epoch milliseconds; those outside of the window are passed over. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly rules: MeterRules;
  readonly window: SlotWindow;
}

export interface GaugeSlots extends SlotWindow {
  readonly values: SlotValues;
  /**
   * How much of the quarter hour was measured, milliseconds: by the number of values among those that the interval lets
   * expect; the whole, where there is a value at all, of devices slower than that or without a stated interval.
   */
  readonly measuredMs: Float64Array;
}

export function gaugeSlots({ times, values, rules, window }: GaugeInput): GaugeSlots {
  const sums = new SlotValueSums(window);
  for (let index = 0; index < times.length; index++) {
    sums.add(slotOf(effectiveTime(times[index] as number, rules)) - window.firstSlot, values[index] as number);
  }
  const summed = sums.result();
  const expected = Math.max(1, expectedIn(QUARTER_MS, rules));
  const measuredMs = summed.counts.map((count) => Math.round(QUARTER_MS * Math.min(1, count / expected)));
  return { ...window, values: summed, measuredMs };
}
