/** The electricity of every site today, against the same weekday of last week up to the same time of day. */
import { type Period, sameWeekdayLastWeek, today } from '../../../energy/calendar.ts';
import { METRICS_OF } from '../../../energy/carriers.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { CityNow, CityNowMaker, DeviceNow } from './city-now.ts';
import { type PeriodSum, sumPeriod } from './piece-sums.ts';
import type { RollUpReader } from './roll-up-reader.ts';
import { SharedAnswer } from './shared-answer.ts';
import { countersAt, metersAt } from './site-counters.ts';

/** Below this much measured, two days are not comparable. */
const COMPARABLE_PERCENT = 90;

export interface SiteEnergy {
  readonly today: PeriodSum;
  /** Null when it was not measured well enough to compare with. */
  readonly lastWeek: PeriodSum | null;
}

export interface CityEnergy {
  readonly bySite: ReadonlyMap<string, SiteEnergy>;
  readonly kwh: number | null;
  readonly coveragePercent: number;
  readonly lastWeekKwh: number | null;
  readonly changePercent: number | null;
}

export const NO_ENERGY: CityEnergy = {
  bySite: new Map(),
  kwh: null,
  coveragePercent: 0,
  lastWeekKwh: null,
  changePercent: null,
};

const METRIC = METRICS_OF.electricity.counter;

export class CityEnergyMaker {
  readonly #deps: {
    readonly register: RegisterView;
    readonly clock: Clock;
    readonly reader: RollUpReader;
    readonly now: CityNowMaker;
  };
  readonly #shared: SharedAnswer<CityEnergy>;

  constructor(deps: { register: RegisterView; clock: Clock; reader: RollUpReader; now: CityNowMaker }) {
    this.#deps = deps;
    this.#shared = new SharedAnswer({ clock: deps.clock, make: () => this.#make(), keepMs: 2_000 });
  }

  /** Throws StoreFailure. */
  get(): Promise<CityEnergy> {
    return this.#shared.get();
  }

  async #make(): Promise<CityEnergy> {
    const { register, clock, now: maker } = this.#deps;
    const city = await maker.get();
    const now = clock.now();
    const sitesByZone = new Map<string, string[]>();
    for (const site of register.sites()) {
      if (site.retired !== true) getOrCreate(sitesByZone, site.zone, () => []).push(site.id);
    }
    const bySite = new Map<string, SiteEnergy>();
    for (const [zone, sites] of sitesByZone) {
      const [ofToday, ofLastWeek] = await Promise.all([
        this.#sums(city, sites, today(now, zone), zone),
        this.#sums(city, sites, sameWeekdayLastWeek(now, zone), zone),
      ]);
      for (const [site, sum] of ofToday) {
        const lastWeek = ofLastWeek.get(site);
        const isComparable = lastWeek !== undefined && lastWeek.coveragePercent >= COMPARABLE_PERCENT;
        bySite.set(site, { today: sum, lastWeek: isComparable ? lastWeek : null });
      }
    }
    return addUp(bySite);
  }

  async #sums(city: CityNow, sites: readonly string[], range: Period, zone: string): Promise<Map<string, PeriodSum>> {
    const countersBySite = new Map<string, DeviceNow[]>();
    for (const site of sites) {
      const counters = countersAt(city.bySite.get(site) ?? [], 'electricity');
      if (counters.length > 0) countersBySite.set(site, counters);
    }
    const { reader, register } = this.#deps;
    const { pieces } = await reader.pieces(METRIC, [...countersBySite.values()].flat(), range, zone);
    const sums = new Map<string, PeriodSum>();
    for (const [site, counters] of countersBySite) {
      sums.set(site, sumPeriod(metersAt(counters, pieces, register, site), range, scaleOf(METRIC)));
    }
    return sums;
  }
}

function addUp(bySite: ReadonlyMap<string, SiteEnergy>): CityEnergy {
  const all = [...bySite.values()];
  const known = all.flatMap(({ today: { value } }) => (value === null ? [] : [value]));
  const before = all.flatMap(({ lastWeek }) => lastWeek?.value ?? []);
  const coveragePercent = all.reduce((total, site) => total + site.today.coveragePercent, 0) / Math.max(1, all.length);
  const kwh = known.length === 0 ? null : sum(known);
  // A city is compared with itself only where nearly every site has both days.
  const isComparable = kwh !== null && before.length > 0 && before.length >= (COMPARABLE_PERCENT / 100) * all.length;
  const lastWeekKwh = isComparable ? sum(before) : null;
  const both = all.filter((site) => site.lastWeek?.value != null && site.today.value !== null);
  const [now, then] = [
    sum(both.map((site) => site.today.value ?? 0)),
    sum(both.map((site) => site.lastWeek?.value ?? 0)),
  ];
  const changePercent =
    isComparable && then > 0 && coveragePercent >= COMPARABLE_PERCENT ? (100 * (now - then)) / then : null;
  return { bySite, kwh, coveragePercent, lastWeekKwh, changePercent };
}

/** Counted in watt hours, so that no noise of adding decimals shows. */
function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + Math.round(value * 1_000), 0) / 1_000;
}
