/**
 * Site figures: what a whole site used of a carrier, made of the roll-ups of its meters (main meters only, where it has
 * some), once for a quarter hour and once for a civil day of the site. What boards, pages and reports add up.
 */

/** What meters of a city count; `lighting` is what lamps themselves report. */
export const CARRIERS = ['electricity', 'export', 'solar', 'gas', 'water', 'heat', 'lighting'] as const;
export type Carrier = (typeof CARRIERS)[number];

export const SITE_FIGURE_WIDTHS = ['15m', '1d'] as const;
export type SiteFigureWidth = (typeof SITE_FIGURE_WIDTHS)[number];

export interface SiteFigureKey {
  readonly site: string;
  readonly carrier: Carrier;
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
