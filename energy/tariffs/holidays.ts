/** Holidays as dated lists, each for the years that it covers: nothing is computed from rules that may change. */
import { z } from 'zod';
import tables from './tables/holidays.json' with { type: 'json' };

const holidayListSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  source: z.string().min(1),
  revision: z.string().min(1),
  retrieved: z.iso.date(),
  /** First and last day that the list speaks of. */
  from: z.iso.date(),
  to: z.iso.date(),
  dates: z.array(z.strictObject({ date: z.iso.date(), name: z.string().min(1) })),
});
export type HolidayList = z.infer<typeof holidayListSchema>;

/** By id: us-federal, massachusetts. */
export const HOLIDAYS: ReadonlyMap<string, HolidayList> = new Map(
  z
    .array(holidayListSchema)
    .parse(tables)
    .map((list) => [list.id, list]),
);

/** The list by which sites are closed whatever their schedule says: that of the state that they lie in. */
export const SITE_HOLIDAYS = 'massachusetts';

/** The dates of a list, such as 2026-07-04. Throws a RangeError that names the lists there are. */
export function holidayDates(id: string): ReadonlySet<string> {
  const list = HOLIDAYS.get(id);
  if (list !== undefined) return new Set(list.dates.map(({ date }) => date));
  throw new RangeError(`There is no list of holidays called ${id}. Choose one of ${[...HOLIDAYS.keys()].join(', ')}.`);
}
