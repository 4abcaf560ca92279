/**
 * A streetlight circuit: lamps switched by the sun, dimmed after midnight, and now and then one that fails.
 *
 * Within a night the command is constant over a few stretches, so counters are exact sums of stretches. A failure lasts
 * whole local days. The circuit may lose its power, and a lamp may burn by day (city-faults.ts).
 */

import { HORIZON_DEG, sunCrossings, sunElevation } from '../energy/sun.ts';
import { chance, streamOf } from './chance.ts';
import type { StreetlightSite } from './city.ts';
import type { CityContext } from './city-context.ts';
import type { CivilDay, CivilDays } from './civil-days.ts';

const HOUR_MS = 3_600_000;
/** Photocells differ: a circuit switches when the sun is up to this far below the horizon. */
const PHOTOCELL_DEG = 1.6;
/** Share of the nominal power that a driver takes at its lowest; LED drivers are near-linear above it. */
const DRIVER_SHARE = 0.06;
const FAILURE_WINDOW_DAYS = 30;
const FAILURE_CHANCE = 0.02;
const FAILURE_DAYS = 9;
/** Controllers and the meter itself, kW; and what the cable takes of the lamps' power. */
const STANDBY_KW = 0.04;
const CABLE_LOSS = 0.03;

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly percent: number;
}

interface Lamp {
  readonly stream: number;
  /** Nominal power, a few percent apart from lamp to lamp, watts. */
  readonly watts: number;
  /** From then on it burns at full power, day and night. */
  readonly burnsFrom: number;
  /** Energy (kWh) and hours at the start of each day since the first. */
  readonly energy: number[];
  readonly hours: number[];
}

/** What a lamp does in a part of a day. */
interface Amount {
  readonly hours: number;
  /** Hours at full power that take the same energy. */
  readonly fullHours: number;
}

export interface LampState {
  readonly commandPercent: number;
  readonly levelPercent: number;
  readonly watts: number;
  readonly energyKwh: number;
  readonly burnH: number;
  readonly hasFailed: boolean;
}

export class StreetlightCircuit {
  readonly #site: StreetlightSite;
  readonly #days: CivilDays;
  readonly #firstDay: number;
  readonly #photocellDeg: number;
  readonly #darkFrom: number;
  readonly #lamps: readonly Lamp[];
  readonly #nights = new Map<number, readonly Stretch[]>();
  /** kWh of all lamps at the start of each day since the first. */
  readonly #starts: number[];
  readonly #working = new Map<number, { readonly watts: number; readonly burners: readonly Lamp[] }>();

