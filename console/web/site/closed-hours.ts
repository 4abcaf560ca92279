/** When a building is closed, so that a load at night can be told from one by day. */
import type { SiteDetailReply } from '../city/replies.ts';
import { midnightBefore, zoneOffsetMs } from '../zoned-time.ts';

const DAY = 86_400_000;

/** Stretches between `from` and `to` outside of the schedule, epoch milliseconds; in the site's civil time. */
export function closedHours(
  schedule: NonNullable<SiteDetailReply['schedule']>,
  zone: string,
  from: number,
  to: number,
): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  let closedFrom = from;
  // From noon to noon, so that a day of 23 or 25 hours never skips one.
  for (let noon = midnightBefore(from, zone) - DAY / 2; noon < to + 2 * DAY; noon += DAY) {
    const midnight = midnightBefore(noon, zone);
    const weekday = new Date(midnight + zoneOffsetMs(midnight, zone)).getUTCDay();
    if (!schedule.days.includes(weekday)) continue;
    const opens = atTime(midnight, schedule.open, zone);
    const until = atTime(midnight, schedule.close, zone);
    const closes = until <= opens ? until + DAY : until;
    if (closes <= from || opens >= to) continue;
    if (opens > closedFrom) spans.push([closedFrom, opens]);
    closedFrom = Math.max(closedFrom, closes);
  }
  if (closedFrom < to) spans.push([closedFrom, to]);
  return spans;
}

/** The instant of a wall clock time such as 07:30 on the day that begins at `midnight`. */
function atTime(midnight: number, time: string, zone: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const guess = midnight + hours * 3_600_000 + minutes * 60_000;
  return guess + zoneOffsetMs(midnight, zone) - zoneOffsetMs(guess, zone);
}
