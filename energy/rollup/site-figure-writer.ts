/**
 * Writes site figures as points for boards: of what the roll-up worker rolled up, before it clears its marks, so that a
 * kill loses none; and every quarter hour of the sites of which nothing came, so that a silent site shows as not
 * measured instead of as it was. Written again, a figure replaces itself.
 */
import { FIGURE_CARRIERS, type FigureCarrier } from '../../contract/site-figures.ts';
import { DEFAULT_FISCAL_YEAR_START, type Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { Log } from '../../runtime/log.ts';
import type { Service } from '../../runtime/service.ts';
import { unlessStopped } from '../../runtime/until-stopped.ts';
import type { Point, PointSink } from '../../store/point-sink.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { fiscalYear, fiscalYearAt, type Period, startOfDay } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { FACTORS, type Factor } from '../emissions/factor-table.ts';
import { type CircuitLamp, circuitQuarters, heardFor, LAMP_METRICS } from '../site-figures/circuit-quarters.ts';
import { loadHours } from '../site-figures/load-hours.ts';
import { siteDay } from '../site-figures/site-day.ts';
import type { SiteMeter } from '../site-figures/site-meter.ts';
import { EXAMPLE_TARIFFS } from '../tariffs/example-tariffs.ts';
import type { Tariff } from '../tariffs/tariff.ts';
import { lampsBySite } from './circuit-lamps.ts';
import { CivilDays } from './civil-days.ts';
import { COUNTERS, KnownMeters, MISSED_MS } from './known-meters.ts';
import { circuitPoint, dayPoint, loadHoursPoint, nothingPoints, quarterPoint } from './site-figure-points.ts';
import type { TouchedSite } from './touched-sites.ts';

export interface FigureTables {
  readonly tariffs: readonly Tariff[];
  readonly factors: readonly Factor[];
}

export interface SiteFigureWriterDeps {
  readonly register: RegisterView;
  readonly store: RollUpStore;
  readonly sink: PointSink;
  readonly clock: Clock;
  readonly log: Log;
  /** All versions of all tariffs, and all factors, asked for each time; absent: those that come with Lamplighter. */
  readonly tables?: (() => FigureTables) | undefined;
}

/** Sites whose day is read at once: 8 circuits of 40 lamps are 30,000 rows. */
const SITES_AT_ONCE = 8;
const POINTS_AT_ONCE = 4_000;
const DAY_MS = 86_400_000;
/** Silent sites are looked at this often, and this long after the end of a quarter hour. */
const SWEEP_EVERY_MS = 60_000;
const SWEEP_GRACE_MS = 3 * 60_000;
/** How far back a start looks for quarter hours of which nothing came. */
const SWEEP_BACK_MS = 3 * DAY_MS;

export class SiteFigureWriter implements Service {
  readonly name = 'site figures';
  readonly #deps: SiteFigureWriterDeps;
  readonly #meters: KnownMeters;
  readonly #civilDays = new CivilDays();
  readonly #tariffFaults = new Set<string>();
  #tables: FigureTables = { tariffs: EXAMPLE_TARIFFS, factors: FACTORS };
  /** Up to where each site's figures were written since the start, epoch milliseconds. */
  readonly #writtenTo = new Map<string, number>();
  #lamps: ReadonlyMap<string, CircuitLamp[]> = new Map();
  #lampsVersion = Number.NaN;
  #sweeping: Timer | undefined;
  #sweptTo: number | undefined;
  #isLoaded = false;
  #fault = '';
  #tail: Promise<void> = Promise.resolve();
  #stopped = new AbortController();

  constructor(deps: SiteFigureWriterDeps) {
    this.#deps = deps;
    this.#meters = new KnownMeters(deps.register);
  }

  async start(): Promise<void> {
    this.#stopped = new AbortController();
    this.#sweeping = this.#deps.clock.every(SWEEP_EVERY_MS, () => void this.#sweepOrSay());
  }

  async stop(): Promise<void> {
    this.#sweeping?.cancel();
    this.#stopped.abort();
    await this.#tail.catch(() => {});
  }

  /**
   * Resolves when the figures of everything touched are stored; throws StoreFailure, or the signal's reason, and then it
   * is to be done again.
   */
  write(touched: readonly TouchedSite[], stopped: AbortSignal = this.#stopped.signal): Promise<void> {
    return unlessStopped(
      this.#inTurn(() => this.#write(touched, stopped)),
      stopped,
    );
  }

  /** Writes what is due of sites of which nothing came. Throws StoreFailure. */
  sweep(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#load();
      const now = this.#deps.clock.now();
      const to = slotBegin(now - SWEEP_GRACE_MS);
      const from = this.#sweptTo ?? slotBegin(now - SWEEP_BACK_MS);
      if (!(from < to)) return;
      const silent = this.#meters.sites().flatMap((site): TouchedSite[] => {
        const begin = Math.max(from, this.#writtenTo.get(site) ?? 0);
        return begin < to && this.#isInUse(site) ? [{ site, from: begin, to }] : [];
      });
      await this.#write(silent, this.#stopped.signal);
      this.#sweptTo = to;
    });
  }

  async #sweepOrSay(): Promise<void> {
    try {
      await this.sweep();
      this.#fault = '';
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      // Nothing is lost: the same stretch is due again at the next turn.
      const words = error instanceof Error ? error.message : String(error);
      if (words !== this.#fault) this.#deps.log.error({ error }, `figures of silent sites wait: ${words}`);
      this.#fault = words;
    }
  }

  /** One after the other, so that of two figures the later made one stays. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#tail.catch(() => {}).then(work);
    this.#tail = done;
    done.catch(() => {});
    return done;
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    await this.#meters.load(this.#deps.store, this.#deps.clock.now());
    this.#isLoaded = true;
  }

  async #write(touched: readonly TouchedSite[], stopped: AbortSignal): Promise<void> {
    if (touched.length === 0) return;
    await this.#load();
    const { store, sink, tables } = this.#deps;
    if (tables !== undefined) this.#tables = tables();
    for (const { day, sites } of this.#daysOf(touched)) {
      const names = [...sites.keys()];
      for (let first = 0; first < names.length; first += SITES_AT_ONCE) {
        stopped.throwIfAborted();
        const some = names.slice(first, first + SITES_AT_ONCE);
        const rows = await store.rollUps({ width: '15m', sites: some, metrics: COUNTERS, ...day });
        this.#meters.take(rows);
        const points = some.flatMap((site) => {
          const ofSite = rows.filter((row) => row.site === site);
          return this.#pointsOf(site, day, sites.get(site) as Period, this.#meters.metersOn(site, day, ofSite));
        });
        for (const site of some) points.push(...(await this.#circuitPoints(site, sites.get(site) as Period)));
        for (let begin = 0; begin < points.length; begin += POINTS_AT_ONCE) {
          await sink.putPoints(points.slice(begin, begin + POINTS_AT_ONCE));
        }
      }
    }
    await this.#writeSilent(touched, stopped);
    for (const { site, to } of touched) this.#writtenTo.set(site, Math.max(to, this.#writtenTo.get(site) ?? 0));
  }

  /**
   * History may come newest first: of a meter that fell silent on an earlier day than is written already, the days after
   * it did not know that it was missing.
   */
  async #writeSilent(touched: readonly TouchedSite[], stopped: AbortSignal): Promise<void> {
    const now = this.#deps.clock.now();
    const stale = touched.flatMap(({ site, from, to }): TouchedSite[] => {
      const today = startOfDay(now, this.#zoneOf(site));
      return this.#meters
        .silentSince(site, { from, to: Math.min(to, today) })
        .map((since) => ({ site, from: since, to: Math.min(slotBegin(now - SWEEP_GRACE_MS), since + MISSED_MS) }))
        .filter((stretch) => stretch.from < stretch.to);
    });
    // What follows the last row of a meter holds no other last row of it: this comes to an end.
    if (stale.length > 0) await this.#write(stale, stopped);
  }

  /** The civil days touched, with what was touched in each of every site, in quarter hours. */
  #daysOf(touched: readonly TouchedSite[]): { readonly day: Period; readonly sites: ReadonlyMap<string, Period> }[] {
    const days = new Map<string, { day: Period; sites: Map<string, Period> }>();
    for (const { site, from, to } of touched) {
      if (site === '' || !(from < to)) continue;
      for (const day of this.#civilDays.in({ from, to }, this.#zoneOf(site))) {
        const { sites } = getOrCreate(days, `${day.from}/${day.to}`, () => ({ day, sites: new Map() }));
        const part = { from: Math.max(slotBegin(from), day.from), to: Math.min(to, day.to) };
        const other = sites.get(site) ?? part;
        sites.set(site, { from: Math.min(part.from, other.from), to: Math.max(part.to, other.to) });
      }
    }
    return [...days.values()];
  }

  #pointsOf(site: string, day: Period, touched: Period, meters: readonly SiteMeter[]): Point[] {
    const { register, clock } = this.#deps;
    const listed = register.site(site);
    const zone = this.#zoneOf(site);
    // Of a running day the quarter hours that are rolled up by now, if anything came.
    const until = Math.max(slotBegin(clock.now() - SWEEP_GRACE_MS), touched.to, this.#writtenTo.get(site) ?? 0);
    const set = listed?.factors ?? register.city?.()?.factors;
    const factors = { set, factors: this.#tables.factors };
    return FIGURE_CARRIERS.flatMap((carrier) => {
      const tariffs = this.#tariffsOf(listed, carrier);
      const common = { site, carrier, meters, day, until, zone, schedule: listed?.schedule, factors };
      const made = this.#withoutCostOnFault(
        site,
        carrier,
        () => siteDay({ ...common, tariffs }),
        () => siteDay({ ...common, tariffs: [] }),
      );
      if (made === undefined) return this.#meters.has(site, carrier) ? nothingPoints(site, carrier, day, touched) : [];
      const budget = carrier === 'electricity' ? this.#dayBudget(listed, day, zone) : null;
      const quarters = made.quarters.filter(({ start }) => start >= touched.from && start < touched.to);
      const isBuildingLoad = carrier === 'load' && listed?.kind === 'building';
      const hours = isBuildingLoad ? [loadHoursPoint(site, day.from, loadHours(made.quarters, day.from, zone))] : [];
      return [dayPoint(made.day, budget), ...quarters.map(quarterPoint), ...hours];
    });
  }

  async #circuitPoints(site: string, touched: Period): Promise<Point[]> {
    const { store, register } = this.#deps;
    const lamps = this.#lampsOf(site);
    if (lamps.length === 0) return [];
    const from = touched.from - (Math.max(...lamps.map(heardFor)) - 1) * QUARTER_MS;
    const rows = await store.rollUps({ width: '15m', sites: [site], metrics: LAMP_METRICS, from, to: touched.to });
    const { latitude, longitude } = register.site(site) ?? {};
    const position = latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
    return circuitQuarters(lamps, rows, touched, position).map((quarter) => circuitPoint(site, quarter));
  }

  #lampsOf(site: string): CircuitLamp[] {
    if (this.#lampsVersion !== this.#deps.register.version) {
      this.#lampsVersion = this.#deps.register.version;
      this.#lamps = lampsBySite(this.#deps.register);
    }
    return this.#lamps.get(site) ?? [];
  }

  /** Tariffs that contradict each other give no cost, and are said once; all else is true without them. */
  #withoutCostOnFault<T>(site: string, carrier: FigureCarrier, make: () => T, makeWithout: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const place = `${site}/${carrier}`;
      if (!this.#tariffFaults.has(place)) this.#deps.log.error({ site, carrier }, `no cost: ${error.message}`);
      this.#tariffFaults.add(place);
      return makeWithout();
    }
  }

  #tariffsOf(site: Site | undefined, carrier: FigureCarrier): readonly Tariff[] {
    if (carrier !== 'electricity' && carrier !== 'gas' && carrier !== 'water' && carrier !== 'heat') return [];
    const id = site?.tariffs?.[carrier] ?? this.#deps.register.city?.()?.tariffs?.[carrier];
    if (id === undefined) return [];
    return this.#tables.tariffs.filter((tariff) => tariff.id === id && tariff.carrier === carrier);
  }

  #dayBudget(site: Site | undefined, day: Period, zone: string): number | null {
    if (site?.budget_kwh === undefined) return null;
    const start = this.#deps.register.city?.()?.fiscal_year_start ?? DEFAULT_FISCAL_YEAR_START;
    const { from, to } = fiscalYear(fiscalYearAt(day.from, start, zone), start, zone);
    return site.budget_kwh / Math.round((to - from) / DAY_MS);
  }

  #zoneOf(site: string): string {
    return this.#deps.register.site(site)?.zone ?? this.#deps.register.city?.()?.zone ?? 'UTC';
  }

  #isInUse(site: string): boolean {
    const listed = this.#deps.register.site(site);
    return listed !== undefined && listed.retired !== true;
  }
}

function slotBegin(time: number): number {
  return Math.floor(time / QUARTER_MS) * QUARTER_MS;
}
