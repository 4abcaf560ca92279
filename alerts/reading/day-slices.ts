/**
 * In which pieces the rows of a day are read, so that no answer is large: several small sites together, one after the
 * other for the most, and a large one in stretches of the day.
 */
import type { Period } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';

/** Some 20 ms of the event loop, and a few megabytes. */
export const ROWS_AT_ONCE = 5_000;
const SITES_AT_ONCE = 64;
const DAY_QUARTERS = 96;

/** Sites that are read together; `seriesOf`: how many series a site has. */
export function siteGroups<T>(sites: readonly T[], seriesOf: (site: T) => number): T[][] {
  const groups: T[][] = [];
  let series = Number.POSITIVE_INFINITY;
  for (const site of sites) {
    const more = seriesOf(site);
    const group = groups.at(-1);
    if (group === undefined || group.length >= SITES_AT_ONCE || (series + more) * DAY_QUARTERS > ROWS_AT_ONCE) {
      groups.push([site]);
      series = more;
    } else {
      group.push(site);
      series += more;
    }
  }
  return groups;
}

/** Stretches of a period, of whole quarter hours, in order; one, where its series are few. */
export function stretchesOf({ from, to }: Period, series: number): Period[] {
  const quarters = Math.max(1, Math.floor(ROWS_AT_ONCE / Math.max(1, series)));
  const stretches: Period[] = [];
  for (let begin = from; begin < to; begin += quarters * QUARTER_MS) {
    stretches.push({ from: begin, to: Math.min(to, begin + quarters * QUARTER_MS) });
  }
  return stretches;
}
