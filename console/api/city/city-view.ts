/** Everything that the city's routes ask, put together once. Constructing reads nothing. */
import type { ConsoleDeps } from '../console-deps.ts';
import { type CityEnergy, CityEnergyMaker, NO_ENERGY } from './city-energy.ts';
import { CityNowMaker } from './city-now.ts';
import { FindingsKeeper } from './findings-keeper.ts';
import { RollUpReader } from './roll-up-reader.ts';
import { BudgetKeeper, type BudgetUse } from './site-budget.ts';

export class CityView {
  readonly now: CityNowMaker;
  readonly reader: RollUpReader;
  readonly findings: FindingsKeeper;
  readonly #energy: CityEnergyMaker;
  readonly #budgets: BudgetKeeper;

  constructor(deps: ConsoleDeps) {
    this.now = new CityNowMaker(deps);
    this.reader = new RollUpReader(deps);
    this.#energy = new CityEnergyMaker({ ...deps, reader: this.reader, now: this.now });
    this.#budgets = new BudgetKeeper({ ...deps, reader: this.reader, now: this.now });
    this.findings = new FindingsKeeper({ ...deps, reader: this.reader, now: this.now });
  }

  /** What is known of today's energy, and why not more. */
  async energy(): Promise<{ energy: CityEnergy; fault: string }> {
    try {
      return { energy: await this.#energy.get(), fault: '' };
    } catch (error) {
      // Everything else on the page is still right; the reason is part of the answer.
      return { energy: NO_ENERGY, fault: error instanceof Error ? error.message : String(error) };
    }
  }

  /** What sites with a budget used of it, by site, and why that is not known. */
  async budgets(): Promise<{ budgets: ReadonlyMap<string, BudgetUse>; fault: string }> {
    try {
      return { budgets: await this.#budgets.get(), fault: '' };
    } catch (error) {
      return { budgets: new Map(), fault: error instanceof Error ? error.message : String(error) };
    }
  }
}
