/** Pieces that queries of several boards share. Names are those of contract/site-figures.ts and contract/roll-up.ts. */
import type { Carrier } from '../contract/site-figures.ts';

/** Quarter hours of sites, in the data source `quarters`. */
export const SITE_QUARTERS = '"site_15m"';
/** Days of sites, in the data source `long`. */
export const SITE_DAYS = '"site_1d"';

/** Of the sites chosen on the board, in its time, and only what is known: a missing figure is no 0. */
export function ofSites(carrier: Carrier): string {
  return `"carrier" = '${carrier}' AND "known" = 1 AND "site" =~ /^$site$/ AND $timeFilter`;
}

/** Civil days of the city: 23, 24 and 25 hours long. */
export function byDay(zone: string): string {
  return `GROUP BY time(1d) fill(none) tz('${zone}')`;
}
