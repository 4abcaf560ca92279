/** Everything that the city's routes ask, put together once. Constructing reads nothing. */
import type { ConsoleDeps } from '../console-deps.ts';
import { BucketCache } from './bucket-cache.ts';
import { type CityEnergy, CityEnergyMaker, NO_ENERGY } from './city-energy.ts';
import { CityNowMaker } from './city-now.ts';
import { ConsumptionReader } from './consumption-reader.ts';
import { FindingsKeeper } from './findings-keeper.ts';
import { LateReadings } from './late-readings.ts';

export class CityView {
  readonly now: CityNowMaker;
  readonly reader: ConsumptionReader;
  readonly findings: FindingsKeeper;
  readonly #energy: CityEnergyMaker;
  readonly #deps: ConsoleDeps;
  readonly #late = new LateReadings();
  #stopListening: () => void = () => {};

  constructor(deps: ConsoleDeps) {
    const cache = new BucketCache({ store: deps.store, clock: deps.clock, late: this.#late });
    this.#deps = deps;
    this.now = new CityNowMaker(deps);
    this.reader = new ConsumptionReader({ cache, clock: deps.clock });
    this.#energy = new CityEnergyMaker({ ...deps, reader: this.reader, now: this.now });
    this.findings = new FindingsKeeper({ ...deps, reader: this.reader, now: this.now, cache });
  }

  /** Listens to what is committed, so that nothing read before a late reading is taken for the truth. */
  start(): void {
    const { ingest, clock } = this.#deps;
    const stops = [
      ingest.onCommitted((news) => this.#late.take(news, clock.now())),
      ingest.onMissed?.(() => this.#late.forgetAll()),
    ];
    this.#stopListening = () => {
      for (const stop of stops) stop?.();
    };
  }

  stop(): void {
    this.#stopListening();
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
