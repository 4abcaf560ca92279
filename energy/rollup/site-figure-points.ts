/** Site figures as points for boards; names in contract/site-figures.ts. A null is a 0 whose `has_…` is 0. */
import { SITE_MEASUREMENTS } from '../../contract/site-figures.ts';
import type { Point } from '../../store/point-sink.ts';
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
