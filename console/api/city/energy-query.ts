/** What is asked of /api/energy: whose consumption, of what, from when to when, in which periods. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import {
  PERIODS,
  type Period,
  type PeriodWidth,
  startOfDate,
  startOfDay,
  startOfMonth,
} from '../../../energy/calendar.ts';
import { CARRIERS } from '../../../energy/carriers.ts';
import { formatParameter } from '../csv-reply.ts';
import { deviceParameter } from '../device-pattern.ts';
import { type Instant, parseInstant, resolveInstant } from '../instant.ts';
import { isoTime } from '../iso-time.ts';
import { RequestError } from '../request-error.ts';

const MOST_SITES = 200;
/** Two years and a day, so that a year is compared with the one before. */
const MOST_DAYS = 732;
const MOST_ROWS = 36_000;
/** Days of devices: what one answer may read. */
export const MOST_DEVICE_DAYS = 20_000;
const DAY_MS = 86_400_000;

type CivilInstant = Instant | { readonly word: 'today' | 'month' } | { readonly date: string };

const civilInstant = z
  .string()
  .max(60)
  .transform((text, context): CivilInstant => {
    if (text === 'today' || text === 'month') return { word: text };
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return { date: text };
    const instant = parseInstant(text.replace(/^(\d{4}-\d{2}-\d{2}T[\d:.]+) (\d{2}:?\d{2})$/, '$1+$2'));
    if (instant !== undefined) return instant;
    context.addIssue({
      code: 'custom',
      message: `"${text}" is no instant; write a day of the site (2026-11-01), today, month, ISO 8601 with an offset, epoch milliseconds, or a distance from now (-7d)`,
    });
    return z.NEVER;
  })
  .describe(
    '`today` and `month` begin at local midnight; a day (`2026-11-01`) is one of the site; or ISO 8601 with an offset, epoch milliseconds, `now`, `-7d`',
  );

export const energyQuery = z.strictObject({
  site: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(idSchema).min(1).max(MOST_SITES))
    .optional()
    .describe('Repeat it for several'),
  device: deviceParameter.optional(),
  carrier: z.enum(CARRIERS).default('electricity'),
  from: civilInstant.prefault('today'),
  to: civilInstant.prefault('now'),
  every: z.enum(PERIODS).default('day').describe('Days and months are civil in the zone of the site'),
  format: formatParameter,
});

/** Throws RequestError when the range is empty, too long, or gives too many rows. */
export function resolveRange(
  query: { readonly from: CivilInstant; readonly to: CivilInstant; readonly every: PeriodWidth },
  now: number,
  zone: string,
): Period {
  const from = resolve('from', query.from, now, zone);
  const to = resolve('to', query.to, now, zone);
  if (from >= to) {
    throw new RequestError('from', `must lie before "to" (${isoTime(from)} is not before ${isoTime(to)})`);
  }
  const days = (to - from) / DAY_MS;
  if (days > MOST_DAYS) throw new RequestError('from', `is ${Math.ceil(days)} days before "to", ${MOST_DAYS} at most`);
  const rows = days * (query.every === '15m' ? 96 : query.every === 'hour' ? 24 : 1);
  if (rows > MOST_ROWS) {
    throw new RequestError('every', `gives about ${Math.ceil(rows)} rows, ${MOST_ROWS} at most; choose longer periods`);
  }
  return { from, to };
}

function resolve(field: string, instant: CivilInstant, now: number, zone: string): number {
  if ('word' in instant) return instant.word === 'today' ? startOfDay(now, zone) : startOfMonth(now, zone);
  if ('date' in instant) {
    const start = startOfDate(instant.date, zone);
    if (start === undefined) throw new RequestError(field, `"${instant.date}" is no day of the calendar`);
    return start;
  }
  return resolveInstant(instant, now);
}
