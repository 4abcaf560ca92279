/** Readings of a counter over a civil month, counted as the roll-up worker counts them, for tests of reports. */
import type { MeterEvent, RollUp } from '../../contract/roll-up.ts';
import { type Period, periodsIn, startOfDate } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import { countValues } from '../../energy/counting/count-values.ts';
import { counterFigures, foldRows } from '../../energy/counting/figures.ts';
import { type MeterFacts, meterRules } from '../../energy/counting/meter-rules.ts';
import { slotOf, startOfSlot } from '../../energy/counting/slots.ts';
import { wholeMonth } from '../../reports/report-month.ts';

export const BOSTON = 'America/New_York';

export function monthOf(month: string): Period {
  return wholeMonth(month, BOSTON)!;
}

/** `2026-11-10 14:00` by the clock in Boston, which must be no repeated hour. */
export function bostonTime(text: string): number {
  const [date = '', time = '00:00'] = text.split(' ');
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const noon = startOfDate(date, BOSTON)! + 12 * 3_600_000;
  const shown = new Intl.DateTimeFormat('en-GB', { timeZone: BOSTON, hour: '2-digit', minute: '2-digit' }).format(noon);
  const [shownHours = 0] = shown.split(':').map(Number);
  return noon + (hours - shownHours) * 3_600_000 + minutes * 60_000;
}

export interface CountedMeter {
  readonly site?: string;
  readonly gateway?: string;
  readonly device: string;
  readonly metric: string;
  readonly facts?: Omit<MeterFacts, 'metric'>;
  /** What the register showed at every quarter hour from the beginning of the month to its end; undefined: nothing. */
  readonly shows: (time: number, quarter: number) => number | undefined;
}

export interface CountedRows {
  readonly quarters: RollUp[];
  readonly days: RollUp[];
  readonly events: MeterEvent[];
}

export function countedMonth(period: Period, meter: CountedMeter): CountedRows {
  const { site = 'library', gateway = 'basement', device, metric } = meter;
  const rules = meterRules({ metric, intervalMs: QUARTER_MS, ...meter.facts });
  const times: number[] = [];
  const values: number[] = [];
  for (let time = period.from, quarter = 0; time <= period.to; time += QUARTER_MS, quarter++) {
    const value = meter.shows(time, quarter);
    if (value === undefined) continue;
    times.push(time);
    values.push(value);
  }
  const window = { firstSlot: slotOf(period.from), slots: (period.to - period.from) / QUARTER_MS };
  const input = {
    times: Float64Array.from(times),
    values: Float64Array.from(values),
    position: undefined,
    rules,
    window,
  };
  const counted = countValues(input);
  const key = { site, gateway, device, metric };
  const quarters = Array.from({ length: window.slots }, (_, place): RollUp => {
    return { ...key, start: startOfSlot(window.firstSlot + place), ...counterFigures(counted, place, rules) };
  }).filter(({ count, consumption }) => count > 0 || consumption !== null);
  const days = periodsIn(period, 'day', BOSTON).flatMap(({ from, to }): RollUp[] => {
    const rows = quarters.filter(({ start }) => start >= from && start < to);
    return rows.length === 0 ? [] : [{ ...key, start: from, ...foldRows(rows, { rules, wholeMs: to - from }) }];
  });
  return { quarters, days, events: counted.events.map((event) => ({ gateway, device, metric, ...event })) };
}
