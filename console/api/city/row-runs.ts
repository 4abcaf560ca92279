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

/** Periods in rising order, apart or side by side. The runs do not overlap, and are in rising order. */
export function coarsestRuns(periods: readonly Period[], zone: string, settled: Settled, counters: number): Run[] {
  const [first, last] = [periods[0], periods.at(-1)];
  if (first === undefined || last === undefined) return [];
  const quarters = Math.ceil((last.to - first.from) / QUARTER_MS);
  if (quarters * counters <= FEW_ROWS) return [quarterRun(first.from, last.to)];
  const runs: Run[] = [];
  const add = (run: Run): void => {
    const before = runs.at(-1);
    const begin = before === undefined ? run.from : Math.max(run.from, before.to);
    if (begin >= run.to) return;
    if (before !== undefined && before.width === run.width && before.to === begin) {
      runs[runs.length - 1] = { ...before, to: run.to };
    } else runs.push({ ...run, from: begin });
  };
  for (const period of periods) for (const run of runsOf(period, zone, settled)) add(run);
  return runs;
}

function runsOf({ from, to }: Period, zone: string, settled: Settled): Run[] {
  const firstDay = startOfDay(from, zone) === from ? from : dayFrom(from, 1, zone);
  const lastDay = startOfDay(Math.min(to, settled.days), zone);
  if (firstDay >= lastDay) return hourRuns(from, to, settled);
  return [
    ...hourRuns(from, firstDay, settled),
    { width: '1d', from: firstDay, to: lastDay },
    ...hourRuns(lastDay, to, settled),
  ];
}

function hourRuns(from: number, to: number, settled: Settled): Run[] {
  if (from >= to) return [];
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
