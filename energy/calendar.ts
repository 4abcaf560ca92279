/** Civil time: the days, months, hours and quarter hours of a zone, with days of 23, 24 and 25 hours. */
import { DateTime } from 'luxon';
import { QUARTER_MS } from './counter-rules.ts';

export const PERIODS = ['15m', 'hour', 'day', 'month'] as const;
export type PeriodWidth = (typeof PERIODS)[number];

/** Weeks are those of ISO 8601, from Monday; quarters begin in January, April, July and October. */
export const CIVIL_WIDTHS = ['day', 'week', 'month', 'quarter', 'year'] as const;
export type CivilWidth = (typeof CIVIL_WIDTHS)[number];

/** Epoch milliseconds, `to` exclusive. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

const HOUR_MS = 4 * QUARTER_MS;

/** Local midnight of the day that an instant lies in, epoch milliseconds; the first instant of a day without midnight. */
export function startOfDay(time: number, zone: string): number {
  return DateTime.fromMillis(time, { zone }).startOf('day').toMillis();
}

export function startOfMonth(time: number, zone: string): number {
  return DateTime.fromMillis(time, { zone }).startOf('month').toMillis();
}

/** Local midnight `days` after (or before) the day of an instant. */
export function dayFrom(time: number, days: number, zone: string): number {
  if (days === 1) {
    const known = nextMidnights.get(zone)?.get(time);
    if (known !== undefined) return known;
  }
  return DateTime.fromMillis(time, { zone }).startOf('day').plus({ days }).startOf('day').toMillis();
}

/** By zone and midnight: whoever adds a year up asks for each of its days, and asking luxon costs some 0.1 ms. */
const nextMidnights = new Map<string, Map<number, number>>();
const MOST_MIDNIGHTS = 20_000;

/** The midnight after a midnight; quicker than `dayFrom` where many ask for the same days. */
export function nextMidnight(midnight: number, zone: string): number {
  let ofZone = nextMidnights.get(zone);
  if (ofZone === undefined || ofZone.size >= MOST_MIDNIGHTS) {
    ofZone = new Map();
    nextMidnights.set(zone, ofZone);
  }
  const known = ofZone.get(midnight);
  if (known !== undefined) return known;
  const next = dayFrom(midnight, 1, zone);
  ofZone.set(midnight, next);
  return next;
}

/** Midnight of a date such as 2026-11-01; undefined when there is no such day. */
export function startOfDate(date: string, zone: string): number | undefined {
  const day = DateTime.fromISO(date, { zone });
  return /^\d{4}-\d{2}-\d{2}$/.test(date) && day.isValid ? day.startOf('day').toMillis() : undefined;
}

/** The instant at `minutes` after midnight by the wall clock of the day that begins at `day`. */
export function wallTime(day: number, minutes: number, zone: string): number {
  const start = DateTime.fromMillis(day, { zone });
  if (minutes >= 1_440) return start.plus({ days: 1 }).startOf('day').toMillis();
  return start.set({ hour: Math.floor(minutes / 60), minute: minutes % 60 }).toMillis();
}

/** 0 is Sunday. */
export function weekdayOf(time: number, zone: string): number {
  return DateTime.fromMillis(time, { zone }).weekday % 7;
}

export function today(now: number, zone: string): Period {
  return { from: startOfDay(now, zone), to: now };
}

/** The same weekday of last week, from midnight up to the same time by the wall clock. */
export function sameWeekdayLastWeek(now: number, zone: string): Period {
  const then = DateTime.fromMillis(now, { zone }).minus({ days: 7 });
  return { from: then.startOf('day').toMillis(), to: then.toMillis() };
}

/**
 * The periods that [from, to) consists of, in order, without a hole; the first and the last are cut at its ends.
 * Hours and quarter hours are counted from local midnight.
 */
export function periodsIn(range: Period, width: PeriodWidth | CivilWidth, zone: string): Period[] {
  if (!(range.from < range.to)) return [];
  if (width !== 'hour' && width !== '15m') return civilPeriods(range, width, zone);
  const periods: Period[] = [];
  const stepMs = width === 'hour' ? HOUR_MS : QUARTER_MS;
  for (const day of civilPeriods(wholeDays(range, zone), 'day', zone)) {
    for (let from = day.from; from < day.to; from += stepMs) {
      const to = Math.min(from + stepMs, day.to);
      if (to > range.from && from < range.to) {
        periods.push({ from: Math.max(from, range.from), to: Math.min(to, range.to) });
      }
    }
  }
  return periods;
}

