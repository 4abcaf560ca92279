/**
 * How much electricity each site that has a budget used in its fiscal year so far, against what the budget allows for
 * the time of which that is known: what nobody measured is neither used nor saved.
 */
import { fiscalYear, fiscalYearAt, type Period } from '../../../energy/calendar.ts';
import { METRICS_OF } from '../../../energy/carriers.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import { DEFAULT_FISCAL_YEAR_START, type Site } from '../../../register/model.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { CityNow, CityNowMaker } from './city-now.ts';
import { type CountedMeter, overlapMs, sumPeriod } from './piece-sums.ts';
import type { RollUpReader } from './roll-up-reader.ts';
import { SharedAnswer } from './shared-answer.ts';
import { countersDuring, metersAt } from './site-counters.ts';

/** A year of days is read for it: not more often than this. */
const KEPT_MS = 60_000;
/** Whoever comes later waits for a new one. */
const OLD_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Of less than a day nobody can say how it compares with a year. */
const LEAST_KNOWN_MS = DAY_MS;

const METRIC = METRICS_OF.electricity.counter;

export interface BudgetUse {
  /** The fiscal year, named after the calendar year in which it ends. */
  readonly fiscalYear: number;
  readonly year: Period;
  /** Of the whole fiscal year. */
  readonly budgetKwh: number;
  /** Since it began, as far as it is known. */
  readonly usedKwh: number;
  /** What the budget gives for the time of which it is known. */
  readonly allowedKwh: number;
  readonly knownMs: number;
  /** Used over allowed; null of less than a day. */
  readonly percent: number | null;
}

type BudgetSite = Site & { readonly budget_kwh: number };

interface Deps {
  readonly register: RegisterView;
  readonly clock: Clock;
  readonly reader: RollUpReader;
  readonly now: CityNowMaker;
}

export class BudgetKeeper {
  readonly #deps: Deps;
  readonly #shared: SharedAnswer<ReadonlyMap<string, BudgetUse>>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#shared = new SharedAnswer({ clock: deps.clock, make: () => this.#make(), keepMs: KEPT_MS });
  }

  /** By site; those without a budget are absent. Waits only when nothing young is known. Throws StoreFailure. */
  async get(): Promise<ReadonlyMap<string, BudgetUse>> {
    const known = this.#shared.last();
    if (known !== undefined && this.#deps.clock.monotonicMs() - known.at < OLD_MS) return known.value;
    return await this.#shared.get();
  }

  async #make(): Promise<ReadonlyMap<string, BudgetUse>> {
    const { register, now: maker } = this.#deps;
    const sitesByZone = new Map<string, BudgetSite[]>();
    for (const site of register.sites()) {
      if (hasBudget(site)) getOrCreate(sitesByZone, site.zone, () => []).push(site);
    }
    const found = new Map<string, BudgetUse>();
    if (sitesByZone.size === 0) return found;
    const city = await maker.get();
    for (const [zone, sites] of sitesByZone) {
      for (const [site, use] of await this.#ofZone(city, sites, zone)) found.set(site, use);
    }
    return found;
  }

  async #ofZone(city: CityNow, sites: readonly BudgetSite[], zone: string): Promise<[string, BudgetUse][]> {
    const { register, clock, reader } = this.#deps;
    const now = clock.now();
    const startMonth = register.city?.()?.fiscal_year_start ?? DEFAULT_FISCAL_YEAR_START;
    const year = fiscalYearAt(now, startMonth, zone);
    const period = fiscalYear(year, startMonth, zone);
    const soFar = { from: period.from, to: now };
    const counters = sites.map((site) => countersDuring(city, register, site.id, 'electricity', soFar));
    const { pieces } = await reader.pieces(METRIC, counters.flat(), soFar, zone);
    return sites.map((site, place) => {
      const meters = metersAt(counters[place] ?? [], pieces, register, site.id);
      return [site.id, useOf(meters, { fiscalYear: year, year: period, budgetKwh: site.budget_kwh }, soFar)];
    });
  }
}

function hasBudget(site: Site): site is BudgetSite {
  return site.budget_kwh !== undefined && site.retired !== true;
}

function useOf(
  meters: readonly CountedMeter[],
  budget: Pick<BudgetUse, 'fiscalYear' | 'year' | 'budgetKwh'>,
  soFar: Period,
): BudgetUse {
  const usedKwh = sumPeriod(meters, soFar, scaleOf(METRIC)).value ?? 0;
  const knownMs = knownTime(meters, soFar);
  const allowedKwh = (budget.budgetKwh * knownMs) / (budget.year.to - budget.year.from);
  return {
    ...budget,
    usedKwh,
    allowedKwh,
    knownMs,
    percent: knownMs < LEAST_KNOWN_MS ? null : (100 * usedKwh) / allowedKwh,
  };
}

/** Of gaps the use is known as well, as a sum; of several meters as much as of all of them together. */
function knownTime(meters: readonly CountedMeter[], { from, to }: Period): number {
  let [knownMs, wholeMs] = [0, 0];
  for (const { pieces, site, stays } of meters) {
    wholeMs += overlapMs(stays, from, to);
    for (const piece of pieces) {
      if (piece.counts === null || piece.site !== site) continue;
      const lengthMs = overlapMs(stays, Math.max(from, piece.start), Math.min(to, piece.end));
      knownMs += piece.interpolated + piece.estimated > 0 ? lengthMs : (lengthMs * piece.coverage) / 100;
    }
  }
  return wholeMs === 0 ? 0 : (to - from) * Math.min(1, knownMs / wholeMs);
}
