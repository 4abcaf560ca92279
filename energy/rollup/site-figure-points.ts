/** Site figures as points for boards; names in contract/site-figures.ts. A null is a 0 whose `has_…` is 0. */
import {
  CIRCUIT_QUARTERS,
  type FigureCarrier,
  HOUR_NAMES,
  LOAD_HOURS,
  SITE_MEASUREMENTS,
  WEEKDAYS,
} from '../../contract/site-figures.ts';
import type { Point } from '../../store/point-sink.ts';
import type { Period } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import type { CircuitQuarter } from '../site-figures/circuit-quarters.ts';
import type { LoadHours } from '../site-figures/load-hours.ts';
import type { CountedFigure } from '../site-figures/site-day.ts';

export function quarterPoint(figure: CountedFigure): Point {
  return {
    bucket: 'quarters',
    measurement: SITE_MEASUREMENTS['15m'],
    tags: { site: figure.site, carrier: figure.carrier },
    fields: common(figure),
    time: figure.start,
  };
}

/** `budgetKwh`: of the site's budget what falls on the day; null without one. */
export function dayPoint(figure: CountedFigure, budgetKwh: number | null): Point {
  const { peak, peakAt, base, afterHours, cost, kgCO2e } = figure;
  return {
    bucket: 'long',
    measurement: SITE_MEASUREMENTS['1d'],
    tags: { site: figure.site, carrier: figure.carrier },
    fields: {
      ...common(figure),
      peak: peak ?? 0,
      peak_at: peakAt ?? 0,
      has_peak: flag(peak),
      base: base ?? 0,
      has_base: flag(base),
      after_hours: afterHours ?? 0,
      has_after_hours: flag(afterHours),
      cost: cost ?? 0,
      has_cost: flag(cost),
      kgco2e: kgCO2e ?? 0,
      has_kgco2e: flag(kgCO2e),
      budget_kwh: budgetKwh ?? 0,
      has_budget: flag(budgetKwh),
    },
    time: figure.start,
  };
}

const NOTHING = {
  consumption: null,
  interpolated: null,
  estimated: null,
  coverage: 0,
  meters: 0,
  peak: null,
  peakAt: null,
  base: null,
  afterHours: null,
  cost: null,
  kgCO2e: null,
} as const;

/** In place of what stood there before the meters were moved away. */
export function nothingPoints(site: string, carrier: FigureCarrier, day: Period, touched: Period): Point[] {
  const empty = (start: number): CountedFigure => ({ ...NOTHING, site, carrier, start });
  const points = [dayPoint(empty(day.from), null)];
  for (let start = touched.from; start < touched.to; start += QUARTER_MS) points.push(quarterPoint(empty(start)));
  return points;
}

export function loadHoursPoint(site: string, day: number, { weekday, amounts, known }: LoadHours): Point {
  const fields: Record<string, number> = {};
  for (const [hour, name] of HOUR_NAMES.entries()) {
    fields[`kwh_${name}`] = amounts[hour] ?? 0;
    fields[`hours_${name}`] = known[hour] ?? 0;
  }
  return {
    bucket: 'long',
    measurement: LOAD_HOURS,
    tags: { site, weekday: WEEKDAYS[weekday] ?? '' },
    fields,
    time: day,
  };
}

export function circuitPoint(site: string, quarter: CircuitQuarter): Point {
  return {
    bucket: 'quarters',
    measurement: CIRCUIT_QUARTERS,
    tags: { site },
    fields: {
      lamps: quarter.lamps,
      reporting: quarter.reporting,
      commanded: quarter.commanded,
      lit_of_commanded: quarter.litOfCommanded,
      lit: quarter.lit,
      failed: quarter.failed,
      dark: quarter.dark,
      day_burners: quarter.dayBurners,
      command_percent: quarter.commandPercent,
      level_percent: quarter.levelPercent,
      kwh: quarter.kwh,
      expected_kwh: quarter.expectedKwh,
    },
    time: quarter.start,
  };
}

function common({ consumption, interpolated, estimated, coverage, meters }: CountedFigure): Record<string, number> {
  return {
    consumption: consumption ?? 0,
    interpolated: interpolated ?? 0,
    estimated: estimated ?? 0,
    coverage,
    known: flag(consumption),
    meters,
  };
}

function flag(figure: number | null): 0 | 1 {
  return figure === null ? 0 : 1;
}
