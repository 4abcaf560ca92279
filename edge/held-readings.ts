/** Readings that wait on the disk for a confirmed clock are dated as soon as there is one. */
import type { Log } from '../runtime/log.ts';
import type { GatewayClock } from './gateway-clock.ts';
import type { Outbox } from './outbox/outbox.ts';

export class HeldReadings {
  readonly #outbox: Pick<Outbox, 'dateHeld' | 'counters'>;
  readonly #gatewayClock: GatewayClock;
  readonly #log: Log;
  #isDating = false;
  #again = false;

  constructor(deps: { outbox: Pick<Outbox, 'dateHeld' | 'counters'>; gatewayClock: GatewayClock; log: Log }) {
    this.#outbox = deps.outbox;
    this.#gatewayClock = deps.gatewayClock;
    this.#log = deps.log;
  }

  /** Dates what is held, if the clock is confirmed. What the disk refuses stays held, for the next call. */
  date(): void {
    if (!this.#gatewayClock.isConfirmed) return;
    if (this.#isDating) this.#again = true;
    else void this.#date();
  }

  async #date(): Promise<void> {
    this.#isDating = true;
    try {
      do {
        this.#again = false;
        const count = this.#outbox.counters().undated;
        if (count > 0) {
          await this.#outbox.dateHeld((reading) => this.#gatewayClock.date(reading));
          this.#log.info({ readings: count }, 'readings held for want of a clock are dated');
        }
        // Only now: a reading of an earlier boot is judged by the instant that was known before it.
        this.#gatewayClock.remember();
      } while (this.#again);
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the disk refuses to date held readings; they stay held');
    } finally {
      this.#isDating = false;
    }
  }
}
