/** What every device of a simulated city shares: the city itself, its calendar and its weather. */
import type { SimulatedCity } from './city.ts';
import { CivilDays } from './civil-days.ts';
import { Weather } from './weather.ts';

export interface CityContext {
  readonly city: SimulatedCity;
  readonly days: CivilDays;
  readonly weather: Weather;
}

export function contextOf(city: SimulatedCity): CityContext {
  return { city, days: new CivilDays(city.zone), weather: new Weather(city.seed) };
}
