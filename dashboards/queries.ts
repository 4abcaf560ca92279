/** Pieces that queries of several boards share. Names are those of contract/site-figures.ts and contract/roll-up.ts. */
import { CIRCUIT_QUARTERS, type FigureCarrier, SITE_MEASUREMENTS } from '../contract/site-figures.ts';

/** Quarter hours of sites, in the data source `quarters`. */
export const SITE_QUARTERS = `"${SITE_MEASUREMENTS['15m']}"`;
/** Days of sites, in the data source `long`. */
export const SITE_DAYS = `"${SITE_MEASUREMENTS['1d']}"`;
/** Quarter hours of circuits, in the data source `quarters`. */
export const CIRCUITS_15M = `"${CIRCUIT_QUARTERS}"`;

/** Of the sites chosen on the board, in its time, and only what is known: a missing figure is no 0. */
export function ofSites(carrier: FigureCarrier): string {
  return `"carrier" = '${carrier}' AND "known" = 1 AND "site" =~ /^$site$/ AND $timeFilter`;
}

/** Of the same, how much was measured: silent meters count, places without a meter do not. */
export function measuredOf(carrier: FigureCarrier): string {
  return `"carrier" = '${carrier}' AND "meters" > 0 AND "site" =~ /^$site$/ AND $timeFilter`;
}

/** Civil days of the city: 23, 24 and 25 hours long. */
export function byDay(zone: string): string {
  return `GROUP BY time(1d) fill(none) tz('${zone}')`;
}

/** Mean power of all chosen sites together, kW. The sum is made of quarter hours, of which none may be cut. */
export function power(carrier: FigureCarrier): string {
  return `SELECT mean("kw") FROM (SELECT sum("consumption") * 4 AS "kw" FROM ${SITE_QUARTERS} WHERE ${ofSites(carrier)} GROUP BY time(15m) fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(none)`;
}

/** Quarter-hour rows of a gauge that have values (an erased row has none). */
export function gauge(metric: string, site = 'site'): string {
  return `"metric" = '${metric}' AND "count" > 0 AND "site" =~ /^$${site}$/ AND $timeFilter`;
}
