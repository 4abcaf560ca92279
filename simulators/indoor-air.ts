/** The air of a room: follows its people slowly, and outdoors a little. */
import type { BuildingLoad } from './building-load.ts';
import { chance, streamOf, wander } from './chance.ts';
import type { BuildingSite } from './city.ts';
import type { CityContext } from './city-context.ts';
import { USES } from './uses.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A room that is not aired has several times the CO₂ that its people cause otherwise, and keeps it through the night. */
const STALE_FACTOR = 4;
const STALE_LEAST_PEOPLE = 0.62;

export function indoorAir(
  site: BuildingSite,
  room: number,
  load: BuildingLoad,
  { city, weather }: CityContext,
): (time: number) => Record<string, number> {
  const { crowdPpm, indoorC } = USES[site.use];
  const stream = streamOf(city.seed, site.id, 'air', room);
  const staleFrom =
    city.faults.stale.find((fault) => fault.site === site.id && fault.room === room)?.from ?? Number.POSITIVE_INFINITY;
  // A fault is there to be found: its room is a busy one.
  const busy = staleFrom === Number.POSITIVE_INFINITY ? 0.55 + 0.45 * chance(stream, -1) : 1;
  return (time) => {
    // The air of a room follows its people slowly: the mean of the last hour.
    const people =
      (load.occupancy(time) + load.occupancy(time - 20 * MINUTE_MS) + load.occupancy(time - 40 * MINUTE_MS)) / 3;
    const outdoor = weather.outdoor(time);
    const drift = wander(stream, time, 2 * HOUR_MS);
    const setBack = outdoor < 12 ? -2 * (1 - people) : 0;
    const breath = time >= staleFrom ? STALE_FACTOR * Math.max(STALE_LEAST_PEOPLE, people) : people;
    return {
      temperature_c: indoorC + setBack + 0.03 * (outdoor - 12) + 0.8 * people * busy + 0.5 * drift,
      humidity_percent: Math.min(
        85,
        Math.max(14, 41 + 0.75 * (outdoor - 11) + 6 * wander(stream + 1, time, 8 * HOUR_MS)),
      ),
      co2_ppm: 425 + crowdPpm * busy * breath * (1 + 0.2 * drift) + 12 * wander(stream + 2, time, 10 * MINUTE_MS),
    };
  };
}
