/**
 * Daily mean outdoor temperature from hourly means, by local midnight (CalTRACK 2, 3.3). Missing hours: a run of at most
 * 6 is filled linearly between its neighbours (CalTRACK 2, 2.2.4.1); a day counts when more than half of its hours were
 * measured (2.2.2.1) and, after filling, none is missing. A longer hole leaves the day out: the rest of it would be
 * biased towards day or night.
 */
import { type Period, periodsIn } from '../calendar.ts';

export interface HourlyTemperature {
  /** Beginning of the hour, epoch milliseconds, a multiple of an hour UTC. */
  readonly start: number;
  /** Mean of the hour, °C; null when it is not known. */
  readonly celsius: number | null;
}

export interface DailyTemperature extends Period {
  /** Mean of the day, °C; null when too much of it is missing. */
  readonly celsius: number | null;
  /** Hours of the day that were measured, and that it has. */
  readonly measuredHours: number;
  readonly hours: number;
}

const HOUR_MS = 3_600_000;
const LONGEST_FILL = 6;
const LEAST_MEASURED = 0.5;

/** The days that `period` consists of. Hours that are not handed over are missing; those around the period help to fill. */
export function dailyTemperatures(
  hourly: readonly HourlyTemperature[],
  period: Period,
  zone: string,
): readonly DailyTemperature[] {
  const measured = new Map<number, number>();
  for (const { start, celsius } of hourly) if (celsius !== null) measured.set(start, celsius);
  const days = periodsIn(period, 'day', zone);
  return days.map(({ from, to }) => {
    let [sum, hours, measuredHours, isWhole] = [0, 0, 0, true];
    // Zones that are off by half an hour: an hour belongs to the day in which it begins.
    for (let start = Math.ceil(from / HOUR_MS) * HOUR_MS; start < to; start += HOUR_MS) {
      hours++;
      const value = measured.get(start);
      if (value !== undefined) measuredHours++;
      const celsius = value ?? filled(measured, start);
      if (celsius === undefined) isWhole = false;
      else sum += celsius;
    }
    const isKnown = isWhole && measuredHours > LEAST_MEASURED * hours;
    return { from, to, celsius: isKnown ? sum / hours : null, measuredHours, hours };
  });
}

/** Between the nearest measured hours, when no more than 6 are missing between them. */
function filled(measured: ReadonlyMap<number, number>, start: number): number | undefined {
  for (let back = 1; back <= LONGEST_FILL; back++) {
    const before = measured.get(start - back * HOUR_MS);
    if (before === undefined) continue;
    for (let ahead = 1; back + ahead - 1 <= LONGEST_FILL; ahead++) {
      const after = measured.get(start + ahead * HOUR_MS);
      if (after !== undefined) return before + ((after - before) * back) / (back + ahead);
    }
    return undefined;
  }
  return undefined;
}
