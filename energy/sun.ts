/**
 * Where the sun stands. Low-precision formulae of the Astronomical Almanac (U.S. Naval Observatory), good to some
 * hundredths of a degree: a few seconds at sunset.
 */

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** The sun's upper edge at the horizon, refraction included, degrees. */
export const HORIZON_DEG = -0.833;

const RAD = Math.PI / 180;
const MINUTE_MS = 60_000;

/** Degrees above the horizon, refraction not included. */
export function sunElevation(time: number, { latitude, longitude }: Position): number {
  const days = time / 86_400_000 - 10_957.5;
  const meanAnomaly = (357.529 + 0.98560028 * days) * RAD;
  const meanLongitude = 280.459 + 0.98564736 * days;
  const ecliptic = (meanLongitude + 1.915 * Math.sin(meanAnomaly) + 0.02 * Math.sin(2 * meanAnomaly)) * RAD;
  const obliquity = (23.439 - 0.00000036 * days) * RAD;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(ecliptic));
  const siderealHours = 18.697374558 + 24.06570982441908 * days;
  const hourAngle = (siderealHours * 15 + longitude) * RAD - rightAscension;
  const sine =
    Math.sin(latitude * RAD) * Math.sin(declination) +
    Math.cos(latitude * RAD) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.asin(sine) / RAD;
}

/**
 * The minutes within [from, to) in which the sun passes `elevation`, each with its direction. From is inclusive and a
 * whole minute; the sun is looked at every ten minutes, then the minute is found by halving.
 */
export function sunCrossings(
  from: number,
  to: number,
  position: Position,
  elevation: number,
): { readonly time: number; readonly rises: boolean }[] {
  const isUp = (time: number) => sunElevation(time, position) > elevation;
  const crossings: { time: number; rises: boolean }[] = [];
  let wasUp = isUp(from);
  for (let time = from; time < to; time += 10 * MINUTE_MS) {
    const next = Math.min(time + 10 * MINUTE_MS, to);
    const nextUp = isUp(next);
    if (nextUp === wasUp) continue;
    let [low, high] = [time, next];
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
      if (isUp(middle) === wasUp) low = middle;
      else high = middle;
    }
    if (high < to) crossings.push({ time: high, rises: nextUp });
    wasUp = nextUp;
  }
  return crossings;
}
