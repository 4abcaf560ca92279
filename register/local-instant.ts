/**
 * Dates as people write them in the manifest, and the instants they mean in a zone.
 *
 * A date is its local midnight; a time without an offset is local. A time that a clock change leaves out means the
 * instant after the gap, one that comes twice means its first occurrence (as RFC 5545 §3.3.5 has it).
 */
import { instantsOf, offsetMs } from '../runtime/zone.ts';

const TEXT = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Epoch milliseconds; undefined when the text is no date or time, such as 2026-02-30. */
export function parseInstant(text: string, zone: string): number | undefined {
  const match = TEXT.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset] = match;
  const fields = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}`;
  const asUtc = Date.parse(`${fields}Z`);
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString() !== `${fields}Z`) return undefined;
  if (offset === undefined) return localToInstant(asUtc, zone);
  const instant = Date.parse(`${fields}${offset}`);
  return Number.isNaN(instant) ? undefined : instant;
}

/** A text that `parseInstant` reads back as the same instant: the date alone where that suffices. */
export function formatInstant(instant: number, zone: string): string {
  const offset = offsetMs(zone, instant);
  const local = new Date(instant + offset).toISOString().slice(0, -1);
  const date = local.slice(0, 10);
  if (parseInstant(date, zone) === instant) return date;
  const time = local
    .slice(11)
    .replace(/\.000$/, '')
    .replace(/^(\d{2}:\d{2}):00$/, '$1');
  return `${date}T${time}${offsetText(offset)}`;
}

function localToInstant(local: number, zone: string): number {
  const { instants, beforeChange } = instantsOf(local, zone);
  return instants[0] ?? beforeChange;
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset) / 60_000;
  const two = (number: number) => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
