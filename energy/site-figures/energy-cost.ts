/** What the use of a day costs by the unit: without demand and fixed charges, which no single day has. */
import type { Interval } from '../analytics/interval.ts';
import type { Period } from '../calendar.ts';
import { billingParts } from '../tariffs/billing-parts.ts';
import { energyLines } from '../tariffs/energy-lines.ts';
import type { Tariff } from '../tariffs/tariff.ts';
import { tariffClock } from '../tariffs/tariff-clock.ts';

/**
 * Of what is known, in the tariff's currency; the ends of monthly blocks are taken by the day's share of the month.
 * Null without a tariff, or when nothing is known. Throws a RangeError for tariffs that overlap.
 */
export function energyCost(tariffs: readonly Tariff[], intervals: readonly Interval[], period: Period): number | null {
  const [first] = tariffs;
  if (first === undefined || !(period.from < period.to)) return null;
  const lines = billingParts(tariffs, period, first.zone).flatMap((part) =>
    part.tariff === undefined ? [] : energyLines(part, part.tariff, intervals, tariffClock(part.tariff)),
  );
  return lines.length === 0 ? null : lines.reduce((sum, { amount }) => sum + amount, 0);
}
