/**
 * What the use of a period costs by tariff: lines as on a bill, their total, and how much of the use is known. Of a part
 * of a month fixed and demand charges and the ends of blocks are taken by its share of the month's days; a change of
 * tariff within the period splits it at midnight.
 */
import { type Completeness, completenessOf, type Figure, given, MINIMUM, refused } from '../analytics/figure.ts';
import type { Interval } from '../analytics/interval.ts';
import { localDate, type Period } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { type BillingPart, billingParts } from './billing-parts.ts';
import { type CostLine, costLine } from './cost-line.ts';
import { demandLines } from './demand-lines.ts';
import { energyLines } from './energy-lines.ts';
import type { Tariff } from './tariff.ts';
import { knowsHolidays, tariffClock } from './tariff-clock.ts';

export interface CostQuery {
  /** The versions of one tariff, in any order; no two may be valid at once. */
  readonly tariffs: readonly Tariff[];
  /**
   * In the unit of the meter, in order; quarter hours where the tariff tells hours apart or bills demand. Those before
   * the period serve the peak of a month that began before it, and ratchets.
   */
  readonly intervals: readonly Interval[];
  readonly period: Period;
  /** Billing periods by dates, which hold the period without a hole; absent: civil months. */
  readonly billingPeriods?: readonly Period[] | undefined;
}

/** What must be known of a cost besides its completeness. */
export const COST_NOTES = {
  'example-tariff': 'The tariff is an example: replace it by your own.',
  'second-hand-tariff': 'The figures of the tariff come from a secondary source: check them against the tariff sheet.',
  'holidays-not-listed':
    'The list of holidays does not reach so far: a holiday may have been counted as a working day.',
  'ratchet-not-known': 'The months that the ratchet looks back at are not all known: the demand may be too low.',
} as const;
export type CostNote = keyof typeof COST_NOTES;

export interface Cost {
  /** In order of time. Of what is known, also where the total is not given. */
  readonly lines: readonly CostLine[];
  /** Sum of the lines, not rounded; refused below 95 % known, and where demand is billed below 90 % measured. */
  readonly total: Figure<number>;
  /** Undefined when there is no tariff at all. */
  readonly currency: string | undefined;
  readonly notes: readonly CostNote[];
}

/** Throws a RangeError for tariffs that overlap or have several currencies, and for billing periods with a hole. */
export function cost({ tariffs, intervals, period, billingPeriods }: CostQuery): Cost {
  const currencies = [...new Set(tariffs.map(({ currency }) => currency))];
  if (currencies.length > 1) throw new RangeError(`Tariffs in ${currencies.join(' and ')} have no sum.`);
  const completeness = completenessOf(intervals, period);
  const zone = tariffs[0]?.zone ?? 'UTC';
  const parts = billingParts(tariffs, period, zone, billingPeriods);
  const clocks = new Map(tariffs.map((tariff) => [tariff, tariffClock(tariff)]));
  const lines: CostLine[] = [];
  const notes = new Set<CostNote>();
  const used = new Set<Tariff>();
  for (const part of parts) {
    const { tariff } = part;
    const clock = tariff && clocks.get(tariff);
    if (tariff === undefined || clock === undefined) continue;
    used.add(tariff);
    const demand = demandLines(part, tariff, intervals, period.to, clock);
    lines.push(...energyLines(part, tariff, intervals, clock), ...demand.lines, ...fixedLines(part, tariff));
    if (!demand.isRatchetKnown) notes.add('ratchet-not-known');
    if (!knowsHolidays(tariff, localDate(part.from, zone), localDate(part.to - 1, zone)))
      notes.add('holidays-not-listed');
    if (tariff.example === true) notes.add('example-tariff');
    if (tariff.check !== undefined) notes.add('second-hand-tariff');
  }
  const total = (): Figure<number> => {
    if (used.size === 0 || parts.some(({ tariff }) => tariff === undefined)) return refused('no-tariff', completeness);
    const reason = refusalOf(completeness, [...used], intervals);
    if (reason !== undefined) return refused(reason, completeness);
    return given(
      lines.reduce((sum, { amount }) => sum + amount, 0),
      completeness,
    );
  };
  return { lines, total: total(), currency: currencies[0], notes: [...notes] };
}

function refusalOf({ known, measured }: Completeness, tariffs: readonly Tariff[], intervals: readonly Interval[]) {
  const billsDemand = tariffs.some(({ demand = [] }) => demand.length > 0);
  const tellsHours = tariffs.some(({ windows = [] }) => windows.length > 0);
  const isFine = intervals.every(({ start, end }) => end - start === QUARTER_MS && start % QUARTER_MS === 0);
  if ((billsDemand || tellsHours) && !isFine) return 'needs-quarter-hours';
  if (known === 0) return 'nothing-known';
  if (known < MINIMUM.cost || (billsDemand && measured < MINIMUM.peak)) return 'too-incomplete';
  return undefined;
}

function fixedLines(part: BillingPart, tariff: Tariff): CostLine[] {
  return (tariff.fixed ?? []).map(({ name: what, per_month, per_day }) =>
    per_month === undefined
      ? costLine(part, tariff, { kind: 'fixed', what, quantity: part.days, unit: 'day', rate: per_day ?? 0 })
      : costLine(part, tariff, { kind: 'fixed', what, quantity: part.months, unit: 'month', rate: per_month }),
  );
}
