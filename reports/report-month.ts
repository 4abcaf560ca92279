/** The civil month of a site that a report is about. */
import { localDate, type Period, periodAt, startOfDate, startOfMonth } from '../energy/calendar.ts';
import { QUARTER_MS } from '../energy/counter-rules.ts';

/** Of the running month the last quarter hour is left out: it is rolled up a little after it is over. */
const SETTLED_MS = QUARTER_MS;

/** Such as 2026-10: the last month that is over at the site. */
export function lastFullMonth(now: number, zone: string): string {
  return localDate(startOfMonth(now, zone) - 1, zone).slice(0, 7);
}

/** From midnight of its first day to midnight after its last; undefined when `month` is none, such as 2026-13. */
export function wholeMonth(month: string, zone: string): Period | undefined {
  const first = /^\d{4}-\d{2}$/.test(month) ? startOfDate(`${month}-01`, zone) : undefined;
  return first === undefined ? undefined : periodAt(first, 'month', zone);
}

/** The whole month when it is over, and what is settled of it while it runs; empty (`from` is `to`) before it begins. */
export function reportedPart({ from, to }: Period, now: number): Period {
  const settled = Math.floor((now - SETTLED_MS) / QUARTER_MS) * QUARTER_MS;
  return now >= to ? { from, to } : { from, to: Math.max(from, Math.min(to, settled)) };
}
