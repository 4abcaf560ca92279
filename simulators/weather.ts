/** Weather of the simulated city: seasons, days, fronts of some days, clouds of some hours. One weather for all sites. */
import { streamOf, wander } from './chance.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365.2425 * DAY_MS;

/** Boston: about −1 °C in January and 23 °C in July (NOAA climate normals 1991–2020, Logan Airport), rounded. */
const YEAR_MEAN_C = 11;
const SEASON_C = 12.3;
const DAILY_C = 4;
const FRONTS_C = 6;
const HOURS_C = 1.2;
/** The year's warmest day lies about 22 July; the day's warmest hour at 15:00 local solar time, 19:45 UTC in Boston. */
const WARMEST_DAY_MS = Date.UTC(1970, 6, 22);
const WARMEST_HOUR = 19.75;

export class Weather {
  readonly #fronts: number;
  readonly #hours: number;
  readonly #clouds: number;
  readonly #haze: number;
  readonly #wind: number;
  readonly #pressure: number;
  #lastTime = Number.NaN;
  #lastOutdoor = 0;

  constructor(seed: number) {
    this.#fronts = streamOf(seed, 'weather', 'fronts');
    this.#hours = streamOf(seed, 'weather', 'hours');
    this.#clouds = streamOf(seed, 'weather', 'clouds');
    this.#haze = streamOf(seed, 'weather', 'haze');
    this.#wind = streamOf(seed, 'weather', 'wind');
    this.#pressure = streamOf(seed, 'weather', 'pressure');
  }

  /** Outdoor air, °C. */
  outdoor(time: number): number {
    // Many devices ask for the same instant one after the other.
    if (time !== this.#lastTime) {
      this.#lastOutdoor =
        YEAR_MEAN_C +
        SEASON_C * Math.cos((2 * Math.PI * (time - WARMEST_DAY_MS)) / YEAR_MS) +
        DAILY_C * Math.cos(2 * Math.PI * (time / DAY_MS - WARMEST_HOUR / 24)) +
        FRONTS_C * wander(this.#fronts, time, 2.5 * DAY_MS) +
        HOURS_C * wander(this.#hours, time, 3 * HOUR_MS);
      this.#lastTime = time;
    }
    return this.#lastOutdoor;
  }

  /** Cloud cover, 0 clear to 1 overcast. */
  clouds(time: number): number {
    const cover = 0.45 + 0.55 * wander(this.#clouds, time, 16 * HOUR_MS) + 0.2 * wander(this.#haze, time, HOUR_MS);
    return Math.min(1, Math.max(0, cover));
  }

  /** Relative humidity outdoors, percent: falls by day, rises under clouds. */
  humidity(time: number): number {
    const daily = -11 * Math.cos(2 * Math.PI * (time / DAY_MS - WARMEST_HOUR / 24));
    return clamp(57 + daily + 24 * this.clouds(time) + 7 * wander(this.#hours + 1, time, 9 * HOUR_MS), 12, 100);
  }

  /** Air pressure, hPa: falls before the clouds of a front. */
  pressure(time: number): number {
    return 1_016 + 13 * wander(this.#pressure, time, 3 * DAY_MS) - 4 * this.clouds(time);
  }

  /** m/s, over the city. */
  windSpeed(time: number): number {
    const hours = 2.1 * wander(this.#wind, time, 7 * HOUR_MS) + 1.1 * wander(this.#wind + 1, time, HOUR_MS);
    return clamp(4.6 + 1.5 * this.clouds(time) + hours, 0.1, 40);
  }

  /** Degrees from which the wind blows; turns through north without a jump of the wind itself. */
  windDirection(time: number): number {
    const turns = 1.1 * wander(this.#wind + 2, time, 40 * HOUR_MS) + 0.06 * wander(this.#wind + 3, time, HOUR_MS);
    return (((225 + 360 * turns) % 360) + 360) % 360;
  }

  /** mm/h: none unless it is nearly overcast. */
  rain(time: number): number {
    const heavy = Math.max(0, this.clouds(time) - 0.82) / 0.18;
    return 3.4 * heavy * (0.5 + 0.5 * wander(this.#haze + 1, time, 40 * 60_000));
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
