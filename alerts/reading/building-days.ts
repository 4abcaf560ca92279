/**
 * What buildings took, day by day, made of the quarter-hour rows of their meters by the arithmetic of site figures. Read
 * in pieces of bounded size, and kept as figures: of the rows nothing stays.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import { dayFrom, type Period, startOfDay, wallTime } from '../../energy/calendar.ts';
import { METRICS_OF } from '../../energy/carriers.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { QuarterSeries } from '../../energy/findings/finding.ts';
import { KnownMeters } from '../../energy/rollup/known-meters.ts';
import { type CountedFigure, type SiteDay, siteDayOf } from '../../energy/site-figures/site-day.ts';
import { metersOf } from '../../energy/site-figures/site-meter.ts';
import { type SiteQuarter, siteQuarters } from '../../energy/site-figures/site-quarters.ts';
import type { Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { DayFacts } from '../alert-inputs.ts';
import { siteGroups, stretchesOf } from './day-slices.ts';
import { RollingQuarters } from './rolling-quarters.ts';

const CARRIERS = ['electricity', 'export', 'solar', 'gas', 'water'] as const;
export const BUILDING_COUNTERS: readonly string[] = CARRIERS.map((carrier) => METRICS_OF[carrier].counter);
/** Of these figures days are made; `electricity` is the demand. */
type Figure = 'load' | 'electricity' | 'water' | 'gas';
/** Recent days, the weeks before them, and one to spare for the zone. */
export const DAYS_BACK = 32;
const KEPT_MS = (DAYS_BACK + 2) * 86_400_000;
/** Of which the load is kept by the quarter hour. */
const LOAD_DAYS = 9;
/** Of a quarter hour measured less than this the power is not known. */
const ENOUGH_MEASURED = 50;
const WHOLLY_MEASURED = 95;
const NIGHT_FROM_MIN = 60;
const NIGHT_TO_MIN = 300;
/** A quarter hour is rolled up within this time after its end. */
const GRACE_MS = 3 * 60_000;
const HOUR_QUARTERS = 4;
const FEWEST_NIGHT_HOURS = 3;

interface Building {
  /** By the beginning of the day. */
  readonly days: Map<number, DayFacts>;
  /** Absent where no rule asks for it. */
  load?: RollingQuarters;
  demand?: RollingQuarters;
}

export interface DaysQuestion {
  readonly now: number;
  /** So many days, the running one among them. */
  readonly days: number;
  /** How many counters stand at a site, as far as is known. */
  readonly seriesAt: (site: string) => number;
  /** Mean outdoor temperature between two instants, °C; null when nothing is known. */
  readonly temperature: (night: Period) => number | null;
  readonly stopped: AbortSignal;
}

export class BuildingDays {
  readonly #deps: { readonly register: RegisterView; readonly store: Pick<RollUpStore, 'rollUps'> };
  readonly #meters: KnownMeters;
  readonly #buildings = new Map<string, Building>();

  constructor(deps: { register: RegisterView; store: Pick<RollUpStore, 'rollUps'> }) {
    this.#deps = deps;
    this.#meters = new KnownMeters(deps.register);
  }

