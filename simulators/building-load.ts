/** What a building draws and feeds: electricity net of its solar roof, gas, water, and how full it is. */

import { sunElevation } from '../energy/sun.ts';
import { isHoliday, isSchoolOut } from './calendar.ts';
import { chance, streamOf, wander } from './chance.ts';
import type { BuildingSite } from './city.ts';
import type { CityContext } from './city-context.ts';
import type { CivilDay } from './civil-days.ts';
import { Flow, type RateModel } from './flow.ts';
import { type BuildingUse, USES } from './uses.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const COOLING_FROM_C = 19;
const HEATING_FROM_C = 15;
/** People come and go over this many hours around opening and closing. */
const RAMP_H = 1.4;
/** Share of the power of a busy building that ventilation and cooling take when they run all night. */
const ALL_NIGHT_SHARE = 0.72;

export class BuildingLoad {
  /**
   * kWh: taken from the grid, fed into it, made on the roof. Taken and fed share their minutes: one of the two is zero,
   * but in the half hour in which the sign turns, when the three phases turn one after the other.
   */
  readonly taken: Flow;
  readonly fed: Flow;
  readonly solar: Flow;
  /** m³ */
  readonly gas: Flow;
  readonly water: Flow;
  readonly #site: BuildingSite;
  readonly #use: BuildingUse;
  readonly #context: CityContext;
  readonly #streams: { readonly load: number; readonly crowd: number; readonly water: number };
  /** Hours by which this building opens later than others of its use. */
  readonly #lateH: number;
  readonly #allNightFrom: number;

  constructor(site: BuildingSite, context: CityContext) {
    const { seed, faults, firstDay } = context.city;
    this.#site = site;
    this.#use = USES[site.use];
    this.#context = context;
    const stream = (name: string) => streamOf(seed, site.id, name);
    this.#streams = { load: stream('load'), crowd: stream('crowd'), water: stream('water') };
    this.#lateH = (chance(stream('opening'), 0) - 0.5) * 0.8;
    this.#allNightFrom = faults.afterHours.find((fault) => fault.site === site.id)?.from ?? Number.POSITIVE_INFINITY;
    const flow = (name: string, jitter: number, rate: RateModel) =>
      new Flow({
        days: context.days,
        firstDay,
        rate,
        jitter,
        stream: stream(name),
        base: Math.round((stream(`${name} base`) % 900_000) + 50_000),
      });
    this.taken = flow('electricity', 0.14, (time, day) => this.#netKw(time, day));
    this.fed = flow('electricity', 0.14, (time, day) => -this.#netKw(time, day));
    this.solar = flow('solar', 0.3, (time) => this.#solarKw(time));
    this.gas = flow('gas', 0.35, (time, day) => this.#gasM3PerHour(time, day));
    this.water = flow('water', 0.9, (time, day) => this.#waterM3PerHour(time, day));
  }

  /** Share of the people that the building has in its busiest hours, 0 to 1. */
  occupancy(time: number): number {
    return this.#occupancy(time, this.#context.days.at(time));
  }

  #occupancy(time: number, day: CivilDay): number {
    const use = this.#use;
    if (isHoliday(day) && use.baseWPerM2 < use.openWPerM2 / 2) return 0;
    if (use.followsSchool && isSchoolOut(day)) return 0.06;
    const hours = day.weekday === 0 ? use.sunday : day.weekday === 6 ? use.saturday : use.weekday;
    if (hours === undefined) return 0;
    const hour = (time - day.start) / HOUR_MS;
    const [opens, closes] = hours;
    const drift = 1 - 0.1 * (1 - wander(this.#streams.crowd, time, 2 * HOUR_MS));
    // Where people live or are nursed, the night is quieter than the day.
    if (closes - opens >= 24) return drift * (0.72 - 0.28 * Math.cos((2 * Math.PI * (hour - 3)) / 24));
    const late = this.#lateH;
    const inside = Math.min(1, Math.max(0, Math.min(hour - opens - late, closes + late - hour) / RAMP_H + 0.5));
    const noon = 1 - 0.09 * Math.exp(-(((hour - 12.6 - late) / 0.7) ** 2));
    return inside * noon * drift;
  }

  #netKw(time: number, day: CivilDay): number {
    return this.#loadKw(time, day) - this.#solarKw(time);
  }

  #loadKw(time: number, day: CivilDay): number {
    const { openWPerM2, baseWPerM2, coolingWPerM2 } = this.#use;
    const occupancy = this.#occupancy(time, day);
    // Fans and chillers that nobody switches off take most of what they take by day.
    const running = time >= this.#allNightFrom ? Math.max(occupancy, ALL_NIGHT_SHARE) : occupancy;
    const warmth = Math.max(0, this.#context.weather.outdoor(time) - COOLING_FROM_C);
    const watts = baseWPerM2 + (openWPerM2 - baseWPerM2) * running + coolingWPerM2 * warmth * (0.25 + 0.75 * running);
    const { load } = this.#streams;
    const drift = 1 + 0.05 * wander(load, time, 4 * DAY_MS) + 0.04 * wander(load + 1, time, 5 * HOUR_MS);
    return (watts * drift * this.#site.floorAreaM2) / 1_000;
  }

  #solarKw(time: number): number {
    const { solarKw } = this.#site;
    if (solarKw === 0) return 0;
    const height = Math.sin((Math.max(0, sunElevation(time, this.#site)) * Math.PI) / 180);
    return solarKw * 0.9 * height ** 1.15 * (1 - 0.78 * this.#context.weather.clouds(time));
  }

  #gasM3PerHour(time: number, day: CivilDay): number {
    const cold = Math.max(0, HEATING_FROM_C - this.#context.weather.outdoor(time));
    const occupancy = this.#occupancy(time, day);
    const litres = this.#use.heatingLPerM2 * (cold * (0.6 + 0.4 * occupancy) + 0.4 + 1.2 * occupancy);
    return (litres * this.#site.floorAreaM2) / 1_000;
  }

  #waterM3PerHour(time: number, day: CivilDay): number {
    const ebb = 1 + 0.35 * wander(this.#streams.water, time, 1.5 * HOUR_MS);
    const litres = this.#use.waterLPerM2 * (0.02 + this.#occupancy(time, day) * ebb);
    return (litres * this.#site.floorAreaM2) / 1_000;
  }
}
