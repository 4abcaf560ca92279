/** Which season and window of a tariff an instant lies in, by the clock of its zone. */
import { localClock } from '../analytics/local-clock.ts';
import { HOLIDAYS, holidayDates } from './holidays.ts';
import type { Tariff } from './tariff.ts';
import { isInSeason } from './tariff-faults.ts';

export interface TariffTime {
  /** Undefined when the tariff has no seasons. */
  readonly season: string | undefined;
  /** Undefined when the tariff has no windows. */
  readonly window: string | undefined;
}

/** The function keeps the day it was last asked about: rising order is fast. */
export function tariffClock(tariff: Tariff): (time: number) => TariffTime {
  const { seasons = [], windows = [], otherwise, zone } = tariff;
  const holidays = new Set(tariff.holiday_dates);
  if (tariff.holidays !== undefined) for (const date of holidayDates(tariff.holidays)) holidays.add(date);
  const rows = windows.map((row) => ({ ...row, fromMinutes: minutesOf(row.from), toMinutes: minutesOf(row.to) }));
  const clock = localClock(zone);
  return (time) => {
    const { date, weekday, minutes } = clock(time);
    const day = date.slice(5);
    const season = seasons.find((row) => isInSeason(row, day))?.name;
    const isHoliday = holidays.has(date);
    const found = rows.find(
      (row) =>
        row.fromMinutes <= minutes &&
        minutes < row.toMinutes &&
        row.days.includes(weekday) &&
        (row.seasons === undefined || (season !== undefined && row.seasons.includes(season))) &&
        (!isHoliday || row.on_holidays === true),
    );
    return { season, window: found?.name ?? otherwise };
  };
}

/** Whether the tariff's list of holidays speaks of the days from `from` to `to`, both such as 2026-07-04. */
export function knowsHolidays({ holidays }: Tariff, from: string, to: string): boolean {
  const list = holidays === undefined ? undefined : HOLIDAYS.get(holidays);
  return list === undefined || (list.from <= from && to <= list.to);
}

/** Whether a charge applies then. */
export function applies(
  charge: { readonly windows?: readonly string[] | undefined; readonly seasons?: readonly string[] | undefined },
  { season, window }: TariffTime,
): boolean {
  const { seasons, windows } = charge;
  return (
    (seasons === undefined || (season !== undefined && seasons.includes(season))) &&
    (windows === undefined || (window !== undefined && windows.includes(window)))
  );
}

function minutesOf(civilTime: string): number {
  const [hours, minutes] = civilTime.split(':');
  return Number(hours) * 60 + Number(minutes);
}
