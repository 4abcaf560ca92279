/** Everything that the city's routes ask, put together once. Constructing reads nothing. */
import type { ConsoleDeps } from '../console-deps.ts';
import { type CityEnergy, CityEnergyMaker, NO_ENERGY } from './city-energy.ts';
import { CityNowMaker } from './city-now.ts';
import { FindingsKeeper } from './findings-keeper.ts';
import { RollUpReader } from './roll-up-reader.ts';

export class CityView {
  readonly now: CityNowMaker;
  readonly reader: RollUpReader;
  readonly findings: FindingsKeeper;
  readonly #energy: CityEnergyMaker;

  constructor(deps: ConsoleDeps) {
    this.now = new CityNowMaker(deps);
    this.reader = new RollUpReader(deps);
    this.#energy = new CityEnergyMaker({ ...deps, reader: this.reader, now: this.now });
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
}
