/** The figures of a site's quarter hours and of its civil day. */
import type { FigureCarrier, SiteFigure } from '../../contract/site-figures.ts';
import { afterHoursShare } from '../analytics/after-hours-share.ts';
import { dayBase } from '../analytics/base-load.ts';
import type { Interval } from '../analytics/interval.ts';
import { localDate, type Period } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { FactorError } from '../emissions/find-factor.ts';
import { type SiteTables, siteEmissions } from '../emissions/site-emissions.ts';
import type { OpenHours } from '../findings/finding.ts';
import { holidayDates, SITE_HOLIDAYS } from '../tariffs/holidays.ts';
import type { Tariff } from '../tariffs/tariff.ts';
import { energyCost } from './energy-cost.ts';
import { metersOf, type SiteMeter } from './site-meter.ts';
import { type SiteQuarter, scaleOfCarrier, siteQuarters } from './site-quarters.ts';

export interface SiteDayInput {
  readonly site: string;
  readonly carrier: FigureCarrier;
  /** All counters of the site. */
  readonly meters: readonly SiteMeter[];
  /** From midnight to midnight in `zone`. */
  readonly day: Period;
  /** End of the quarter hours that are over, epoch milliseconds: of a day that is running there is no more yet. */
  readonly until: number;
  readonly zone: string;
  readonly schedule: OpenHours | undefined;
  /** The versions of the tariff that the carrier is paid by; none when nobody has said. */
  readonly tariffs: readonly Tariff[];
  /** By which emissions are counted; absent: the usual factors. */
  readonly factors?: SiteTables | undefined;
}

export interface CountedFigure extends SiteFigure {
  /** Meters that belong to the site. */
  readonly meters: number;
}

export interface SiteDay {
  readonly day: CountedFigure;
  readonly quarters: readonly CountedFigure[];
}

const HOLIDAYS = holidayDates(SITE_HOLIDAYS);
const NOTHING_OF_DAYS = { peak: null, peakAt: null, base: null, afterHours: null, cost: null, kgCO2e: null };

/** Undefined when the site has no meter of the carrier. Throws a RangeError for tariffs that overlap. */
export function siteDay(input: SiteDayInput): SiteDay | undefined {
  const meters = metersOf(input.meters, input.carrier);
  if (meters.length === 0) return undefined;
  return siteDayOf(siteQuarters(meters, overOf(input), input.carrier), input);
}

/** The same of quarter hours that were made before: all of the day that are over, in order. */
export function siteDayOf(quarters: readonly SiteQuarter[], input: Omit<SiteDayInput, 'meters'>): SiteDay {
  const { site, carrier, day, zone, schedule, tariffs } = input;
  const scale = scaleOfCarrier(carrier);
  const period = overOf(input);
  const intervals = quarters.map((quarter) => intervalOf(quarter, scale));
  const total = sumOf(quarters, scale);
  const peak = peakOf(quarters, scale);
  const usesEnergy = carrier === 'electricity' || carrier === 'load' || carrier === 'gas' || carrier === 'heat';
  return {
    quarters: quarters.map((quarter) => ({
      site,
      carrier,
      start: quarter.start,
      ...sumOf([quarter], scale),
      ...NOTHING_OF_DAYS,
    })),
    day: {
      site,
      carrier,
      start: day.from,
      ...total,
      peak: peak?.peak ?? null,
      peakAt: peak?.at ?? null,
      base: dayBase(intervals, day),
      afterHours: usesEnergy
        ? (afterHoursShare({ intervals, period, zone, schedule, holidays: HOLIDAYS }).value?.afterHours ?? null)
        : null,
      cost: energyCost(tariffs, intervals, period),
      kgCO2e: emissionsOf(carrier, total.consumption, Number(localDate(day.from, zone).slice(0, 4)), input.factors),
    },
  };
}

/** The part of the day that is over. */
function overOf({ day, until }: Pick<SiteDayInput, 'day' | 'until'>): Period {
  return { from: day.from, to: Math.min(day.to, until) };
}

function sumOf(
  quarters: readonly SiteQuarter[],
  scale: number,
): Pick<CountedFigure, 'consumption' | 'interpolated' | 'estimated' | 'coverage' | 'meters'> {
  let [counts, interpolated, estimated, covered, meterQuarters, meters] = [0, 0, 0, 0, 0, 0];
  let isKnown = false;
  for (const quarter of quarters) {
    covered += quarter.coverage * quarter.meters;
    meterQuarters += quarter.meters;
    meters = Math.max(meters, quarter.meters);
    if (quarter.counts === null) continue;
    isKnown = true;
    counts += quarter.counts;
    interpolated += quarter.interpolatedCounts;
    estimated += quarter.estimatedCounts;
  }
  return {
    consumption: isKnown ? counts / scale : null,
    interpolated: isKnown ? interpolated / scale : null,
    estimated: isKnown ? estimated / scale : null,
    coverage: meterQuarters === 0 ? 0 : Math.min(100, covered / meterQuarters),
    meters,
  };
}

/** What analytics reads: known when all meters are. */
function intervalOf(quarter: SiteQuarter, scale: number): Interval {
  const { start, counts, isWhole, coverage, interpolatedCounts, estimatedCounts } = quarter;
  const end = start + QUARTER_MS;
  if (counts === null || !isWhole) {
    return { start, end, value: null, measuredShare: 0, interpolated: 0, estimated: 0 };
  }
  return {
    start,
    end,
    value: counts / scale,
    measuredShare: coverage / 100,
    interpolated: interpolatedCounts / scale,
    estimated: estimatedCounts / scale,
  };
}

/** Of the quarter hours that were wholly measured; the earliest of several equal ones. */
function peakOf(quarters: readonly SiteQuarter[], scale: number): { peak: number; at: number } | undefined {
  let found: { readonly counts: number; readonly at: number } | undefined;
  for (const { start, counts, isMeasured } of quarters) {
    if (!isMeasured || counts === null) continue;
    if (found === undefined || counts > found.counts) found = { counts, at: start };
  }
  return found && { peak: (found.counts * (3_600_000 / QUARTER_MS)) / scale, at: found.at };
}

/** Of a year before the first vintage of a factor, and by a set that there is not, nothing is known. */
function emissionsOf(
  carrier: FigureCarrier,
  consumption: number | null,
  year: number,
  factors: SiteTables | undefined,
): number | null {
  if (carrier === 'load' || consumption === null) return null;
  try {
    return siteEmissions(carrier, consumption, year, factors)?.kgCO2e ?? null;
  } catch (error) {
    if (error instanceof FactorError) return null;
    throw error;
  }
}
