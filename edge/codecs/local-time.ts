/** Civil time to UTC for devices that write local time without an offset. */
import { instantsOf } from '../../runtime/zone.ts';

export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/**
 * The instant (epoch milliseconds) at which clocks in `zone` show `local`.
 *
 * In the hour that is repeated when clocks go back there are two: the one nearer to `nearMs` is taken. In the hour that
 * is skipped when clocks go forward there is none: a clock that shows it has not been put forward yet, so the offset
 * before the change holds. Throws a RangeError for an unknown zone.
 */
export function localToUtc(local: LocalTime, zone: string, nearMs: number): number {
  const { instants, beforeChange } = instantsOf(utcOf(local), zone);
  const [first, second] = instants;
  if (first === undefined) return beforeChange;
  if (second === undefined) return first;
  return Math.abs(first - nearMs) <= Math.abs(second - nearMs) ? first : second;
}

function utcOf({ year, month, day, hour, minute, second, millisecond }: LocalTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * An ISO 8601 date and time, local in `zone` when it names no offset, as epoch milliseconds.
 * Undefined when it is no such text, or no such date exists.
 */
export function parseTime(text: string, zone: string, nearMs: number): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millisecond = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1_000);
  const local = { year, month, day, hour, minute, second, millisecond };
  const asIfUtc = utcOf(local);
  const isReal = year >= 1970 && new Date(asIfUtc).toISOString().startsWith(text.slice(0, 19));
  if (!isReal) return undefined;
  const offset = match[8];
  if (offset === undefined) return localToUtc(local, zone, nearMs);
  if (offset === 'Z') return asIfUtc;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return asIfUtc - (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}
