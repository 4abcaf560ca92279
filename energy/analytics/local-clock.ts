/** What the clock on the wall shows at many instants, without asking luxon for each. */
import { DateTime } from 'luxon';
import { dayFrom, localDate, startOfDay, weekdayOf } from '../calendar.ts';

export interface LocalTime {
  /** Such as 2026-11-01. */
  readonly date: string;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Shown minutes since midnight; the repeated hour of November shows the same ones twice. */
  readonly minutes: number;
}

interface LocalDay {
  readonly from: number;
  readonly to: number;
  readonly date: string;
  readonly weekday: number;
}

const DAY_MS = 86_400_000;

/** A function that remembers the days it was asked about: asking luxon costs a hundred times as much. */
export function localClock(zone: string): (time: number) => LocalTime {
  /** Local days by the days of UTC that they were asked for in: two at most, seldom three. */
  const daysByUtcDay = new Map<number, LocalDay[]>();
  const dayOf = (time: number): LocalDay => {
    const utcDay = Math.floor(time / DAY_MS);
    const known = daysByUtcDay.get(utcDay);
    const found = known?.find(({ from, to }) => from <= time && time < to);
    if (found !== undefined) return found;
    const from = startOfDay(time, zone);
    const day = { from, to: dayFrom(time, 1, zone), date: localDate(from, zone), weekday: weekdayOf(from, zone) };
    if (known === undefined) daysByUtcDay.set(utcDay, [day]);
    else known.push(day);
    return day;
  };
  return (time) => {
    const { from, to, date, weekday } = dayOf(time);
    if (to - from === DAY_MS) return { date, weekday, minutes: Math.floor((time - from) / 60_000) };
    const local = DateTime.fromMillis(time, { zone });
    return { date, weekday, minutes: local.hour * 60 + local.minute };
  };
}
