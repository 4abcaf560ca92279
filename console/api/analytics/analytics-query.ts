/** What is asked of /api/analytics: which site, of what, from when to when. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import type { Period } from '../../../energy/calendar.ts';
import { CARRIERS } from '../../../energy/carriers.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import { civilInstant, resolveRange } from '../city/energy-query.ts';
import { RequestError } from '../request-error.ts';

/** Two years and a day: quarter hours of it are read. */
const MOST_DAYS = 732;
const DAY_MS = 86_400_000;

export const analyticsQuery = z.strictObject({
  site: idSchema,
  carrier: z.enum(CARRIERS).default('electricity'),
  from: civilInstant.prefault('-30d'),
  to: civilInstant.prefault('now'),
  gwp: z.string().max(100).default('AR5').describe('Global warming potentials: AR4, AR5, AR6'),
});
export type AnalyticsQuery = z.output<typeof analyticsQuery>;

/** In whole quarter hours that are over. Throws RequestError. */
export function analysedPeriod(query: Pick<AnalyticsQuery, 'from' | 'to'>, now: number, zone: string): Period {
  const asked = resolveRange(query, now, zone);
  const from = Math.ceil(asked.from / QUARTER_MS) * QUARTER_MS;
  const to = Math.floor(Math.min(asked.to, now) / QUARTER_MS) * QUARTER_MS;
  if (from >= to) throw new RequestError('to', 'holds no quarter hour that is over; choose a longer time, in the past');
  const days = (to - from) / DAY_MS;
  if (days > MOST_DAYS) throw new RequestError('from', `is ${Math.ceil(days)} days before "to", ${MOST_DAYS} at most`);
  return { from, to };
}
