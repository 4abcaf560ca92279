/** Builders for intervals: a test says what each quarter hour took. */

import type { Interval } from '../../../energy/analytics/interval.ts';
import { dayFrom, type Period, startOfDate } from '../../../energy/calendar.ts';

export const BOSTON = 'America/New_York';
export const QUARTER = 900_000;
export const HOUR = 3_600_000;

export function midnight(date: string): number {
  return startOfDate(date, BOSTON)!;
}

/** From midnight of `date`, so many civil days. */
export function daysFrom(date: string, days: number): Period {
  return { from: midnight(date), to: dayFrom(midnight(date), days, BOSTON) };
}

export function anInterval(change: Partial<Interval> = {}): Interval {
  const start = change.start ?? midnight('2026-06-01');
  return { start, end: start + QUARTER, value: 1, measuredShare: 1, interpolated: 0, estimated: 0, ...change };
}

/** Quarter hours of a period; `kwh` says what each used, null for not known. */
export function quarters({ from, to }: Period, kwh: (start: number) => number | null, width = QUARTER): Interval[] {
  const intervals: Interval[] = [];
  for (let start = from; start < to; start += width) {
    const value = kwh(start);
    intervals.push(anInterval({ start, end: start + width, value, measuredShare: value === null ? 0 : 1 }));
  }
  return intervals;
}
