/** Charges by the highest quarter hour of the billing month, with an optional ratchet over the months before it. */
import { DateTime } from 'luxon';
import { completenessOf, MINIMUM } from '../analytics/figure.ts';
import { demandOf, type Interval, intervalsIn, isMeasured } from '../analytics/interval.ts';
import type { Period } from '../calendar.ts';
import type { BillingPart } from './billing-parts.ts';
import { type CostLine, costLine } from './cost-line.ts';
import type { DemandCharge, Tariff } from './tariff.ts';
import { applies, type TariffTime } from './tariff-clock.ts';

export interface DemandLines {
  readonly lines: readonly CostLine[];
  /** Whether the months that a ratchet looks back at are known. */
  readonly isRatchetKnown: boolean;
}

/**
 * The peak is that of the whole billing month as far as `intervals` and `until` reach, so that a change of tariff within
 * it does not hide it; it is charged for the part's share of the month.
 */
export function demandLines(
  part: BillingPart,
  tariff: Tariff,
  intervals: readonly Interval[],
  until: number,
  clock: (time: number) => TariffTime,
): DemandLines {
  let isRatchetKnown = true;
  const lines = (tariff.demand ?? []).flatMap((charge) => {
    const month = { from: part.month.from, to: Math.min(part.month.to, until) };
    const ownPeak = peakOf(charge, tariff, intervals, month, clock);
    const { ratchet } = charge;
    const before = ratchet === undefined ? undefined : monthsBefore(part.month, ratchet.months, tariff.zone);
    const earlierPeak = before && peakOf(charge, tariff, intervals, before, clock);
    if (before !== undefined && completenessOf(intervals, before).measured < MINIMUM.peak) isRatchetKnown = false;
    // A charge of a season or window that the part has nothing of is not due.
    if (ownPeak === undefined || !isDue(charge, intervals, part, clock)) return [];
    const ratcheted = Math.max(ownPeak, (ratchet?.share ?? 0) * (earlierPeak ?? 0));
    const quantity = Math.max(0, Math.max(ratcheted, charge.minimum ?? 0) - (charge.above ?? 0));
    const { name: what, rate } = charge;
    return [
      costLine(part, tariff, { kind: 'demand', what, quantity, unit: demandUnit(tariff), rate, months: part.months }),
    ];
  });
  return { lines, isRatchetKnown };
}

function demandUnit({ unit }: Tariff): string {
  return unit === 'kWh' ? 'kW' : `${unit}/h`;
}

function peakOf(
  charge: DemandCharge,
  tariff: Tariff,
  intervals: readonly Interval[],
  period: Period,
  clock: (time: number) => TariffTime,
): number | undefined {
  let peak: number | undefined;
  for (const interval of intervalsIn(intervals, period)) {
    if (!isMeasured(interval) || !applies(charge, clock(interval.start))) continue;
    const demand = demandOf(interval) * (tariff.units_per_meter_unit ?? 1);
    if (peak === undefined || demand > peak) peak = demand;
  }
  return peak;
}

function isDue(
  charge: DemandCharge,
  intervals: readonly Interval[],
  part: BillingPart,
  clock: (time: number) => TariffTime,
): boolean {
  return intervalsIn(intervals, part).some(({ start }) => applies(charge, clock(start)));
}

function monthsBefore({ from }: Period, months: number, zone: string): Period {
  return { from: DateTime.fromMillis(from, { zone }).minus({ months }).toMillis(), to: from };
}
