/** Which rows some periods are read from: civil days where whole ones fit, else hours, and quarter hours at the edges. Pure. */
import type { RollUpWidth } from '../../../contract/roll-up.ts';
import { dayFrom, type Period, startOfDay } from '../../../energy/calendar.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';

/** A stretch that is read in one question. */
export interface Run extends Period {
  readonly width: RollUpWidth;
}

export interface Settled {
  /** Rows of days, or hours, that end after this are not whole yet. */
  readonly days: number;
  readonly hours: number;
}

const HOUR_MS = 4 * QUARTER_MS;
/** So few quarter hours of all counters together are read in one question, however they could be divided. */
const FEW_ROWS = 1_000;

/** Where the periods of a range end inside it: rows may not reach over their ends. */
export type Borders = 'midnight' | 'hour' | 'any';

/** The runs lie side by side, in rising order. `counters`: how many will be read. */
export function coarsestRuns(
  { from, to }: Period,
  { zone, borders, settled, counters }: { zone: string; borders: Borders; settled: Settled; counters: number },
): Run[] {
  if (!(from < to)) return [];
  if (borders === 'any') return [quarterRun(from, to)];
  const hours = (begin: number, end: number) => hourRuns(begin, end, settled, counters);
  if (borders === 'hour') return hours(from, to);
  const firstDay = startOfDay(from, zone) === from ? from : dayFrom(from, 1, zone);
  const lastDay = startOfDay(Math.min(to, settled.days), zone);
  if (firstDay >= lastDay) return hours(from, to);
  return [...hours(from, firstDay), { width: '1d', from: firstDay, to: lastDay }, ...hours(lastDay, to)];
}

/** Hours are those of UTC: where local ones begin elsewhere, they do not fit. */
export function bordersOf(periods: readonly Period[], isWholeDays: boolean): Borders {
  if (isWholeDays || periods.length < 2) return 'midnight';
  return periods.every(({ from }, place) => place === 0 || from % HOUR_MS === 0) ? 'hour' : 'any';
}

function hourRuns(from: number, to: number, settled: Settled, counters: number): Run[] {
  if (from >= to) return [];
  if (((to - from) / QUARTER_MS) * counters <= FEW_ROWS) return [quarterRun(from, to)];
  const firstHour = Math.ceil(from / HOUR_MS) * HOUR_MS;
  const lastHour = Math.floor(Math.min(to, settled.hours) / HOUR_MS) * HOUR_MS;
  if (firstHour >= lastHour) return [quarterRun(from, to)];
  const runs: Run[] = [];
  if (from < firstHour) runs.push(quarterRun(from, firstHour));
  runs.push({ width: '1h', from: firstHour, to: lastHour });
  if (lastHour < to) runs.push(quarterRun(lastHour, to));
  return runs;
}

/** Whole quarter hours that hold the stretch. */
function quarterRun(from: number, to: number): Run {
  return {
    width: '15m',
    from: Math.floor(from / QUARTER_MS) * QUARTER_MS,
    to: Math.ceil(to / QUARTER_MS) * QUARTER_MS,
  };
}
