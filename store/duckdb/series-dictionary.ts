/** Series and their ids. A reading finds its ids by two map look-ups and one comparison per value. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DeviceKey } from '../telemetry-store.ts';
import { appendRows } from './table-appender.ts';

/** The series of one device: a few, so that looking through them takes no longer than a map, and a tenth of its room. */
export class DeviceSeries {
  readonly gateway: string;
  readonly device: string;
  /** In the order in which they were first seen, which is mostly their order in a reading. */
  metrics: readonly string[] = [];
  ids: readonly number[] = [];

  constructor(gateway: string, device: string) {
    this.gateway = gateway;
    this.device = device;
  }

  find(metric: string): number | undefined {
    const index = this.metrics.indexOf(metric);
    return index < 0 ? undefined : this.ids[index];
  }

  add(metric: string, id: number): void {
    // Seldom called: an array that is pushed to has room for seventeen.
    this.metrics = this.metrics.concat(metric);
    this.ids = this.ids.concat(id);
  }

  nameOf(id: number): SeriesName {
    const { gateway, device } = this;
    return { gateway, device, metric: this.metrics[this.ids.indexOf(id)] as string };
  }
}

export interface SeriesName {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
}

export class SeriesDictionary {
  readonly #gateways = new Map<string, Map<string, DeviceSeries>>();
  /** By id of the series. */
  readonly #devices: DeviceSeries[] = [];
  /** Ids below are in the file. The others go there with the next commit. */
  #written = 0;

  get size(): number {
    return this.#devices.length;
  }

  name(id: number): SeriesName | undefined {
    return this.#devices[id]?.nameOf(id);
  }

  gateway(gateway: string): Map<string, DeviceSeries> {
    let devices = this.#gateways.get(gateway);
    if (devices === undefined) {
      devices = new Map();
      this.#gateways.set(gateway, devices);
    }
    return devices;
  }

  find({ gateway, device, metric }: SeriesName): number | undefined {
    return this.#gateways.get(gateway)?.get(device)?.find(metric);
  }

  /** Id of a series that `device` does not know yet. */
  add(device: DeviceSeries, metric: string): number {
    const id = this.#devices.length;
    this.#devices.push(device);
    device.add(metric, id);
    return id;
  }

  /** Id of a series, a new one when it has none. */
  id(name: SeriesName): number {
    const device = this.device(name.gateway, name.device);
    return device.find(name.metric) ?? this.add(device, name.metric);
  }

  /** Ids of the series of some devices and metrics, each once; absent matches all, and both absent give undefined. */
  ids(devices: readonly DeviceKey[] | undefined, metrics: readonly string[] | undefined): number[] | undefined {
    if (devices === undefined && metrics === undefined) return undefined;
    const ids = new Set<number>();
    for (const metric of metrics ?? [undefined]) {
      for (const { gateway, device } of devices ?? [{ gateway: undefined, device: undefined }]) {
        for (const id of this.select(gateway, device, metric)) ids.add(id);
      }
    }
    return [...ids];
  }

  /** Ids of the series that match, in no particular order; undefined matches all. */
  *select(gateway?: string, device?: string, metric?: string): Iterable<number> {
    const gateways = gateway === undefined ? this.#gateways.values() : present(this.#gateways.get(gateway));
    for (const devices of gateways) {
      for (const one of device === undefined ? devices.values() : present(devices.get(device))) {
        yield* metric === undefined ? one.ids : present(one.find(metric));
      }
    }
  }

  async load(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT gateway, device, metric FROM series ORDER BY id');
    for (const [gateway, device, metric] of (await result.getRows()) as [string, string, string][]) {
      this.add(this.device(gateway, device), metric);
    }
    this.#written = this.size;
  }

  device(gateway: string, device: string): DeviceSeries {
    const devices = this.gateway(gateway);
    let series = devices.get(device);
    if (series === undefined) {
      series = new DeviceSeries(gateway, device);
      devices.set(device, series);
    }
    return series;
  }

  /** Writes those that are not in the file, within the connection's transaction. Returns what to call once it is committed. */
  async writeNew(connection: DuckDBConnection): Promise<() => void> {
    const size = this.size;
    if (this.#written < size) {
      await appendRows(connection, 'series', (appender) => {
        for (let id = this.#written; id < size; id++) {
          const { gateway, device, metric } = this.name(id) as SeriesName;
          appender.appendUInteger(id);
          appender.appendVarchar(gateway);
          appender.appendVarchar(device);
          appender.appendVarchar(metric);
          appender.endRow();
        }
      });
    }
    return () => {
      this.#written = size;
    };
  }

  /** After a commit of unknown outcome: sees what the file holds. */
  async reconcile(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT count(*)::DOUBLE FROM series');
    this.#written = ((await result.getRows()) as [number][])[0]?.[0] ?? 0;
  }
}

function present<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
