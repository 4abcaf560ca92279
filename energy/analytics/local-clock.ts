/** What the clock on the wall shows at many instants in rising order, without asking luxon for each. */
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

const DAY_MS = 86_400_000;

/** A function that keeps the day it was last asked about; any order is right, rising order is fast. */
export function localClock(zone: string): (time: number) => LocalTime {
  let [from, to, date, weekday] = [0, 0, '', 0];
  return (time) => {
    if (time < from || time >= to) {
      from = startOfDay(time, zone);
      to = dayFrom(time, 1, zone);
      date = localDate(from, zone);
      weekday = weekdayOf(from, zone);
    }
    if (to - from === DAY_MS) return { date, weekday, minutes: Math.floor((time - from) / 60_000) };
    const local = DateTime.fromMillis(time, { zone });
    return { date, weekday, minutes: local.hour * 60 + local.minute };
  };
}
