/**
 * Batches that arrived and were told to come again later, by the readings in them, until they come and are settled.
 * In memory: what waits is told again after a restart.
 */
import type { WaitingReadings } from '../contract/gateway-evidence.ts';
import type { Reading } from '../contract/reading.ts';
import type { LaterReason } from '../contract/verdicts.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';

/** Batches of one gateway; of more the oldest are forgotten. */
const MOST_BATCHES = 256;

export class WaitingBatches {
  readonly #byGateway = new Map<string, Map<string, readonly WaitingReadings[]>>();

  wait(gateway: string, batch: string, readings: readonly Reading[], reason: LaterReason): void {
    const byDevice = new Map<
      string,
      { device: string; reason: LaterReason; from: number; to: number; count: number }
    >();
    for (const { device, time } of readings) {
      const known = byDevice.get(device);
      if (known === undefined) byDevice.set(device, { device, reason, from: time, to: time + 1, count: 1 });
      else {
        known.from = Math.min(known.from, time);
        known.to = Math.max(known.to, time + 1);
        known.count++;
      }
    }
    const batches = getOrCreate(this.#byGateway, gateway, () => new Map<string, readonly WaitingReadings[]>());
    batches.delete(batch);
    batches.set(batch, [...byDevice.values()]);
    for (const oldest of batches.keys()) {
      if (batches.size <= MOST_BATCHES) break;
      batches.delete(oldest);
    }
  }

  /** It is settled. */
  settled(gateway: string, batch: string): void {
    const batches = this.#byGateway.get(gateway);
    if (batches?.delete(batch) === true && batches.size === 0) this.#byGateway.delete(gateway);
  }

  get isEmpty(): boolean {
    return this.#byGateway.size === 0;
  }

  /** With readings in [from, to). */
  of(gateway: string, from: number, to: number): WaitingReadings[] {
    const all = [...(this.#byGateway.get(gateway)?.values() ?? [])].flat();
    return all.filter((one) => one.from < to && one.to > from);
  }
}