function wholeDays({ from, to }: Period, zone: string): Period {
  return { from: startOfDay(from, zone), to: dayFrom(to - 1, 1, zone) };
}

function civilPeriods(range: Period, width: CivilWidth, zone: string): Period[] {
  const periods: Period[] = [];
  if (width === 'day') {
    for (let from = startOfDay(range.from, zone); from < range.to; from = nextMidnight(from, zone)) {
      periods.push({ from: Math.max(from, range.from), to: Math.min(nextMidnight(from, zone), range.to) });
    }
    return periods;
  }
  let start = DateTime.fromMillis(range.from, { zone }).startOf(width);
  while (start.toMillis() < range.to) {
    const next = start.plus({ [width]: 1 }).startOf(width);
    periods.push({ from: Math.max(start.toMillis(), range.from), to: Math.min(next.toMillis(), range.to) });
    start = next;
  }
  return periods;
}

/** The whole period that an instant lies in: its day of 23 to 25 hours, its week, month, quarter or year. */
export function periodAt(time: number, width: CivilWidth, zone: string): Period {
  const start = DateTime.fromMillis(time, { zone }).startOf(width);
  return {
    from: start.toMillis(),
    to: start
      .plus({ [width]: 1 })
      .startOf(width)
      .toMillis(),
  };
}

/** Such as 2026-W45. */
export function isoWeek(time: number, zone: string): string {
  return DateTime.fromMillis(time, { zone }).toFormat("kkkk-'W'WW");
}

/**
 * A fiscal year, named after the calendar year in which it ends: 2027 with `startMonth` 7 (July) is July 2026 to June
 * 2027. With 1 it is the calendar year.
 */
export function fiscalYear(year: number, startMonth: number, zone: string): Period {
  const start = (of: number) =>
    DateTime.fromObject({ year: of, month: startMonth }, { zone }).startOf('month').toMillis();
  const first = startMonth === 1 ? year : year - 1;
  return { from: start(first), to: start(first + 1) };
}

/** The name of the fiscal year that an instant lies in. */
export function fiscalYearAt(time: number, startMonth: number, zone: string): number {
  const { year, month } = DateTime.fromMillis(time, { zone });
  return startMonth > 1 && month >= startMonth ? year + 1 : year;
}

/** The fiscal years that a range consists of, in order; the first and the last are cut at its ends. */
export function fiscalYearsIn(range: Period, startMonth: number, zone: string): Period[] {
  const periods: Period[] = [];
  if (!(range.from < range.to)) return periods;
  const last = fiscalYearAt(range.to - 1, startMonth, zone);
  for (let year = fiscalYearAt(range.from, startMonth, zone); year <= last; year++) {
    const { from, to } = fiscalYear(year, startMonth, zone);
    periods.push({ from: Math.max(from, range.from), to: Math.min(to, range.to) });
  }
  return periods;
}

/**
 * Billing periods between the dates on which a meter was read (2026-01-14, 2026-02-12, …): each begins at midnight of
 * one date and ends at midnight of the next. Throws RangeError, naming the date, when one is no date or they do not rise.
 */
export function billingPeriods(dates: readonly string[], zone: string): Period[] {
  const starts = dates.map((date, place) => {
    const start = startOfDate(date, zone);
    if (start === undefined) throw new RangeError(`"${date}" is not a date such as 2026-01-31`);
    if (place > 0 && date <= (dates[place - 1] as string)) {
      throw new RangeError(`the date ${date} must lie after ${dates[place - 1]}, the one before it`);
    }
    return start;
  });
  return starts.slice(1).map((to, place) => ({ from: starts[place] as number, to }));
}

/** Such as `Tuesday 3 November, 14:05`. */
export function inWords(time: number, zone: string): string {
  return DateTime.fromMillis(time, { zone, locale: 'en-GB' }).toFormat('cccc d LLLL, HH:mm');
}

/** ISO 8601 with the offset of the zone, without seconds where there are none. */
export function localIso(time: number, zone: string): string {
  return DateTime.fromMillis(time, { zone }).toISO({ suppressSeconds: true, suppressMilliseconds: true }) ?? '';
}

/** Such as 2026-11-01. */
export function localDate(time: number, zone: string): string {
  return DateTime.fromMillis(time, { zone }).toFormat('yyyy-MM-dd');
}
