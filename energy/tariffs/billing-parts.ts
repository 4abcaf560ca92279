/** The stretches of a period in which one tariff, season and billing month hold: a change of any begins a new one. */
import { DateTime } from 'luxon';
import { dayFrom, type Period, startOfDate, startOfMonth } from '../calendar.ts';
import type { Tariff } from './tariff.ts';

export interface BillingPart extends Period {
  /** Undefined when no tariff is valid. */
  readonly tariff: Tariff | undefined;
  /** The whole month, or billing period by dates, that it lies in. */
  readonly month: Period;
  /** Days that it is long, and share of the month's days: 1 for a whole month. */
  readonly days: number;
  readonly months: number;
}

/**
 * In order. `months` are billing periods by dates that hold the period without a hole; absent: civil months.
 * Throws a RangeError when two of the tariffs are valid at once, or when a billing period is missing.
 */
export function billingParts(
  tariffs: readonly Tariff[],
  period: Period,
  zone: string,
  months?: readonly Period[] | undefined,
): BillingPart[] {
  const spans = tariffs
    .map((tariff) => ({ tariff, ...validityOf(tariff) }))
    .sort((one, other) => one.from - other.from);
  for (const [place, { tariff, from }] of spans.entries()) {
    const before = spans[place - 1];
    if (before === undefined || before.to <= from) continue;
    throw new RangeError(
      `Tariff ${before.tariff.id} (${before.tariff.revision}) is still valid when ${tariff.id} (${tariff.revision}) ` +
        `begins on ${tariff.valid_from}. Give the earlier one a valid_to.`,
    );
  }
  const parts: BillingPart[] = [];
  let from = period.from;
  while (from < period.to) {
    const month = months === undefined ? civilMonth(from, zone) : billingPeriod(from, months);
    const span = spans.find((candidate) => candidate.from <= from && from < candidate.to);
    const next = span?.to ?? Math.min(...spans.map((candidate) => candidate.from).filter((begin) => begin > from));
    const to = Math.min(period.to, month.to, next, nextSeason(span?.tariff, from));
    const days = daysBetween(from, to, zone);
    parts.push({ from, to, tariff: span?.tariff, month, days, months: days / daysBetween(month.from, month.to, zone) });
    from = to;
  }
  return parts;
}

/** From midnight of valid_from to the end of valid_to; for ever where that is absent. */
function validityOf({ valid_from, valid_to, zone }: Tariff): Period {
  const last = valid_to === undefined ? undefined : startOfDate(valid_to, zone);
  return { from: startOfDate(valid_from, zone) ?? 0, to: last === undefined ? Infinity : dayFrom(last, 1, zone) };
}

/** The next first day of a season after an instant; Infinity without seasons. */
function nextSeason(tariff: Tariff | undefined, time: number): number {
  if (tariff?.seasons === undefined) return Infinity;
  const { zone, seasons } = tariff;
  const { year } = DateTime.fromMillis(time, { zone });
  const begins = [year, year + 1].flatMap((of) => seasons.map(({ from }) => startOfDate(`${of}-${from}`, zone)));
  return Math.min(...begins.filter((begin) => begin !== undefined).filter((begin) => begin > time));
}

function civilMonth(time: number, zone: string): Period {
  const from = startOfMonth(time, zone);
  return { from, to: DateTime.fromMillis(from, { zone }).plus({ months: 1 }).startOf('month').toMillis() };
}

function billingPeriod(time: number, months: readonly Period[]): Period {
  const found = months.find(({ from, to }) => from <= time && time < to);
  if (found !== undefined) return found;
  throw new RangeError(`No billing period holds ${new Date(time).toISOString()}. Give periods without a hole.`);
}

/** Civil days: one of 23 or 25 hours is one day. */
function daysBetween(from: number, to: number, zone: string): number {
  return DateTime.fromMillis(to, { zone }).diff(DateTime.fromMillis(from, { zone }), 'days').days;
}