  constructor(site: StreetlightSite, { city, days }: CityContext) {
    const { seed, faults, firstDay } = city;
    this.#site = site;
    this.#days = days;
    this.#firstDay = firstDay;
    this.#photocellDeg = HORIZON_DEG - PHOTOCELL_DEG * chance(streamOf(seed, site.id, 'photocell'), 0);
    this.#darkFrom = faults.darkCircuits.find((fault) => fault.site === site.id)?.from ?? Number.POSITIVE_INFINITY;
    this.#lamps = Array.from({ length: site.lamps }, (_, lamp) => {
      const stream = streamOf(seed, site.id, 'lamp', lamp);
      const burner = faults.dayBurners.find((fault) => fault.site === site.id && fault.lamp === lamp);
      return {
        stream,
        watts: site.lampW * (0.97 + 0.06 * chance(stream, -3)),
        burnsFrom: burner?.from ?? Number.POSITIVE_INFINITY,
        energy: [Math.round(chance(stream, -1) * 600)],
        hours: [Math.round(chance(stream, -2) * 9_000)],
      };
    });
    this.#starts = [this.#lamps.reduce((sum, { energy }) => sum + (energy[0] ?? 0), 0)];
  }

  /** What the lamps are told, percent. */
  command(time: number): number {
    return this.#stretches(this.#days.at(time)).find(({ from, to }) => from <= time && time < to)?.percent ?? 0;
  }

  /** @throws RangeError for a lamp that the circuit does not have. */
  lamp(number: number, time: number): LampState {
    const lamp = this.#lamps[number];
    if (lamp === undefined) throw new RangeError(`${this.#site.id} has no lamp ${number}`);
    const day = this.#days.at(time);
    const commandPercent = this.command(time);
    const hasFailed = this.#isFailedOn(lamp, day);
    const levelPercent = hasFailed || time >= this.#darkFrom ? 0 : time >= lamp.burnsFrom ? 100 : commandPercent;
    while (lamp.energy.length <= day.index - this.#firstDay) {
      const passed = this.#days.day(this.#firstDay + lamp.energy.length - 1);
      const { hours, fullHours } = this.#amount(lamp, passed, passed.end);
      lamp.energy.push((lamp.energy.at(-1) ?? 0) + (fullHours * lamp.watts) / 1_000);
      lamp.hours.push((lamp.hours.at(-1) ?? 0) + hours);
    }
    const { hours, fullHours } = this.#amount(lamp, day, time);
    return {
      commandPercent,
      levelPercent,
      watts: lamp.watts * powerShare(levelPercent),
      energyKwh: (lamp.energy[day.index - this.#firstDay] ?? Number.NaN) + (fullHours * lamp.watts) / 1_000,
      burnH: (lamp.hours[day.index - this.#firstDay] ?? Number.NaN) + hours,
      hasFailed,
    };
  }

  /** kW at the circuit's meter. */
  power(time: number): number {
    const isDark = time >= this.#darkFrom;
    const { watts, burners } = this.#workingOn(this.#days.at(time));
    const share = powerShare(this.command(time));
    const lamps = burners.reduce((sum, lamp) => sum + lamp.watts * (time >= lamp.burnsFrom ? 1 : share), watts * share);
    return STANDBY_KW + ((1 + CABLE_LOSS) * (isDark ? 0 : lamps)) / 1_000;
  }

  /** kWh at the circuit's meter. */
  energy(time: number): number {
    const day = this.#days.at(time);
    while (this.#starts.length <= day.index - this.#firstDay) {
      const passed = this.#days.day(this.#firstDay + this.#starts.length - 1);
      this.#starts.push((this.#starts.at(-1) ?? 0) + this.#lampsKwh(passed, passed.end));
    }
    const lamps = (this.#starts[day.index - this.#firstDay] ?? Number.NaN) + this.#lampsKwh(day, time);
    const hours = (time - this.#days.day(this.#firstDay).start) / HOUR_MS;
    return STANDBY_KW * hours + (1 + CABLE_LOSS) * lamps;
  }

  /** What all lamps count in a day up to an instant. */
  #lampsKwh(day: CivilDay, until: number): number {
    const { watts, burners } = this.#workingOn(day);
    const ordinary = (watts * this.#commanded(day, Math.min(until, this.#darkFrom)).fullHours) / 1_000;
    return burners.reduce(
      (sum, lamp) => sum + (lamp.watts * this.#amount(lamp, day, until).fullHours) / 1_000,
      ordinary,
    );
  }

  /** Power of the lamps that do as they are told on a day; the others one by one. Failed lamps take none. */
  #workingOn(day: CivilDay) {
    let working = this.#working.get(day.index);
    if (working === undefined) {
      const lamps = this.#lamps.filter((lamp) => !this.#isFailedOn(lamp, day));
      const isBurner = (lamp: Lamp) => lamp.burnsFrom < Number.POSITIVE_INFINITY;
      working = {
        watts: lamps.reduce((sum, lamp) => sum + (isBurner(lamp) ? 0 : lamp.watts), 0),
        burners: lamps.filter(isBurner),
      };
      this.#working.set(day.index, working);
    }
    return working;
  }

  #amount(lamp: Lamp, day: CivilDay, until: number): Amount {
    if (this.#isFailedOn(lamp, day)) return { hours: 0, fullHours: 0 };
    const end = Math.min(until, this.#darkFrom);
    const told = this.#commanded(day, Math.min(end, lamp.burnsFrom));
    const extra = Math.max(0, end - Math.max(day.start, lamp.burnsFrom)) / HOUR_MS;
    return { hours: told.hours + extra, fullHours: told.fullHours + extra };
  }

  #commanded(day: CivilDay, until: number): Amount {
    let [hours, fullHours] = [0, 0];
    for (const { from, to, percent } of this.#stretches(day)) {
      const some = Math.max(0, Math.min(to, until) - from) / HOUR_MS;
      hours += some;
      fullHours += some * powerShare(percent);
    }
    return { hours, fullHours };
  }

  #isFailedOn(lamp: Lamp, day: CivilDay): boolean {
    // A lamp that burns by day is not to be hidden by a failure.
    if (lamp.burnsFrom < Number.POSITIVE_INFINITY) return false;
    const window = Math.floor(day.index / FAILURE_WINDOW_DAYS);
    if (chance(lamp.stream, 2 * window) >= FAILURE_CHANCE) return false;
    const first = Math.floor(chance(lamp.stream, 2 * window + 1) * (FAILURE_WINDOW_DAYS - FAILURE_DAYS));
    const today = day.index - window * FAILURE_WINDOW_DAYS;
    return first <= today && today < first + FAILURE_DAYS;
  }

  /** When the lamps are on within a local day, in order of time. */
  #stretches(day: CivilDay): readonly Stretch[] {
    let stretches = this.#nights.get(day.index);
    if (stretches === undefined) {
      const { dimFromHour, dimToHour, dimPercent } = this.#site;
      const dimFrom = day.start + dimFromHour * HOUR_MS;
      const dimTo = day.start + dimToHour * HOUR_MS;
      const crossings = sunCrossings(day.start, day.end, this.#site, this.#photocellDeg);
      const edges = [day.start, dimFrom, dimTo, day.end, ...crossings.map(({ time }) => time)].sort((a, b) => a - b);
      stretches = edges.slice(0, -1).flatMap((from, index): Stretch[] => {
        const to = edges[index + 1] ?? day.end;
        const middle = (from + to) / 2;
        if (to === from || this.#isDay(middle, day, crossings)) return [];
        return [{ from, to, percent: middle >= dimFrom && middle < dimTo ? dimPercent : 100 }];
      });
      this.#nights.set(day.index, stretches);
    }
    return stretches;
  }

  /** By the crossings of the day, so that the switching minute is the same for the command and for the counters. */
  #isDay(time: number, day: CivilDay, crossings: readonly { time: number; rises: boolean }[]): boolean {
    const last = crossings.filter((crossing) => crossing.time <= time).at(-1);
    return last === undefined ? sunElevation(day.start, this.#site) > this.#photocellDeg : last.rises;
  }
}

function powerShare(percent: number): number {
  return percent === 0 ? 0 : DRIVER_SHARE + ((1 - DRIVER_SHARE) * percent) / 100;
}
