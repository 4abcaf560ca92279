/** What a site took in each hour of the clock on the wall: what a picture of weekdays and hours is made of. */
import { localClock } from '../analytics/local-clock.ts';
import type { CountedFigure } from './site-day.ts';

export const HOURS_OF_DAY = 24;
const QUARTERS_AN_HOUR = 4;

export interface LoadHours {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** By hour of the day: what was taken in its known quarter hours, in the carrier's unit, … */
  readonly amounts: readonly number[];
  /** … and how long those are, hours: 1, 2 in the hour that is repeated, 0 where nothing is known or there is none. */
  readonly known: readonly number[];
}

/** Of the quarter hours of one civil day. */
export function loadHours(quarters: readonly CountedFigure[], day: number, zone: string): LoadHours {
  const clock = localClock(zone);
  const amounts = new Array<number>(HOURS_OF_DAY).fill(0);
  const known = new Array<number>(HOURS_OF_DAY).fill(0);
  for (const { start, consumption } of quarters) {
    if (consumption === null) continue;
    const hour = Math.floor(clock(start).minutes / 60);
    amounts[hour] = (amounts[hour] ?? 0) + consumption;
    known[hour] = (known[hour] ?? 0) + 1 / QUARTERS_AN_HOUR;
  }
  return { weekday: clock(day).weekday, amounts, known };
}
