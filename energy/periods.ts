/** Sums of quarter hours over periods. A period without a known quarter hour is null, never 0. */
import type { Period } from './calendar.ts';
import type { CounterEvent, QuarterHours, SlotWindow } from './consumption.ts';
import { QUARTER_MS } from './counter-rules.ts';

export interface PeriodSum extends Period {
  /** In the unit of the counter; null when nothing is known. */
  readonly value: number | null;
  /** Share of the period that was measured, percent. */
  readonly coveragePercent: number;
  readonly events: readonly CounterEvent['kind'][];
}

/** The quarter hours that hold a range, partly or wholly. */
export function windowOf({ from, to }: Period): SlotWindow {
  const firstSlot = Math.floor(from / QUARTER_MS);
  return { firstSlot, slots: Math.max(0, Math.ceil(to / QUARTER_MS) - firstSlot) };
}

/**
 * Adds several counters up over each period. They share scale; periods come in order. A quarter hour that a period cuts
 * belongs to the period in which it begins.
 */
export function sumPeriods(counters: readonly QuarterHours[], periods: readonly Period[], scale: number): PeriodSum[] {
  return periods.map((period) => sumPeriod(counters, period, scale));
}

export function sumPeriod(counters: readonly QuarterHours[], period: Period, scale: number): PeriodSum {
  const { from, to } = period;
  let counts = 0;
  let isKnown = false;
  let measuredMs = 0;
  const events = new Set<CounterEvent['kind']>();
  for (const counter of counters) {
    const { firstSlot, amounts, measured } = counter;
    const begin = Math.max(0, Math.floor(from / QUARTER_MS) - firstSlot);
    const end = Math.min(amounts.length, Math.ceil(to / QUARTER_MS) - firstSlot);
    for (let place = begin; place < end; place++) {
      const start = (firstSlot + place) * QUARTER_MS;
      const share = measured[place] as number;
      // Of the quarter hour that is running, what was measured is all there is.
      if (share > 0) measuredMs += Math.min(share * QUARTER_MS, to - start, start + QUARTER_MS - from, to - from);
      // The first quarter hour of all belongs to the range that cuts it, or its beginning would be nobody's.
      if (start < from && place > 0) continue;
      const amount = amounts[place] as number;
      if (Number.isNaN(amount)) continue;
      counts += amount;
      isKnown = true;
    }
    for (const event of counter.events) if (event.at < to && event.until >= from) events.add(event.kind);
  }
  const wholeMs = (to - from) * counters.length;
  const coveragePercent = wholeMs === 0 ? 0 : Math.min(100, (100 * measuredMs) / wholeMs);
  return { from, to, value: isKnown ? counts / scale : null, coveragePercent, events: [...events] };
}

/** Of the periods together: their values add up to it exactly. */
export function totalOf(counters: readonly QuarterHours[], range: Period, scale: number): PeriodSum {
  return sumPeriod(counters, range, scale);
}
