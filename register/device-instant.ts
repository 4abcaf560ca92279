/** Times as the clock shows them where a device stands: in the zone of the site of its placement then. */
import { formatInstant, parseInstant } from './local-instant.ts';
import type { Placement } from './model.ts';
import { siteAt } from './register-view.ts';

type ZoneOf = (site: string) => string;

/** Epoch milliseconds; undefined when the text is no date or time. `placements` in rising order. */
export function parseInstantAt(text: string, placements: readonly Placement[], zoneOf: ZoneOf): number | undefined {
  let instant: number | undefined;
  for (const { site, from } of placements.toReversed()) {
    instant = parseInstant(text, zoneOf(site));
    if (instant === undefined || instant >= from) return instant;
  }
  // Before the first placement the device is held to be where that one is.
  return instant ?? parseInstant(text, 'UTC');
}

/** A text that `parseInstantAt` reads back as the same instant. */
export function formatInstantAt(instant: number, placements: readonly Placement[], zoneOf: ZoneOf): string {
  const text = formatInstant(instant, zoneOf(siteAt({ placements }, instant)));
  // A date alone means another instant when the device went to another zone on that day.
  return parseInstantAt(text, placements, zoneOf) === instant ? text : new Date(instant).toISOString();
}
