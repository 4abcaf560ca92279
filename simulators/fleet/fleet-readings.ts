/**
 * What the devices of a light gateway measure: the electricity of a building, plausible and smooth, from nothing but the
 * gateway's stream and the time. Each (device, metric, time) is made once, so that a store can be counted against it.
 */
import type { Reading } from '../../contract/reading.ts';
import { chance, wander } from '../chance.ts';

/** In the order in which `--values` takes them. */
export const FLEET_METRICS = [
  'active_power_kw',
  'active_energy_kwh',
  'voltage_v',
  'current_a',
  'power_factor',
  'frequency_hz',
  'apparent_power_kva',
  'reactive_power_kvar',
] as const;

/** Energy counters run from here on, so that they rise from one run to the next. */
const COUNTED_SINCE = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export function fleetDevice(index: number): string {
  return `meter-${String(index + 1).padStart(2, '0')}`;
}

export interface FleetFeedOptions {
  /** Stream of chance of this gateway (chance.ts). */
  readonly stream: number;
  readonly devices: number;
  /** Values of a reading: the first so many of FLEET_METRICS. */
  readonly values: number;
}

/** The readings of one gateway, its devices in turn, each device in rising time. */
export class FleetFeed {
  readonly #options: FleetFeedOptions;
  readonly #lastTimes: Float64Array;
  #next = 0;

  constructor(options: FleetFeedOptions) {
    this.#options = options;
    this.#lastTimes = new Float64Array(options.devices);
  }

  /** The next `count` readings, taken between `from` and `to` (epoch milliseconds). */
  take(count: number, from: number, to: number): Reading[] {
    const readings: Reading[] = [];
    for (let i = 1; i <= count; i++) {
      const device = this.#next % this.#options.devices;
      this.#next++;
      // A clock that was set back must not make an instant twice: the second value would replace the first.
      const wanted = Math.floor(from + ((to - from) * i) / count);
      const time = Math.max(wanted, (this.#lastTimes[device] ?? 0) + 1);
      this.#lastTimes[device] = time;
      readings.push({ device: fleetDevice(device), time, values: this.#values(device, time) });
    }
    return readings;
  }

  #values(device: number, time: number): Record<string, number> {
    const stream = (this.#options.stream + Math.imul(device + 1, 0x9e3779b1)) >>> 0;
    const meanKw = 5 + 95 * chance(stream, 0);
    const powerKw = meanKw * (1 + 0.4 * wander(stream, time, 20 * 60_000));
    const voltage = 230 + 4 * wander(stream + 1, time, 5 * 60_000);
    const factor = 0.93 + 0.05 * wander(stream + 2, time, 10 * 60_000);
    const apparentKva = powerKw / factor;
    const all = [
      rounded(powerKw, 2),
      rounded(50_000 + (meanKw * (time - COUNTED_SINCE)) / HOUR_MS, 1),
      rounded(voltage, 1),
      rounded((apparentKva * 1_000) / (3 * voltage), 2),
      rounded(factor, 2),
      rounded(60 + 0.03 * wander(stream + 3, time, 60_000), 2),
      rounded(apparentKva, 2),
      rounded(Math.sqrt(Math.max(0, apparentKva ** 2 - powerKw ** 2)), 2),
    ];
    const values: Record<string, number> = {};
    for (let i = 0; i < this.#options.values; i++) values[FLEET_METRICS[i] as string] = all[i] as number;
    return values;
  }
}

function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
