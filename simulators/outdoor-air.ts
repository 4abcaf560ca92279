/** What an air station says: the city's weather at its place, and what traffic and sun make of the air. */

import { sunElevation } from '../energy/sun.ts';
import { streamOf, wander } from './chance.ts';
import type { StationSite } from './city.ts';
import type { CityContext } from './city-context.ts';
import { Flow } from './flow.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Illuminance of the clear sky with the sun overhead, lux. */
const CLEAR_SKY_LX = 112_000;
/** Street lighting and the sky above a city at night, lux. */
const NIGHT_LX = 6;

/** Values at an instant, exact; a function of (seed, site, time). */
export function outdoorAir(site: StationSite, context: CityContext): (time: number) => Record<string, number> {
  const { weather, days, city } = context;
  const stream = (name: string) => streamOf(city.seed, site.id, name);
  const own = stream('air');
  const rain = new Flow({
    days,
    firstDay: city.firstDay,
    rate: (time) => weather.rain(time),
    base: stream('rain base') % 400,
    stream: stream('rain'),
    jitter: 0.6,
  });
  const offsetC = 0.7 * site.traffic - 0.4;
  return (time) => {
    const day = days.at(time);
    const hour = (time - day.start) / HOUR_MS;
    const traffic = site.traffic * cars(hour, day.weekday === 0 || day.weekday === 6);
    const wind = weather.windSpeed(time);
    const clouds = weather.clouds(time);
    const height = Math.max(0, Math.sin((sunElevation(time, site) * Math.PI) / 180));
    // Wind carries away what the streets make.
    const still = 3.2 / (1.4 + wind);
    const no2 = 5 + 30 * traffic * still * (1 + 0.2 * wander(own, time, 25 * MINUTE_MS));
    const haze = 1 + 0.45 * wander(streamOf(city.seed, 'haze'), time, 2 * DAY_MS);
    const fine = (4.5 + 8 * traffic * still) * haze * (1 + 0.15 * wander(own + 1, time, 20 * MINUTE_MS));
    return {
      temperature_c: weather.outdoor(time) + offsetC + 0.3 * wander(own + 2, time, 30 * MINUTE_MS),
      humidity_percent: Math.min(100, weather.humidity(time) + 2 * wander(own + 3, time, HOUR_MS)),
      pressure_hpa: weather.pressure(time) + 0.1 * wander(own + 4, time, HOUR_MS),
      pm2_5_ug_per_m3: fine,
      pm10_ug_per_m3: fine * (1.5 + 0.4 * traffic) + 2,
      no2_ppb: no2,
      o3_ppb: Math.max(1, 22 + 34 * height * (1 - 0.6 * clouds) - 0.45 * no2 + 3 * wander(own + 5, time, 2 * HOUR_MS)),
      noise_db: 43 + 24 * Math.sqrt(traffic) + 2.5 * wander(own + 6, time, 6 * MINUTE_MS),
      wind_speed_m_per_s: Math.max(0, wind * (0.85 + 0.3 * wander(own + 7, time, 5 * MINUTE_MS))),
      wind_direction_deg: (weather.windDirection(time) + 12 * wander(own + 8, time, 10 * MINUTE_MS) + 360) % 360,
      rain_mm: rain.totalAt(time),
      illuminance_lx: NIGHT_LX * (0.6 + 0.4 * site.traffic) + CLEAR_SKY_LX * height ** 1.2 * (1 - 0.75 * clouds),
    };
  };
}

/** Share of the busiest hour's cars: two rush hours on working days, a broad afternoon at weekends. */
function cars(hour: number, isWeekend: boolean): number {
  const bell = (at: number, width: number) => Math.exp(-(((hour - at) / width) ** 2));
  const waking = 0.08 + 0.42 * bell(14, 6);
  return isWeekend ? waking + 0.12 * bell(16, 4) : waking + 0.48 * bell(8, 1.6) + 0.46 * bell(17.3, 2);
}
