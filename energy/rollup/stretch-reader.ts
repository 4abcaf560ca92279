/** Reads what a stretch of some devices needs from the store, and puts it in order by series. */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { RollUpStore, SeriesValues } from '../../store/roll-up-store.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';
import { startOfSlot } from '../counting/slots.ts';
import { nameOf } from './device-facts.ts';
import { StoredSeries } from './stored-series.ts';

export interface Stretch {
  readonly devices: readonly DeviceKey[];
  /** Metric ids; absent for all. */
  readonly metrics?: readonly string[] | undefined;
  /** Quarter hours [readFrom, readTo), by effective time. */
  readonly readFrom: number;
  readonly readTo: number;
  /** The most and the least by which effective times are ahead of stamps, milliseconds. */
  readonly mostShiftMs: number;
  readonly leastShiftMs: number;
}

/** Of one device, by metric. */
export interface DeviceStretch {
  readonly values: Map<string, SeriesValues>;
  readonly rows: Map<string, StoredSeries>;
  readonly events: Map<string, MeterEvent[]>;
}

/** Where the newest row before a stretch is mostly found, milliseconds. */
const LATELY_MS = 2 * 86_400_000;

export class StretchReader {
  readonly #store: RollUpStore;

  constructor(store: RollUpStore) {
    this.#store = store;
  }

  /** By name of device; every device asked for is there. */
  async read(stretch: Stretch): Promise<Map<string, DeviceStretch>> {
    const { devices, metrics, readFrom, readTo, mostShiftMs, leastShiftMs } = stretch;
    const [from, to] = [startOfSlot(readFrom), Number.isFinite(readTo) ? startOfSlot(readTo) : FAR_AHEAD];
    const common = { devices, ...(metrics === undefined ? {} : { metrics }) };
    const values = await this.#store.values({
      ...common,
      from: from - Math.max(0, mostShiftMs),
      to: Math.min(FAR_AHEAD, to - Math.min(0, leastShiftMs)),
    });
    const rows = await this.#store.rollUps({ ...common, width: '15m', from, to });
    const events = await this.#store.meterEvents({ ...common, from, to });
    const byDevice = new Map<string, DeviceStretch>();
    for (const key of devices) byDevice.set(nameOf(key), { values: new Map(), rows: new Map(), events: new Map() });
    for (const series of values) byDevice.get(nameOf(series))?.values.set(series.metric, series);
    for (const row of rows) {
      const device = byDevice.get(nameOf(row));
      if (device !== undefined) getOrCreate(device.rows, row.metric, () => new StoredSeries(readFrom)).add(row);
    }
    for (const event of events) {
      const device = byDevice.get(nameOf(event));
      if (device !== undefined) getOrCreate(device.events, event.metric, () => []).push(event);
    }
    return byDevice;
  }

  /** The newest row before a quarter hour of each series that has one, by `gateway/device/metric`. */
  async newestBefore(slot: number, series: readonly (DeviceKey & { metric: string })[]): Promise<Map<string, RollUp>> {
    const before = startOfSlot(slot);
    const found = new Map<string, RollUp>();
    for (const from of [before - LATELY_MS, 0]) {
      const missing = series.filter((one) => !found.has(seriesName(one)));
      if (missing.length === 0) break;
      const devices = new Map(missing.map((one) => [nameOf(one), { gateway: one.gateway, device: one.device }]));
      const metrics = [...new Set(missing.map(({ metric }) => metric))];
      const rows = await this.#store.latestRollUps({ devices: [...devices.values()], metrics, from, before });
      for (const row of rows) found.set(seriesName(row), row);
    }
    return found;
  }

  /** Rows by name of device and metric. */
  async rows(
    width: RollUpWidth,
    query: { devices: readonly DeviceKey[]; from: number; to: number },
  ): Promise<Map<string, Map<string, RollUp[]>>> {
    const byDevice = new Map<string, Map<string, RollUp[]>>();
    for (const row of await this.#store.rollUps({ width, ...query })) {
      const metrics = getOrCreate(byDevice, nameOf(row), () => new Map<string, RollUp[]>());
      getOrCreate(metrics, row.metric, () => []).push(row);
    }
    return byDevice;
  }
}

const FAR_AHEAD = 4_102_444_800_000;

export function seriesName({ gateway, device, metric }: DeviceKey & { readonly metric: string }): string {
  return `${gateway}/${device}/${metric}`;
}

export function isCounter(metric: string): boolean {
  return metricById.get(metric)?.kind === 'counter';
}
