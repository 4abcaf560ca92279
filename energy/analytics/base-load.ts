/**
 * Base load: what a building takes when it is least in use. Near-base load of a day is the 2.5th percentile of its
 * demand, which unlike the lowest value does not follow a single odd quarter hour (P. Price, Methods for Analyzing
 * Electric Load Shape and its Variability, LBNL-3713E, 2010; check the percentile against the primary). The base load
 * of several days is the median of theirs, so that one night with the lights on does not count.
 */
import { type Period, periodsIn } from '../calendar.ts';
import { completenessOf, type Figure, given, MINIMUM, refused } from './figure.ts';
import { demandOf, type Interval, intervalsIn, isMeasured, requireQuarters } from './interval.ts';
import { median, quantile } from './quantile.ts';

const NEAR_BASE = 0.025;

export interface BaseLoad {
  /** Unit per hour (kWh: kW). */
  readonly baseLoad: number;
  /** Days that it is made of, and days of the period. */
  readonly days: number;
  readonly daysAsked: number;
  /** Base load over the mean load of those days; null when that is not above 0. */
  readonly shareOfMean: number | null;
}

/** Of 15-minute intervals over local days; a day counts when 90 % of it was measured, and half of all days must count. */
export function baseLoad(intervals: readonly Interval[], period: Period, zone: string): Figure<BaseLoad> {
  requireQuarters(intervals, 'Base load');
  const completeness = completenessOf(intervals, period);
  const days = periodsIn(period, 'day', zone);
  const bases: number[] = [];
  let [sum, count] = [0, 0];
  for (const day of days) {
    const base = dayBase(intervals, day);
    if (base === null) continue;
    bases.push(base);
    for (const demand of demandsIn(intervals, day)) {
      sum += demand;
      count++;
    }
  }
  if (completeness.measured === 0) return refused('nothing-known', completeness);
  if (bases.length === 0 || bases.length < MINIMUM.days * days.length) return refused('too-few-days', completeness);
  const base = median(bases);
  const mean = sum / count;
  const shareOfMean = mean > 0 ? base / mean : null;
  return given({ baseLoad: base, days: bases.length, daysAsked: days.length, shareOfMean }, completeness);
}

/** Near-base load of one day in the unit per hour; null when less than 90 % of the day was measured. */
export function dayBase(intervals: readonly Interval[], day: Period): number | null {
  const demands = demandsIn(intervals, day);
  const isEnough = demands.length * 900_000 >= MINIMUM.day * (day.to - day.from);
  return isEnough && demands.length > 0 ? quantile(demands, NEAR_BASE) : null;
}

function demandsIn(intervals: readonly Interval[], period: Period): number[] {
  return intervalsIn(intervals, period).filter(isMeasured).map(demandOf);
}
