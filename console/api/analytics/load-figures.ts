/** The shape of a load: base, peaks, evenness, after hours, the week, and against the week and the year before. */
import { afterHoursShare } from '../../../energy/analytics/after-hours-share.ts';
import { baseLoad } from '../../../energy/analytics/base-load.ts';
import { COMPARISONS, type ComparisonWith, comparePeriods } from '../../../energy/analytics/compare-periods.ts';
import type { Figure } from '../../../energy/analytics/figure.ts';
import type { Interval } from '../../../energy/analytics/interval.ts';
import { loadFactor, monthlyPeaks, type Peak, peakDemand } from '../../../energy/analytics/peak-demand.ts';
import { weeklyProfile } from '../../../energy/analytics/weekly-profile.ts';
import { localDate, localIso, type Period } from '../../../energy/calendar.ts';
import { holidayDates, SITE_HOLIDAYS } from '../../../energy/tariffs/holidays.ts';
import type { Site } from '../../../register/model.ts';
import { isoTime } from '../iso-time.ts';
import { completenessOf, type FigureReply, replyOf, tidy } from './figure-reply.ts';
import type { AnalyticsReply } from './replies-analytics.ts';

export interface LoadInput {
  readonly site: Site;
  readonly period: Period;
  /** Quarter hours of the period. */
  readonly intervals: readonly Interval[];
  readonly unit: string;
  readonly demandUnit: string;
}

type LoadReply = Pick<
  AnalyticsReply,
  'base_load' | 'peak' | 'monthly_peaks' | 'load_factor' | 'after_hours' | 'profile'
>;

export function loadFigures({ site, period, intervals, demandUnit }: LoadInput): LoadReply {
  const { zone, schedule } = site;
  const base = baseLoad(intervals, period, zone);
  const holidays = holidayDates(SITE_HOLIDAYS);
  const after = afterHoursShare({ intervals, period, zone, schedule, holidays });
  const profile = weeklyProfile(intervals, period, zone);
  const share = base.value?.shareOfMean ?? null;
  return {
    base_load: {
      ...replyOf(base, demandUnit, ({ baseLoad: value }) => value),
      days: base.value?.days ?? null,
      days_asked: base.value?.daysAsked ?? null,
      share_of_mean_percent: share === null ? null : tidy(100 * share),
    },
    peak: peakReply(peakDemand(intervals, period), demandUnit, zone),
    monthly_peaks: monthlyPeaks(intervals, period, zone).map(({ from, to, peak }) => ({
      month: localDate(from, zone).slice(0, 7),
      ...rangeReply({ from, to }),
      ...peakReply(peak, demandUnit, zone),
    })),
    load_factor: replyOf(loadFactor(intervals, period), '%', (value) => 100 * value),
    after_hours: {
      ...replyOf(after, '%', (value) => 100 * value.share),
      amount: after.value === null ? null : tidy(after.value.afterHours),
      total: after.value === null ? null : tidy(after.value.total),
      share_of_time_percent: after.value === null ? null : tidy(100 * after.value.shareOfTime),
      holidays: schedule === undefined ? null : SITE_HOLIDAYS,
    },
    profile: {
      ...replyOf(profile, demandUnit, (cells) => highestOf(cells.flat().map(({ mean }) => mean))),
      cells: profile.value?.map((hours) => hours.map(({ mean }) => (mean === null ? null : tidy(mean)))) ?? null,
      counts: profile.value?.map((hours) => hours.map(({ count }) => count)) ?? null,
    },
  };
}

/** `intervals` hold the period and the one before. */
export function comparisonReply(
  intervals: readonly Interval[],
  period: Period,
  comparison: ComparisonWith,
  zone: string,
): AnalyticsReply['comparisons'][number] {
  const { figure, earlier, completenessEarlier } = comparePeriods(intervals, period, comparison, zone);
  const { value } = figure;
  const of = completenessOf(completenessEarlier);
  const reply: FigureReply = replyOf(figure, '%', ({ changePercent }) => changePercent ?? Number.NaN);
  return {
    with: comparison,
    ...reply,
    // Nothing was used then: there is no share of it.
    value: value?.changePercent === null ? null : reply.value,
    ...rangeReply(earlier),
    amount: value === null ? null : tidy(value.amount),
    earlier_amount: value === null ? null : tidy(value.earlierAmount),
    change: value === null ? null : tidy(value.change),
    days_compared: value?.daysCompared ?? null,
    days_asked: value?.daysAsked ?? null,
    earlier_known_percent: of.known_percent ?? 0,
    earlier_measured_percent: of.measured_percent ?? 0,
  };
}

export const COMPARED: readonly ComparisonWith[] = Object.keys(COMPARISONS) as ComparisonWith[];

export function rangeReply({ from, to }: Period) {
  return { from: isoTime(from), from_ms: from, to: isoTime(to), to_ms: to };
}

function peakReply(peak: Figure<Peak>, unit: string, zone: string) {
  const at = peak.value?.at ?? null;
  return {
    ...replyOf(peak, unit, (value) => value.peak),
    at: at === null ? null : isoTime(at),
    at_ms: at,
    at_local: at === null ? null : localIso(at, zone),
  };
}

/** What the colours of the week reach up to. */
function highestOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? most), Number.NEGATIVE_INFINITY);
}
