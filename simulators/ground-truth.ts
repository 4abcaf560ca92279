/** What a simulated city says, for any device and time: what tests and audits compare the store with. */
import type { Reading } from '../contract/reading.ts';
import type { SimulatedCity } from './city.ts';
import { devicesOf, type SimulatedDevice, type Values } from './simulated-devices.ts';

export interface MetricSum {
  readonly count: number;
  readonly sum: number;
  readonly firstTime: number;
  readonly lastTime: number;
}

export class GroundTruth {
  readonly city: SimulatedCity;
  readonly #devices: readonly SimulatedDevice[];
  readonly #byKey: ReadonlyMap<string, SimulatedDevice>;

  constructor(city: SimulatedCity) {
    this.city = city;
    this.#devices = devicesOf(city);
    this.#byKey = new Map(this.#devices.map((device) => [`${device.gateway}/${device.id}`, device]));
  }

  /** Of one gateway, or all. */
  devices(gateway?: string): readonly SimulatedDevice[] {
    return gateway === undefined ? this.#devices : this.#devices.filter((device) => device.gateway === gateway);
  }

  /** @throws RangeError for a device that the city does not have. */
  device(gateway: string, device: string): SimulatedDevice {
    const found = this.#byKey.get(`${gateway}/${device}`);
    if (found === undefined) throw new RangeError(`the simulated city has no device '${gateway}/${device}'`);
    return found;
  }

  /** All values of a device at an instant (epoch milliseconds), whether or not it speaks just then. */
  valuesAt(gateway: string, device: string, time: number): Values {
    return this.device(gateway, device).valuesAt(time);
  }

  /** One value; undefined when the device does not have the metric. */
  value(gateway: string, device: string, metric: string, time: number): number | undefined {
    return this.valuesAt(gateway, device, time)[metric];
  }

  /** How many readings of a device lie in [from, to). */
  expectedCount(gateway: string, device: string, from: number, to: number): number {
    return countIn(this.device(gateway, device), from, to);
  }

  /** The readings of a device in [from, to), in order of time. */
  expectedReadings(gateway: string, device: string, from: number, to: number): Iterable<Reading> {
    return readingsIn(this.device(gateway, device), from, to);
  }

  /** By metric, over the readings of a device in [from, to): what a store's totals must be. */
  expectedSums(gateway: string, device: string, from: number, to: number): ReadonlyMap<string, MetricSum> {
    const sums = new Map<string, MetricSum>();
    for (const { time, values } of this.expectedReadings(gateway, device, from, to)) {
      for (const [metric, value] of Object.entries(values)) {
        const { count, sum, firstTime } = sums.get(metric) ?? { count: 0, sum: 0, firstTime: time };
        sums.set(metric, { count: count + 1, sum: sum + value, firstTime, lastTime: time });
      }
    }
    return sums;
  }
}

/** Instants in [from, to) at which a device speaks. */
export function countIn(device: SimulatedDevice, from: number, to: number): number {
  let count = Math.max(0, indexFrom(device, to) - indexFrom(device, from));
  for (const pause of device.pauses) {
    const [start, end] = [Math.max(from, pause.from), Math.min(to, pause.to)];
    if (start < end) count -= Math.max(0, indexFrom(device, end) - indexFrom(device, start));
  }
  return count;
}

export function* readingsIn(device: SimulatedDevice, from: number, to: number): Generator<Reading> {
  const { id, intervalMs, phaseMs } = device;
  const pauses = device.pauses.filter((pause) => pause.from < to && pause.to > from);
  const end = indexFrom(device, to);
  for (let index = indexFrom(device, from); index < end; index++) {
    const time = phaseMs + index * intervalMs;
    if (pauses.some((pause) => pause.from <= time && time < pause.to)) continue;
    yield { device: id, time, values: device.valuesAt(time) };
  }
}

/** The last instant before `time` at which a device speaks. */
export function lastBefore(device: SimulatedDevice, time: number): number {
  const { intervalMs, phaseMs, pauses } = device;
  const last = phaseMs + (indexFrom(device, time) - 1) * intervalMs;
  const pause = pauses.find(({ from, to }) => from <= last && last < to);
  return pause === undefined ? last : lastBefore(device, pause.from);
}

/** The first instant from `time` on at which a device speaks; undefined when it never will again. */
export function firstFrom(device: SimulatedDevice, time: number): number | undefined {
  const { intervalMs, phaseMs, pauses, until } = device;
  const first = phaseMs + Math.ceil((time - phaseMs) / intervalMs) * intervalMs;
  if (first >= until) return undefined;
  const pause = pauses.find(({ from, to }) => from <= first && first < to);
  return pause === undefined ? first : firstFrom(device, pause.to);
}

/** Number of the first instant at or after `time`. */
function indexFrom({ intervalMs, phaseMs, until }: SimulatedDevice, time: number): number {
  return Math.ceil((Math.min(time, until) - phaseMs) / intervalMs);
}
