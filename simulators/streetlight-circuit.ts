/**
 * A streetlight circuit: lamps switched by the sun, dimmed after midnight, and now and then one that fails.
 *
 * Within a night the command is constant over a few stretches, so counters are exact sums of stretches. A failure lasts
 * whole local days.
 */
import { chance, streamOf } from './chance.ts';
import type { StreetlightSite } from './city.ts';
import { type CivilDay, type CivilDays, FIRST_DAY } from './civil-days.ts';
import { HORIZON_DEG, sunCrossings, sunElevation } from './sun.ts';

const HOUR_MS = 3_600_000;
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

interface LampCounters {
  /** Energy (kWh) and hours at the start of each day since the first. */
  readonly energy: number[];
  readonly hours: number[];
}

export class StreetlightCircuit {
  readonly #site: StreetlightSite;
  readonly #days: CivilDays;
  readonly #seed: number;
  readonly #nights = new Map<number, readonly Stretch[]>();
  readonly #lamps: readonly LampCounters[];
  readonly #failures: readonly number[];

  constructor(site: StreetlightSite, shared: { seed: number; days: CivilDays }) {
    this.#site = site;
    this.#days = shared.days;
    this.#seed = shared.seed;
    const lamps = Array.from({ length: site.lamps }, (_, lamp) => streamOf(shared.seed, site.id, 'lamp', lamp));
    this.#failures = lamps;
    this.#lamps = lamps.map((stream) => ({
      energy: [Math.round(chance(stream, -1) * 600)],
      hours: [Math.round(chance(stream, -2) * 9_000)],
    }));
  }

  /** What the lamps are told, percent. */
  command(time: number): number {
    return this.#stretches(this.#days.at(time)).find(({ from, to }) => from <= time && time < to)?.percent ?? 0;
  }

  isFailed(lamp: number, time: number): boolean {
    return this.#isFailedOn(lamp, this.#days.at(time));
  }

  /** Watts that a lamp takes. */
  lampPower(lamp: number, time: number): number {
    if (this.isFailed(lamp, time)) return 0;
    return this.#watts(lamp) * powerShare(this.command(time));
  }

  /** kWh */
  lampEnergy(lamp: number, time: number): number {
    return this.#count(lamp, time, 'energy');
  }

  /** Hours that a lamp has burnt. */
  lampHours(lamp: number, time: number): number {
    return this.#count(lamp, time, 'hours');
  }

  /** kW at the circuit's meter. */
  power(time: number): number {
    let watts = 0;
    for (let lamp = 0; lamp < this.#site.lamps; lamp++) watts += this.lampPower(lamp, time);
    return STANDBY_KW + ((1 + CABLE_LOSS) * watts) / 1_000;
  }

  /** kWh at the circuit's meter. */
  energy(time: number): number {
    let lamps = 0;
    for (let lamp = 0; lamp < this.#site.lamps; lamp++) lamps += this.lampEnergy(lamp, time);
    const hours = (time - this.#days.day(FIRST_DAY).start) / HOUR_MS;
    return STANDBY_KW * hours + (1 + CABLE_LOSS) * lamps;
  }

  #count(lamp: number, time: number, kind: 'energy' | 'hours'): number {
    const day = this.#days.at(time);
    const counters = this.#lamps[lamp];
    if (counters === undefined) throw new RangeError(`${this.#site.id} has no lamp ${lamp}`);
    const starts = counters[kind];
    while (starts.length <= day.index - FIRST_DAY) {
      const passed = this.#days.day(FIRST_DAY + starts.length - 1);
      starts.push((starts.at(-1) ?? 0) + this.#amount(lamp, passed, passed.end, kind));
    }
    return (starts[day.index - FIRST_DAY] ?? 0) + this.#amount(lamp, day, time, kind);
  }

  /** What a lamp counts in a day up to an instant. */
  #amount(lamp: number, day: CivilDay, until: number, kind: 'energy' | 'hours'): number {
    if (this.#isFailedOn(lamp, day)) return 0;
    let amount = 0;
    for (const { from, to, percent } of this.#stretches(day)) {
      const hours = Math.max(0, Math.min(to, until) - from) / HOUR_MS;
      amount += kind === 'hours' ? hours : (hours * this.#watts(lamp) * powerShare(percent)) / 1_000;
    }
    return amount;
  }

  /** Nominal power, a few percent apart from lamp to lamp. */
  #watts(lamp: number): number {
    return this.#site.lampW * (0.97 + 0.06 * chance(this.#failures[lamp] ?? this.#seed, -3));
  }

  #isFailedOn(lamp: number, day: CivilDay): boolean {
    const stream = this.#failures[lamp] ?? this.#seed;
    const window = Math.floor(day.index / FAILURE_WINDOW_DAYS);
    if (chance(stream, 2 * window) >= FAILURE_CHANCE) return false;
    const first = Math.floor(chance(stream, 2 * window + 1) * (FAILURE_WINDOW_DAYS - FAILURE_DAYS));
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
      const crossings = sunCrossings(day.start, day.end, this.#site, HORIZON_DEG);
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
    return last === undefined ? sunElevation(day.start, this.#site) > HORIZON_DEG : last.rises;
  }
}

function powerShare(percent: number): number {
  return percent === 0 ? 0 : DRIVER_SHARE + ((1 - DRIVER_SHARE) * percent) / 100;
}
