/**
 * Site figures: what a whole site used of a carrier, made of the roll-ups of its meters (main meters only, where it has
 * some), once for a quarter hour and once for a civil day of the site. What boards, pages and reports add up.
 */

/** What meters of a city count; `lighting` is what lamps themselves report. */
export const CARRIERS = ['electricity', 'export', 'solar', 'gas', 'water', 'heat', 'lighting'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** `load` is what a site takes: electricity less what it feeds in, and what its roof makes. */
export const FIGURE_CARRIERS = [...CARRIERS, 'load'] as const;
export type FigureCarrier = (typeof FIGURE_CARRIERS)[number];

export const SITE_FIGURE_WIDTHS = ['15m', '1d'] as const;
export type SiteFigureWidth = (typeof SITE_FIGURE_WIDTHS)[number];

export interface SiteFigureKey {
  readonly site: string;
  readonly carrier: FigureCarrier;
  /** Beginning of the quarter hour, or midnight of the site's day, epoch milliseconds UTC. */
  readonly start: number;
}

export interface SiteFigure extends SiteFigureKey {
  /** In the unit of the carrier's counter (kWh, m³); null when nothing is known. */
  readonly consumption: number | null;
  readonly interpolated: number | null;
  readonly estimated: number | null;
  /** How much of the period was measured, percent, over all meters that belong to it. */
  readonly coverage: number;
  /** Days only, null in quarter hours and where it cannot be said. Highest quarter hour's demand, unit per hour (kW). */
  readonly peak: number | null;
  readonly peakAt: number | null;
  /** Base load, unit per hour (kW). */
  readonly base: number | null;
  /** Consumption outside the hours of use of the site's schedule. */
  readonly afterHours: number | null;
  /** Charges by the unit, in the tariff's currency, without demand and fixed charges; null without a tariff. */
  readonly cost: number | null;
  /** Location-based emissions, kg CO2e; null without a factor. */
  readonly kgCO2e: number | null;
}

/**
 * Site figures as points for boards, tagged with site and carrier. `has_…` is 1 where the figure beside it is known, and
 * the figure is 0 where it is not; `known` speaks of consumption, `meters` counts those that belong to the site.
 */
export const SITE_MEASUREMENTS: Readonly<Record<SiteFigureWidth, string>> = { '15m': 'site_15m', '1d': 'site_1d' };
export const SITE_QUARTER_FIELDS = ['consumption', 'interpolated', 'estimated', 'coverage', 'known', 'meters'] as const;
export const SITE_DAY_FIELDS = [
  ...SITE_QUARTER_FIELDS,
  'peak',
  'peak_at',
  'has_peak',
  'base',
  'has_base',
  'after_hours',
  'has_after_hours',
  'cost',
  'has_cost',
  'kgco2e',
  'has_kgco2e',
  // Of the site's electricity budget what falls on the day: electricity only.
  'budget_kwh',
  'has_budget',
] as const;

/**
 * Loads of buildings by the clock on the wall, one point a civil day. Tags: site, weekday (`1 Monday` to `7 Sunday`).
 * Fields by hour: `kwh_00` … `kwh_23`, and `hours_00` … how much of the hour is known; mean load is one over the other.
 */
export const LOAD_HOURS = 'site_hours';
export const WEEKDAYS = [
  '7 Sunday',
  '1 Monday',
  '2 Tuesday',
  '3 Wednesday',
  '4 Thursday',
  '5 Friday',
  '6 Saturday',
] as const;
export const HOUR_NAMES: readonly string[] = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

/** What the lamps of a circuit did in a quarter hour (energy/site-figures/circuit-quarters.ts). Tag: site. */
export const CIRCUIT_QUARTERS = 'circuit_15m';
export const CIRCUIT_FIELDS = [
  'lamps',
  'reporting',
  'commanded',
  'lit_of_commanded',
  'lit',
  'failed',
  'dark',
  'day_burners',
  'command_percent',
  'level_percent',
  'kwh',
  'expected_kwh',
] as const;
