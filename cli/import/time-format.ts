/** Time cells: ISO 8601, a count since 1970, or a pattern such as `MM/dd/yyyy HH:mm`. */
import { LamplighterError } from '../../contract/error-codes.ts';

export interface ReadTime {
  /** Epoch milliseconds of the wall clock as if it were UTC; the instant itself when `isInstant`. */
  readonly ms: number;
  readonly isInstant: boolean;
}

/** Undefined for a text that is no time in the format, or no date that exists. */
export type TimeFormat = (text: string) => ReadTime | undefined;

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const COUNT = /^-?\d+(\.\d+)?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What a part of a pattern matches and which field it sets. */
const PARTS: Readonly<Record<string, readonly [regex: string, set: (fields: Fields, text: string) => void]>> = {
  yyyy: ['\\d{4}', (fields, text) => (fields.year = Number(text))],
  yy: ['\\d{2}', (fields, text) => (fields.year = 2_000 + Number(text))],
  MMM: ['[A-Za-z]{3}', (fields, text) => (fields.month = MONTHS.indexOf(text.toLowerCase()) + 1)],
  MM: ['\\d{2}', (fields, text) => (fields.month = Number(text))],
  M: ['\\d{1,2}', (fields, text) => (fields.month = Number(text))],
  dd: ['\\d{2}', (fields, text) => (fields.day = Number(text))],
  d: ['\\d{1,2}', (fields, text) => (fields.day = Number(text))],
  HH: ['\\d{2}', (fields, text) => (fields.hour = Number(text))],
  H: ['\\d{1,2}', (fields, text) => (fields.hour = Number(text))],
  hh: ['0[1-9]|1[0-2]', (fields, text) => (fields.hour = Number(text) % 12)],
  h: ['0?[1-9]|1[0-2]', (fields, text) => (fields.hour = Number(text) % 12)],
  mm: ['\\d{2}', (fields, text) => (fields.minute = Number(text))],
  ss: ['\\d{2}', (fields, text) => (fields.second = Number(text))],
  SSS: ['\\d{3}', (fields, text) => (fields.millisecond = Number(text))],
  a: ['[AaPp]\\.?[Mm]\\.?', (fields, text) => (fields.hour += /^p/i.test(text) ? 12 : 0)],
};
const NEEDED = [/y/, /M/, /d/, /H|h/];

/** @throws LamplighterError `bad-request` for a pattern that names no time. */
export function timeFormat(name: string): TimeFormat {
  if (name === 'iso') return readIso;
  if (name === 'epoch-ms') return (text) => readCount(text, 1);
  if (name === 'epoch-s') return (text) => readCount(text, 1_000);
  return patternFormat(name);
}

function readIso(text: string): ReadTime | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const ms = msOf({
    year: Number(match[1]),
    month: Number(match[2]),
    day: Number(match[3]),
    hour: Number(match[4] ?? 0),
    minute: Number(match[5] ?? 0),
    second: Number(match[6] ?? 0),
    millisecond: match[7] === undefined ? 0 : Math.floor(Number(`0.${match[7]}`) * 1_000),
  });
  if (ms === undefined) return undefined;
  const offset = match[8];
  if (offset === undefined) return { ms, isInstant: false };
  if (offset === 'Z' || offset === 'z') return { ms, isInstant: true };
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 18 || minutes > 59) return undefined;
  const away = (hours * 60 + minutes) * 60_000;
  return { ms: offset.startsWith('-') ? ms + away : ms - away, isInstant: true };
}

function readCount(text: string, perUnit: number): ReadTime | undefined {
  if (!COUNT.test(text)) return undefined;
  const ms = Math.round(Number(text) * perUnit);
  return Number.isSafeInteger(ms) ? { ms, isInstant: true } : undefined;
}

function patternFormat(pattern: string): TimeFormat {
  const setters: ((fields: Fields, text: string) => void)[] = [];
  let regex = '';
  for (const [part] of pattern.matchAll(/([A-Za-z])\1*|[^A-Za-z]/g)) {
    const known = PARTS[part];
    // A lone T between date and time is what ISO 8601 has there.
    if (known === undefined && /[A-Za-z]/.test(part) && part !== 'T') throw unknownPart(pattern, part);
    if (known === undefined) regex += part.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
    else {
      regex += `(${known[0]})`;
      setters.push(known[1]);
    }
  }
  const isTwelveHour = /(^|[^h])h{1,2}([^h]|$)/.test(pattern);
  if (!NEEDED.every((needed) => needed.test(pattern)) || isTwelveHour !== pattern.includes('a')) {
    throw new LamplighterError(
      'bad-request',
      `--time-format "${pattern}" must name year, month, day and hour (HH, or hh with a), such as "MM/dd/yyyy HH:mm".`,
    );
  }
  const whole = new RegExp(`^${regex}$`);
  return (text) => {
    const match = whole.exec(text);
    if (match === null) return undefined;
    const fields: Fields = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, millisecond: 0 };
    // The half of the day is added to the hour, so it comes after it.
    const order = setters.map((set, index) => ({ set, text: match[index + 1] ?? '', isHalf: set === PARTS.a?.[1] }));
    for (const { set, text: part } of order.filter(({ isHalf }) => !isHalf)) set(fields, part);
    for (const { set, text: part } of order.filter(({ isHalf }) => isHalf)) set(fields, part);
    const ms = msOf(fields);
    return ms === undefined ? undefined : { ms, isInstant: false };
  };
}

function unknownPart(pattern: string, part: string): LamplighterError {
  const known = Object.keys(PARTS).join(' ');
  return new LamplighterError(
    'bad-request',
    `--time-format "${pattern}": "${part}" is unknown. Take iso, epoch-ms, epoch-s or a pattern of: ${known}.`,
  );
}

/** Undefined when there is no such date or time. */
function msOf({ year, month, day, hour, minute, second, millisecond }: Fields): number | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 || year < 1970) return undefined;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  // The 30th of February would have become the 2nd of March.
  return new Date(ms).getUTCDate() === day ? ms : undefined;
}
