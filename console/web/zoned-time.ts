/** Instants as a wall clock at the site shows them, in its IANA zone; never in the reader's. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${zone} ${key}`;
  let known = formats.get(id);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
    formats.set(id, known);
  }
  return known;
}

/** `14:05` */
export function zonedMinute(epochMs: number, zone: string): string {
  return format(zone, 'minute', { hour: '2-digit', minute: '2-digit' }).format(epochMs);
}

/** `Sun 1 Nov` */
export function zonedDay(epochMs: number, zone: string): string {
  return format(zone, 'day', { weekday: 'short', day: 'numeric', month: 'short' }).format(epochMs).replace(',', '');
}

/** `Nov 2026` */
export function zonedMonth(epochMs: number, zone: string): string {
  return format(zone, 'month', { month: 'short', year: 'numeric' }).format(epochMs);
}

/** `Sun 1 Nov, 14:05` */
export function zonedDayMinute(epochMs: number, zone: string): string {
  return `${zonedDay(epochMs, zone)}, ${zonedMinute(epochMs, zone)}`;
}

/** `2026-11-01 14:05:30`, which spreadsheets take for a time. */
export function zonedStamp(epochMs: number, zone: string): string {
  return new Date(epochMs + zoneOffsetMs(epochMs, zone)).toISOString().slice(0, 19).replace('T', ' ');
}

/** `14:05:09`; with the day when it is another one than `now` is. */
export function zonedMoment(epochMs: number, zone: string, now: number): string {
  const time = format(zone, 'second', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(epochMs);
  return zonedDay(epochMs, zone) === zonedDay(now, zone) ? time : `${zonedDay(epochMs, zone)}, ${time}`;
}

/** `EST` */
export function zoneShort(zone: string, epochMs: number): string {
  // Only the American locale knows EST and EDT by name; en-GB would say GMT-5.
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(epochMs);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

/** `Local time, America/New_York (EST)` */
export function zoneLabel(zone: string, epochMs: number): string {
  const short = zoneShort(zone, epochMs);
  return `Local time, ${zone.replaceAll('_', ' ')}${short === zone ? '' : ` (${short})`}`;
}

/** Milliseconds that the zone's wall clock is ahead of UTC. */
export function zoneOffsetMs(epochMs: number, zone: string): number {
  const parts = format(zone, 'parts', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(epochMs);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(epochMs / 1_000) * 1_000;
}

/** The instant when the same wall clock stood a number of days earlier: 23 and 25 hour days are days. */
export function daysEarlier(epochMs: number, days: number, zone: string): number {
  const guess = epochMs - days * 86_400_000;
  return guess + zoneOffsetMs(epochMs, zone) - zoneOffsetMs(guess, zone);
}

/** The site's midnight at or before an instant. */
export function midnightBefore(epochMs: number, zone: string): number {
  const wall = epochMs + zoneOffsetMs(epochMs, zone);
  const guess = epochMs - (((wall % 86_400_000) + 86_400_000) % 86_400_000);
  return guess + zoneOffsetMs(epochMs, zone) - zoneOffsetMs(guess, zone);
}
