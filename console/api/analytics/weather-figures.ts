/** How cold and warm it was at a site, and what it used more or less with the weather taken out. */
import type { DailyModel } from '../../../energy/analytics/daily-model.ts';
import type { DailyTemperature } from '../../../energy/analytics/daily-temperature.ts';
import { CUSTOMARY_BASE_C, degreeDays } from '../../../energy/analytics/degree-days.ts';
import type { Interval } from '../../../energy/analytics/interval.ts';
import type { NearestStation } from '../../../energy/analytics/nearest-station.ts';
import { weatherNormalChange } from '../../../energy/analytics/weather-normal.ts';
import type { Period } from '../../../energy/calendar.ts';
import { isoTime } from '../iso-time.ts';
import type { WeatherStation } from './analytics-input.ts';
import { refusedReply, replyOf, tidy } from './figure-reply.ts';
import type { AnalyticsReply } from './replies-analytics.ts';

export interface WeatherInput {
  readonly station: NearestStation<WeatherStation> | undefined;
  /** Whether the register says where the site is. */
  readonly isPlaced: boolean;
  /** Of the year before the period and of the period. */
  readonly temperatures: readonly DailyTemperature[];
  /** Days of the same stretch. */
  readonly days: readonly Interval[];
  readonly period: Period;
  readonly zone: string;
  /** Whether it can be used to cool with. */
  readonly cools: boolean;
}

type WeatherReply = AnalyticsReply['weather'];

export function weatherFigures(input: WeatherInput): WeatherReply {
  const { station, temperatures, days, period, zone, cools } = input;
  if (station === undefined) return withoutStation(input.isPlaced);
  const degrees = degreeDays(temperatures.filter(({ from, to }) => from >= period.from && to <= period.to));
  const normal = weatherNormalChange({ intervals: days, temperatures, period, zone, cooling: cools });
  const { figure, model, baseline, baselineDays } = normal;
  const counted = { days: degrees.value?.days ?? null, days_asked: degrees.value?.daysAsked ?? null };
  const { site } = station.station;
  return {
    station: {
      site: site.id,
      name: site.name,
      distance_km: Math.round(station.distanceKm * 10) / 10,
      is_far: station.isFar,
    },
    base_c: CUSTOMARY_BASE_C,
    heating: { ...replyOf(degrees, 'K·d', ({ heating }) => heating), ...counted },
    cooling: { ...replyOf(degrees, 'K·d', ({ cooling }) => cooling), ...counted },
    normal_change: {
      ...replyOf(figure, '%', ({ changePercent }) => changePercent),
      observed: tidied(figure.value?.observed),
      expected: tidied(figure.value?.expected),
      change: tidied(figure.value?.change),
      days_compared: figure.value?.daysCompared ?? null,
      days_asked: figure.value?.daysAsked ?? null,
      baseline_from: isoTime(baseline.from),
      baseline_to: isoTime(baseline.to),
      baseline_days: baselineDays,
      model: model === undefined ? null : modelReply(model),
    },
  };
}

function modelReply({ base, heating, cooling, adjustedRSquared, metrics }: DailyModel) {
  const termOf = (term: DailyModel['heating']) =>
    term === undefined ? null : { balance_point_c: tidy(term.balancePointC), per_kelvin_day: tidy(term.slope) };
  return {
    base: tidy(base),
    heating: termOf(heating),
    cooling: termOf(cooling),
    adjusted_r_squared: tidied(adjustedRSquared),
    cv_rmse_percent: tidied(100 * metrics.cvRmseAdjusted),
    nmbe_percent: tidied(100 * metrics.nmbe),
  };
}

function withoutStation(isPlaced: boolean): WeatherReply {
  const words = isPlaced
    ? 'No station with a position reports an outdoor temperature. Add one of kind station with temperature_c.'
    : 'The register does not say where the site is. Give its latitude and longitude.';
  const code = isPlaced ? 'no-station' : 'no-position';
  const nothing = { days: null, days_asked: null };
  return {
    station: null,
    base_c: CUSTOMARY_BASE_C,
    heating: { ...refusedReply(code, words, 'K·d'), ...nothing },
    cooling: { ...refusedReply(code, words, 'K·d'), ...nothing },
    normal_change: {
      ...refusedReply(code, words, '%'),
      observed: null,
      expected: null,
      change: null,
      days_compared: null,
      days_asked: null,
      baseline_from: null,
      baseline_to: null,
      baseline_days: null,
      model: null,
    },
  };
}

/** NaN is what the values cannot say. */
function tidied(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : tidy(value);
}
