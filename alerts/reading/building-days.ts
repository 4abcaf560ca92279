/**
 * What buildings took, day by day, made of the quarter-hour rows of their meters by the arithmetic of site figures. The
 * running day and the one before are read again and again; the weeks before once, and once more each day, since late
 * data change them.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import { dayFrom, type Period, startOfDay, wallTime } from '../../energy/calendar.ts';
import { METRICS_OF } from '../../energy/carriers.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { QuarterSeries } from '../../energy/findings/finding.ts';
import { KnownMeters } from '../../energy/rollup/known-meters.ts';
import { type CountedFigure, siteDay } from '../../energy/site-figures/site-day.ts';
import type { Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { DayFacts } from '../alert-inputs.ts';

const CARRIERS = ['electricity', 'export', 'solar', 'gas', 'water'] as const;
const COUNTERS = CARRIERS.map((carrier) => METRICS_OF[carrier].counter);
/** Recent days, the weeks before them, and one to spare for the zone. */
export const DAYS_BACK = 32;
/** Of which the load is kept by the quarter hour. */
const LOAD_DAYS = 9;
const SITES_AT_ONCE = 8;
/** Of a quarter hour measured less than this the power is not known. */
const ENOUGH_MEASURED = 50;
const WHOLLY_MEASURED = 95;
const NIGHT_FROM_MIN = 60;
const NIGHT_TO_MIN = 300;
/** A quarter hour is rolled up within this time after its end. */
const GRACE_MS = 3 * 60_000;
const HOUR_QUARTERS = 4;
const FEWEST_NIGHT_HOURS = 3;

interface BuildingDay {
  readonly facts: DayFacts;
  readonly load: QuarterSeries;
  readonly demand: QuarterSeries;
}

/** Outdoor temperature of nights: mean between two instants, °C; null when nothing is known. */
export type NightTemperature = (period: Period) => number | null;

export class BuildingDays {
  readonly #deps: { readonly register: RegisterView; readonly store: Pick<RollUpStore, 'rollUps'> };
  readonly #meters: KnownMeters;
  /** By site, by the beginning of the day. */
  readonly #days = new Map<string, Map<number, BuildingDay>>();

  constructor(deps: { register: RegisterView; store: Pick<RollUpStore, 'rollUps'> }) {
    this.#deps = deps;
    this.#meters = new KnownMeters(deps.register);
  }

