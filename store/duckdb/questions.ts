/** Answers from the file and from what memory knows of it, by names instead of ids. Questions wait for no commit. */
import type { MeterEvent, RollUp } from '../../contract/roll-up.ts';
import type { LatestRollUpQuery, MeterEventQuery, RollUpQuery, SeriesValues, ValuesQuery } from '../roll-up-store.ts';
import type { LatestQuery, LatestValue, Series, SeriesQuery, SeriesTotal, TotalsQuery } from '../telemetry-store.ts';
import type { FileMemory } from './file-memory.ts';
import type { KeptFile } from './kept-file.ts';
import { readPoints, readTotals } from './queries.ts';
import { type RowStretch, readLatestRollUps, readMeterEvents, readRollUps } from './roll-up-queries.ts';
import { readValues } from './series-values.ts';

export class Questions {
  readonly #file: KeptFile;
  readonly #memory: () => FileMemory;

  constructor(file: KeptFile, memory: () => FileMemory) {
    this.#file = file;
    this.#memory = memory;
  }

  latest({ gateway, device, metric }: LatestQuery): readonly LatestValue[] {
    this.#file.opened();
    const { series, latest } = this.#memory();
    const found: LatestValue[] = [];
    for (const id of series.select(gateway, device, metric)) {
      const name = series.name(id);
      const newest = latest.get(id);
      if (name !== undefined && newest !== undefined) found.push({ ...name, ...newest });
    }
    return found;
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    const { metric, devices, from, to, every, limit } = query;
    const { series } = this.#memory();
    const ids = devices.map(({ gateway, device }) => series.find({ gateway, device, metric }));
    const known = [...new Set(ids.filter((id) => id !== undefined))];
    const points = await this.#file.read('read a series', (connection) =>
      readPoints(connection, { ids: known, from, to, every, limit }),
    );
    return known.flatMap((id) => {
      const ofSeries = points.get(id);
      const name = series.name(id);
      return ofSeries === undefined || name === undefined ? [] : [{ ...name, points: ofSeries }];
    });
  }

  async totals({ gateway, from, to }: TotalsQuery): Promise<readonly SeriesTotal[]> {
    const { series } = this.#memory();
    const ids = gateway === undefined ? undefined : [...series.select(gateway)];
    const totals = await this.#file.read('count what is stored', (connection) =>
      readTotals(connection, { ids, from, to }),
    );
    return totals.flatMap(({ id, ...total }) => {
      const name = series.name(id);
      return name === undefined ? [] : [{ ...name, ...total }];
    });
  }

  async values({ devices, metrics, from, to }: ValuesQuery): Promise<readonly SeriesValues[]> {
    const { series } = this.#memory();
    const ids = series.ids(devices, metrics) ?? [];
    const found = await this.#file.read('read values', (connection) => readValues(connection, { ids, from, to }));
    return found.flatMap(({ id, times, values }) => {
      const name = series.name(id);
      return name === undefined ? [] : [{ ...name, times, values }];
    });
  }

  async rollUps({ width, sites, devices, metrics, from, to }: RollUpQuery): Promise<readonly RollUp[]> {
    const names = this.#names();
    const stretch: RowStretch = {
      series: names.series.ids(devices, metrics),
      sites: sites?.map((site) => names.sites.find(site)).filter((id) => id !== undefined),
      from,
      to,
    };
    return this.#file.read('read roll-ups', (connection) => readRollUps(connection, width, stretch, names));
  }

  async latestRollUps({ devices, metrics, from, before }: LatestRollUpQuery): Promise<readonly RollUp[]> {
    const names = this.#names();
    const stretch = { series: names.series.ids(devices, metrics), from, to: before };
    return this.#file.read('read roll-ups', (connection) => readLatestRollUps(connection, '15m', stretch, names));
  }

  async meterEvents({ devices, metrics, from, to }: MeterEventQuery): Promise<readonly MeterEvent[]> {
    const { series } = this.#memory();
    const stretch = { series: series.ids(devices, metrics), from, to };
    return this.#file.read('read events of meters', (connection) => readMeterEvents(connection, stretch, series));
  }

  #names() {
    const { series, rollUps } = this.#memory();
    return { series, sites: rollUps.sites };
  }
}
