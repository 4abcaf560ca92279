/** What is asked of /api/energy: whose consumption, of what, from when to when, in which periods. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import {
  billingPeriods,
  fiscalYearsIn,
  PERIODS,
  type Period,
  periodsIn,
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
/** Thirty years: days, months and years are read from rows of days. */
const MOST_DAYS = 30 * 366;
const MOST_ROWS = 36_000;
const MOST_DATES = 400;
/** Rows of roll-ups that one answer may read, of all its meters together. */
const MOST_ROWS_READ = 300_000;

export const ENERGY_PERIODS = [...PERIODS, 'week', 'quarter', 'year', 'fiscal-year'] as const;
export type EnergyPeriod = (typeof ENERGY_PERIODS)[number];

const ROWS_A_DAY: Readonly<Partial<Record<EnergyPeriod, number>>> = { '15m': 96, hour: 24 };
const DAY_MS = 86_400_000;

export type CivilInstant = Instant | { readonly word: 'today' | 'month' } | { readonly date: string };

export const civilInstant = z
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
  every: z
    .enum(ENERGY_PERIODS)
    .default('day')
    .describe(
      'Days, weeks, months, quarters and years are civil in the zone of the site; fiscal years are those of the city',
    ),
  date: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.split(',') : value),
      z.array(z.iso.date()).min(2).max(MOST_DATES),
    )
    .optional()
    .describe(
      'Dates on which the meter was read (`2026-01-14,2026-02-12`): billing periods in place of from, to and every',
    ),
  format: formatParameter,
});

export interface AskedPeriods {
  /** From the first to the last of them. */
  readonly range: Period;
  /** In order, side by side. */
  readonly periods: readonly Period[];
  /** As it was asked for, or `dates`. */
  readonly every: string;
}

/** Throws RequestError when the range is empty, too long, or gives too many rows. */
export function resolvePeriods(
  query: Pick<z.infer<typeof energyQuery>, 'from' | 'to' | 'every' | 'date'>,
  now: number,
  zone: string,
  fiscalYearStart: number,
): AskedPeriods {
  const { every, date } = query;
  if (date !== undefined) {
    const periods = billed(date, zone);
    return { range: { from: periods[0]?.from ?? 0, to: periods.at(-1)?.to ?? 0 }, periods, every: 'dates' };
  }
  const range = resolveRange(query, now, zone);
  const days = (range.to - range.from) / DAY_MS;
  const rows = days * (ROWS_A_DAY[every] ?? 1);
  if (rows > MOST_ROWS) {
    throw new RequestError('every', `gives about ${Math.ceil(rows)} rows, ${MOST_ROWS} at most; choose longer periods`);
  }
  const periods = every === 'fiscal-year' ? fiscalYearsIn(range, fiscalYearStart, zone) : periodsIn(range, every, zone);
  return { range, periods, every };
}

/** Throws RequestError when the range is empty or too long. */
export function resolveRange(
  query: { readonly from: CivilInstant; readonly to: CivilInstant },
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
  return { from, to };
}

/** Throws RequestError when so many meters would need too many rows. */
export function checkSize(meters: number, { from, to }: Period, every: string): void {
  const days = Math.ceil((to - from) / DAY_MS);
  if (meters * days * (ROWS_A_DAY[every as EnergyPeriod] ?? 1) <= MOST_ROWS_READ) return;
  throw new RequestError(
    'from',
    `asks for ${meters} meters over ${days} days by ${every}, which is too much at once: ask for fewer sites, a shorter time or longer periods`,
  );
}

function billed(dates: readonly string[], zone: string): Period[] {
  try {
    return billingPeriods(dates, zone);
  } catch (error) {
    if (error instanceof RangeError) throw new RequestError('date', error.message);
    throw error;
  }
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
