/** The months that a report can be asked for. */

/** As many as fit into a list that nobody has to search. */
const MONTHS = 24;

export interface Month {
  /** Such as 2026-10. */
  readonly id: string;
  readonly words: string;
}

/** What is said of a month in the list of them. */
export interface KnownMonth extends Month {
  /** Share of the time that was measured so far, percent; undefined until it is known. */
  readonly measured: number | undefined;
}

/** The newest month that is over and of which something is known; else the running one; the last one until that is known. */
export function monthToBegin(months: readonly KnownMonth[]): string {
  const [running, ...over] = months;
  if (months.every(({ measured }) => measured === undefined)) return over[0]?.id ?? '';
  return (over.find(({ measured = 0 }) => measured > 0) ?? running)?.id ?? '';
}

/** The running month of the site and those before it, newest first. */
export function monthsBack(now: number, zone: string): Month[] {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit' }).formatToParts(
    now,
  );
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const name = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' });
  return Array.from({ length: MONTHS }, (_, back) => {
    const first = new Date(Date.UTC(part('year'), part('month') - 1 - back));
    return { id: first.toISOString().slice(0, 7), words: name.format(first) };
  });
}
