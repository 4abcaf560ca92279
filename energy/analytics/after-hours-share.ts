/** After-hours share: how much was used while the site's schedule says that nobody was there. */
import { dayFrom, localDate, type Period, periodsIn, startOfDay, wallTime, weekdayOf } from '../calendar.ts';
import type { OpenHours } from '../findings/finding.ts';
import { completenessOf, type Figure, given, MINIMUM, refused, tooIncomplete } from './figure.ts';
import { type Interval, intervalsIn, isMeasured } from './interval.ts';

export interface AfterHours {
  /** Used outside the hours of use, in the unit of the carrier. */
  readonly afterHours: number;
  /** Used altogether, in the measured time. */
  readonly total: number;
  /** `afterHours` over `total`, 0 to 1. */
  readonly share: number;
  /** Share of the measured time that lies outside the hours of use: what `share` would be of even use. */
  readonly shareOfTime: number;
}

export interface AfterHoursQuery {
  readonly intervals: readonly Interval[];
  readonly period: Period;
  readonly zone: string;
  /** Of the site; undefined when it has none. */
  readonly schedule: OpenHours | undefined;
  /** Dates such as 2026-07-04 on which the site is closed all day. */
  readonly holidays?: ReadonlySet<string> | undefined;
}

/** An interval that opening or closing cuts is divided by time. 90 % of the period must be measured. */
export function afterHoursShare(query: AfterHoursQuery): Figure<AfterHours> {
  const { intervals, period, zone, schedule, holidays = new Set<string>() } = query;
  const completeness = completenessOf(intervals, period);
  if (schedule === undefined) return refused('no-schedule', completeness);
  const reason = tooIncomplete(completeness, MINIMUM.afterHours);
  if (reason !== undefined) return refused(reason, completeness);
  const open = openTimes(schedule, holidays, period, zone);
  let [afterHours, total, closedMs, wholeMs] = [0, 0, 0, 0];
  let place = 0;
  for (const interval of intervalsIn(intervals, period)) {
    if (!isMeasured(interval)) continue;
    while ((open[place]?.to ?? Infinity) <= interval.start) place++;
    const lengthMs = interval.end - interval.start;
    const outsideMs = lengthMs - overlapMs(open, place, interval);
    afterHours += (interval.value * outsideMs) / lengthMs;
    total += interval.value;
    closedMs += outsideMs;
    wholeMs += lengthMs;
  }
  if (!(total > 0)) return refused('nothing-used', completeness);
  return given({ afterHours, total, share: afterHours / total, shareOfTime: closedMs / wholeMs }, completeness);
}

function overlapMs(open: readonly Period[], from: number, { start, end }: Interval): number {
  let sum = 0;
  for (let place = from; place < open.length; place++) {
    const period = open[place] as Period;
    if (period.from >= end) break;
    sum += Math.max(0, Math.min(end, period.to) - Math.max(start, period.from));
  }
  return sum;
}

/** The hours of use that touch the period, in order, by the clock on the wall. */
function openTimes(schedule: OpenHours, holidays: ReadonlySet<string>, period: Period, zone: string): Period[] {
  const days = periodsIn({ from: startOfDay(period.from, zone), to: dayFrom(period.to - 1, 1, zone) }, 'day', zone);
  return days
    .filter(({ from }) => schedule.days.includes(weekdayOf(from, zone)) && !holidays.has(localDate(from, zone)))
    .map(({ from }) => ({
      from: wallTime(from, minutesOf(schedule.open), zone),
      to: wallTime(from, minutesOf(schedule.close), zone),
    }));
}

function minutesOf(civilTime: string): number {
  const [hours, minutes] = civilTime.split(':');
  return Number(hours) * 60 + Number(minutes);
}