  /** Throws StoreFailure. */
  async read(question: DaysQuestion): Promise<void> {
    const { now, days, seriesAt, stopped } = question;
    const sites = this.sites();
    for (const zone of new Set(sites.map((site) => site.zone))) {
      const groups = siteGroups(
        sites.filter((site) => site.zone === zone),
        ({ id }) => seriesAt(id),
      );
      for (let back = 0; back < days; back++) {
        const day = { from: dayFrom(now, -back, zone), to: dayFrom(now, 1 - back, zone) };
        // What nobody knows of a day is the same for all.
        const unknown = this.#factsOf(day, question, zone, new Map());
        for (const group of groups) {
          if (stopped.aborted) return;
          await this.#readDay(group, day, question, unknown);
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
    return this.#buildings.get(site)?.load?.series ?? NOTHING;
  }

  /** Taken from the grid, kW, of quarter hours that were wholly measured. */
  demand(site: string): QuarterSeries {
    return this.#buildings.get(site)?.demand?.series ?? NOTHING;
  }

  /** Oldest first. */
  facts(site: string): DayFacts[] {
    return [...(this.#buildings.get(site)?.days.values() ?? [])].sort((one, other) => one.from - other.from);
  }

  async #readDay(sites: readonly Site[], day: Period, question: DaysQuestion, unknown: DayFacts): Promise<void> {
    const { now, seriesAt } = question;
    const until = Math.min(day.to, Math.floor((now - GRACE_MS) / QUARTER_MS) * QUARTER_MS);
    const names = sites.map(({ id }) => id);
    const series = names.reduce((sum, id) => sum + seriesAt(id), 0);
    const quarters = new Map(names.map((id) => [id, new Map<Figure, SiteQuarter[]>()]));
    for (const stretch of stretchesOf({ from: day.from, to: until }, series)) {
      const rows = await this.#deps.store.rollUps({
        width: '15m',
        sites: names,
        metrics: BUILDING_COUNTERS,
        ...stretch,
      });
      this.#meters.take(rows);
      const rowsBySite = new Map<string, RollUp[]>();
      for (const row of rows) getOrCreate(rowsBySite, row.site, () => []).push(row);
      for (const site of sites) {
        const ofSite = rowsBySite.get(site.id) ?? [];
        this.#addQuarters(site, { day, stretch }, ofSite, quarters.get(site.id) ?? new Map());
        if (ofSite.length > 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (const site of sites)
      this.#take(site, { ...day, until }, question, quarters.get(site.id) ?? new Map(), unknown);
  }

  #addQuarters(
    site: Site,
    { day, stretch }: { readonly day: Period; readonly stretch: Period },
    rows: readonly RollUp[],
    quarters: Map<Figure, SiteQuarter[]>,
  ): void {
    // Without a row nothing is known, whoever should have counted.
    const meters = rows.length === 0 ? [] : this.#meters.metersOn(site.id, day, rows);
    for (const figure of figuresOf(site)) {
      const counting = metersOf(meters, figure);
      const known = quarters.get(figure);
      if (known === undefined && counting.length === 0) continue;
      const part = siteQuarters(counting, stretch, figure);
      if (known === undefined) quarters.set(figure, part);
      else known.push(...part);
    }
  }

  #take(
    site: Site,
    day: Period & { readonly until: number },
    question: DaysQuestion,
    quarters: ReadonlyMap<Figure, readonly SiteQuarter[]>,
    unknown: DayFacts,
  ): void {
    const building = getOrCreate(this.#buildings, site.id, (): Building => ({ days: new Map() }));
    const made = new Map<Figure, SiteDay>();
    for (const [carrier, ofCarrier] of quarters) {
      const about = {
        site: site.id,
        carrier,
        day,
        until: day.until,
        zone: site.zone,
        schedule: undefined,
        tariffs: [],
      };
      made.set(carrier, siteDayOf(ofCarrier, about));
    }
    building.days.set(day.from, made.size === 0 ? unknown : this.#factsOf(day, question, site.zone, made));
    const since = startOfDay(question.now, site.zone) - LOAD_DAYS * 86_400_000;
    if (site.schedule === undefined) delete building.load;
    else if (made.has('load') || building.load !== undefined) {
      building.load ??= new RollingQuarters();
      building.load.put(day, powerOf(made.get('load'), day, ENOUGH_MEASURED), since);
    }
    if (site.contract_demand_kw === undefined) delete building.demand;
    else if (made.has('electricity') || building.demand !== undefined) {
      building.demand ??= new RollingQuarters();
      building.demand.put(day, powerOf(made.get('electricity'), day, WHOLLY_MEASURED), since);
    }
  }

  #factsOf(
    { from, to }: Period,
    { now, temperature }: Pick<DaysQuestion, 'now' | 'temperature'>,
    zone: string,
    made: ReadonlyMap<Figure, SiteDay>,
  ): DayFacts {
    const night = { from: wallTime(from, NIGHT_FROM_MIN, zone), to: wallTime(from, NIGHT_TO_MIN, zone) };
    return {
      from,
      to,
      baseKw: to <= now - GRACE_MS ? (made.get('load')?.day.base ?? null) : null,
      nightWater: lowestHour(made.get('water')?.quarters, night),
      nightGas: lowestHour(made.get('gas')?.quarters, night),
      nightC: temperature(night),
    };
  }

  #forget(now: number, sites: ReadonlySet<string>): void {
    for (const [site, { days }] of this.#buildings) {
      if (!sites.has(site)) this.#buildings.delete(site);
      for (const start of days.keys()) if (start < now - KEPT_MS) days.delete(start);
    }
  }
}

const NOTHING: QuarterSeries = { firstSlot: 0, values: new Float64Array() };

/** Demand is asked only of those that state a contract. */
function figuresOf({ contract_demand_kw }: Site): readonly Figure[] {
  return contract_demand_kw === undefined ? ['load', 'water', 'gas'] : ['load', 'water', 'gas', 'electricity'];
}

/** By the quarter hour from the beginning of the day on. */
function powerOf(made: SiteDay | undefined, { from }: Period, leastCoverage: number): Float64Array {
  const quarters = made?.quarters ?? [];
  const missing = Math.round(((quarters[0]?.start ?? from) - from) / QUARTER_MS);
  const power = new Float64Array(missing + quarters.length).fill(Number.NaN);
  for (const [place, { consumption, coverage }] of quarters.entries()) {
    if (consumption !== null && coverage >= leastCoverage) power[missing + place] = consumption * HOUR_QUARTERS;
  }
  return power;
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