  /**
   * Reads the last `days` days of every building, the running one among them, until `stopped` says so. Throws
   * StoreFailure.
   */
  async read(now: number, days: number, temperature: NightTemperature, stopped: AbortSignal): Promise<void> {
    const { store } = this.#deps;
    const sites = this.sites();
    for (const zone of new Set(sites.map((site) => site.zone))) {
      const some = sites.filter((site) => site.zone === zone);
      for (let back = 0; back < days; back++) {
        const day = { from: dayFrom(now, -back, zone), to: dayFrom(now, 1 - back, zone) };
        for (let first = 0; first < some.length; first += SITES_AT_ONCE) {
          if (stopped.aborted) return;
          const group = some.slice(first, first + SITES_AT_ONCE);
          const names = group.map(({ id }) => id);
          const rows = await store.rollUps({ width: '15m', sites: names, metrics: COUNTERS, ...day });
          this.#meters.take(rows);
          for (const site of group) this.#take(site, day, rows, now, temperature);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    }
    this.#forget(now, new Set(sites.map(({ id }) => id)));
  }

  sites(): Site[] {
    return this.#deps.register.sites().filter(({ kind, retired }) => kind === 'building' && retired !== true);
  }

  /** Mean power that a building takes, its solar roof included, kW, of the last days; empty when nothing is known. */
  load(site: string): QuarterSeries {
    return joined([...(this.#days.get(site)?.values() ?? [])].map(({ load }) => load));
  }

  /** Taken from the grid, kW, of quarter hours that were wholly measured. */
  demand(site: string): QuarterSeries {
    return joined([...(this.#days.get(site)?.values() ?? [])].map(({ demand }) => demand));
  }

  /** Oldest first. */
  facts(site: string): DayFacts[] {
    return [...(this.#days.get(site)?.values() ?? [])]
      .map(({ facts }) => facts)
      .sort((one, other) => one.from - other.from);
  }

  #take(site: Site, day: Period, rows: readonly RollUp[], now: number, temperature: NightTemperature): void {
    const meters = this.#meters.metersOn(
      site.id,
      day,
      rows.filter((row) => row.site === site.id),
    );
    const { id, zone } = site;
    const until = Math.floor((now - GRACE_MS) / QUARTER_MS) * QUARTER_MS;
    const common = { site: id, meters, day, until, zone, schedule: undefined, tariffs: [] };
    const [load, taken, water, gas] = (['load', 'electricity', 'water', 'gas'] as const).map((carrier) =>
      siteDay({ ...common, carrier }),
    );
    const night = { from: wallTime(day.from, NIGHT_FROM_MIN, zone), to: wallTime(day.from, NIGHT_TO_MIN, zone) };
    const isRecent = day.from >= startOfDay(now, zone) - LOAD_DAYS * 86_400_000;
    getOrCreate(this.#days, id, () => new Map<number, BuildingDay>()).set(day.from, {
      facts: {
        ...day,
        baseKw: day.to <= until ? (load?.day.base ?? null) : null,
        nightWater: lowestHour(water?.quarters, night),
        nightGas: lowestHour(gas?.quarters, night),
        nightC: temperature(night),
      },
      load: isRecent ? powerOf(load?.quarters, ENOUGH_MEASURED) : NOTHING,
      demand: isRecent ? powerOf(taken?.quarters, WHOLLY_MEASURED) : NOTHING,
    });
  }

  #forget(now: number, sites: ReadonlySet<string>): void {
    for (const [site, days] of this.#days) {
      if (!sites.has(site)) this.#days.delete(site);
      for (const start of days.keys()) if (start < now - (DAYS_BACK + 2) * 86_400_000) days.delete(start);
    }
  }
}

const NOTHING: QuarterSeries = { firstSlot: 0, values: new Float64Array() };

function powerOf(quarters: readonly CountedFigure[] | undefined, leastCoverage: number): QuarterSeries {
  const [first] = quarters ?? [];
  if (quarters === undefined || first === undefined) return NOTHING;
  return {
    firstSlot: first.start / QUARTER_MS,
    values: Float64Array.from(quarters, ({ consumption, coverage }) =>
      consumption === null || coverage < leastCoverage ? Number.NaN : consumption * HOUR_QUARTERS,
    ),
  };
}

function joined(parts: readonly QuarterSeries[]): QuarterSeries {
  const known = parts.filter(({ values }) => values.length > 0);
  if (known.length === 0) return NOTHING;
  const firstSlot = Math.min(...known.map((part) => part.firstSlot));
  const end = Math.max(...known.map((part) => part.firstSlot + part.values.length));
  const values = new Float64Array(end - firstSlot).fill(Number.NaN);
  for (const part of known) values.set(part.values, part.firstSlot - firstSlot);
  return { firstSlot, values };
}

/** In the unit of the carrier per hour; null unless three of the hours are known. */
function lowestHour(quarters: readonly CountedFigure[] | undefined, night: Period): number | null {
  const hours = new Map<number, number[]>();
  for (const { start, consumption, coverage } of quarters ?? []) {
    if (start < night.from || start >= night.to || consumption === null || coverage < ENOUGH_MEASURED) continue;
    getOrCreate(hours, Math.floor((start - night.from) / (HOUR_QUARTERS * QUARTER_MS)), () => []).push(consumption);
  }
  const whole = [...hours.values()].filter(({ length }) => length === HOUR_QUARTERS);
  if (whole.length < FEWEST_NIGHT_HOURS) return null;
  return Math.min(...whole.map((parts) => parts.reduce((sum, part) => sum + part, 0)));
}
