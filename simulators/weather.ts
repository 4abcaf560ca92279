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
  #lastTime = Number.NaN;
  #lastOutdoor = 0;

  constructor(seed: number) {
    this.#fronts = streamOf(seed, 'weather', 'fronts');
    this.#hours = streamOf(seed, 'weather', 'hours');
    this.#clouds = streamOf(seed, 'weather', 'clouds');
    this.#haze = streamOf(seed, 'weather', 'haze');
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
}
