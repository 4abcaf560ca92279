/**
 * Weather-normal change: use of a period against what the site of a year before would have used in the weather of this
 * period. The model is fitted to the 365 days before the period (CalTRACK 2, 3.6: avoided use, with the opposite sign).
 * It says nothing when the fit is too poor.
 */
import { dayFrom, type Period, periodsIn, startOfDay } from '../calendar.ts';
import { type DailyModel, fitDailyModel, type ModelDay, predictDay } from './daily-model.ts';
import type { DailyTemperature } from './daily-temperature.ts';
import { completenessOf, type Figure, given, MINIMUM, refused } from './figure.ts';
import { type Interval, intervalsIn } from './interval.ts';

const BASELINE_DAYS = 365;
/** At most 37 of the 365 days may be missing (CalTRACK 2, 2.2.1.2). */
const LEAST_BASELINE_DAYS = 328;
/**
 * Limits of ASHRAE Guideline 14 for models of hourly data, the looser ones, because daily use follows the week that the
 * model does not know (monthly data: 15 % and 5 %).
 */
export const GUIDELINE_14 = { cvRmse: 0.3, nmbe: 0.1 } as const;

export interface WeatherNormalChange {
  /** Used in the days that were compared, and what the earlier year would have used in their weather. */
  readonly observed: number;
  readonly expected: number;
  /** observed − expected: below 0 is a saving. */
  readonly change: number;
  readonly changePercent: number;
  readonly daysCompared: number;
  readonly daysAsked: number;
}

export interface WeatherNormalQuery {
  /** Of the year before the period and of the period, of any width up to a day. */
  readonly intervals: readonly Interval[];
  /** Of the same stretch. */
  readonly temperatures: readonly DailyTemperature[];
  /** Begins and ends at local midnight; a begun last day is left out. */
  readonly period: Period;
  readonly zone: string;
  /** False for gas, which does not cool; true when absent. */
  readonly cooling?: boolean | undefined;
}

export interface WeatherNormal {
  readonly figure: Figure<WeatherNormalChange>;
  /** Undefined when too few days of the baseline are known to fit one; otherwise given even where it is too poor. */
  readonly model: DailyModel | undefined;
  readonly baseline: Period;
  readonly baselineDays: number;
}

/** Days of which use (to 90 %) or temperature is not known are left out on both sides. */
export function weatherNormalChange(query: WeatherNormalQuery): WeatherNormal {
  const { intervals, temperatures, zone, cooling } = query;
  const period = { from: startOfDay(query.period.from, zone), to: startOfDay(query.period.to, zone) };
  const baseline = { from: dayFrom(period.from, -BASELINE_DAYS, zone), to: startOfDay(period.from, zone) };
  const completeness = completenessOf(intervals, period);
  const celsiusOf = new Map(temperatures.map(({ from, celsius }) => [from, celsius]));
  const known = knownDays(intervals, baseline, celsiusOf, zone);
  const days = knownDays(intervals, period, celsiusOf, zone);
  const daysAsked = periodsIn(period, 'day', zone).length;
  const isLongEnough = known.length >= LEAST_BASELINE_DAYS;
  const model = isLongEnough ? fitDailyModel(known, { cooling }) : undefined;
  const figure = (): Figure<WeatherNormalChange> => {
    if (completeness.known === 0) return refused('nothing-known', completeness);
    if (model === undefined || days.length === 0 || days.length < MINIMUM.pairs * daysAsked) {
      return refused('too-few-days', completeness);
    }
    if (!isGoodFit(model)) return refused('fit-too-poor', completeness);
    const observed = days.reduce((sum, { use }) => sum + use, 0);
    const expected = days.reduce((sum, { celsius }) => sum + predictDay(model, celsius), 0);
    const change = observed - expected;
    const changePercent = (100 * change) / expected;
    return given({ observed, expected, change, changePercent, daysCompared: days.length, daysAsked }, completeness);
  };
  return { figure: figure(), model, baseline, baselineDays: known.length };
}

/** Whether a model may speak: CV(RMSE) and NMBE within the limits. */
export function isGoodFit({ metrics }: DailyModel): boolean {
  const { cvRmseAdjusted, nmbe } = metrics;
  // Relative to a mean of 0 or below (a site that feeds in more than it takes) errors say nothing.
  return cvRmseAdjusted >= 0 && cvRmseAdjusted <= GUIDELINE_14.cvRmse && Math.abs(nmbe) <= GUIDELINE_14.nmbe;
}

function knownDays(
  intervals: readonly Interval[],
  period: Period,
  celsiusOf: ReadonlyMap<number, number | null>,
  zone: string,
): ModelDay[] {
  return periodsIn(period, 'day', zone).flatMap((day) => {
    const celsius = celsiusOf.get(day.from) ?? null;
    const { known } = completenessOf(intervals, day);
    if (celsius === null || known < MINIMUM.day) return [];
    // What is missing of a day is filled with the mean of what is there (CalTRACK 2, 2.2.2.1).
    const use = intervalsIn(intervals, day).reduce((sum, { value }) => sum + (value ?? 0), 0) / known;
    return [{ use, celsius }];
  });
}
