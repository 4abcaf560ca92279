/** The weather station nearest to a site, by great-circle distance on a sphere of the Earth's mean radius. */

export interface Place {
  /** Degrees, north and east are positive. */
  readonly latitude: number;
  readonly longitude: number;
}

export interface NearestStation<Station extends Place> {
  readonly station: Station;
  readonly distanceKm: number;
  /** Further than 200 km: its weather says little about the site (CalTRACK 2, 2.4). */
  readonly isFar: boolean;
}

/** Mean radius R1 of the International Union of Geodesy and Geophysics, km. */
const EARTH_KM = 6_371.0088;
const FAR_KM = 200;

/** The first of several equally near ones; undefined when there is none. */
export function nearestStation<Station extends Place>(
  site: Place,
  stations: readonly Station[],
): NearestStation<Station> | undefined {
  let nearest: { station: Station; distanceKm: number } | undefined;
  for (const station of stations) {
    const distanceKm = greatCircleKm(site, station);
    if (nearest === undefined || distanceKm < nearest.distanceKm) nearest = { station, distanceKm };
  }
  return nearest === undefined ? undefined : { ...nearest, isFar: nearest.distanceKm > FAR_KM };
}

/** Haversine formula, which keeps its digits over short distances. */
export function greatCircleKm(one: Place, other: Place): number {
  const radians = Math.PI / 180;
  const north = Math.sin(((other.latitude - one.latitude) * radians) / 2) ** 2;
  const east = Math.sin(((other.longitude - one.longitude) * radians) / 2) ** 2;
  const share = north + Math.cos(one.latitude * radians) * Math.cos(other.latitude * radians) * east;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(share)));
}
