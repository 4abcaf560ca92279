/** What the server holds, asked in InfluxQL: series, totals, and the newest value of each series. */
import { LamplighterError } from '../../contract/error-codes.ts';
import { type Metric, metricById } from '../../contract/metrics.ts';
import type {
  DeviceKey,
  LatestValue,
  Series,
  SeriesPoint,
  SeriesQuery,
  SeriesTotal,
  TotalsQuery,
} from '../telemetry-store.ts';
import { bucketsQuery, FIELDS_QUERY, metricsAmong, newestQuery, totalsQuery, valuesQuery } from './influxql.ts';
import type { Cell, InfluxqlClient, ResultSeries } from './influxql-client.ts';

/** Devices named in one query; more are asked in several. */
const DEVICES_A_QUERY = 100;

export class StoredReadings {
  readonly #client: InfluxqlClient;

  constructor(client: InfluxqlClient) {
    this.#client = client;
  }

  /** One entry per device that has points. Throws `bad-request` when one has more than the limit. */
  async series(query: SeriesQuery): Promise<readonly Series[]> {
    const { every, from, to, limit } = query;
    if (every !== undefined && (!Number.isSafeInteger(every) || every < 1)) {
      throw new LamplighterError(
        'bad-request',
        `every is ${every}; it must be a whole number of milliseconds, 1 or more`,
      );
    }
    const metric = metricById.get(query.metric);
    if (metric === undefined || !(from < to)) return [];
    const devices = [...new Map(query.devices.map((key) => [nameOf(key), key])).values()];
    const found: Series[] = [];
    for (let start = 0; start < devices.length; start += DEVICES_A_QUERY) {
      const some = devices.slice(start, start + DEVICES_A_QUERY);
      // One more than the limit, to see that there would be more.
      const most = Math.max(0, Math.trunc(limit)) + 1;
      const influxql =
        every === undefined
          ? valuesQuery(metric, some, { from, to }, most)
          : bucketsQuery(metric, some, { from, to }, every, most);
      const [answer = []] = await this.#client.ask(influxql);
      for (const series of answer) found.push(readSeries(series, metric, limit));
    }
    return found;
  }

  async totals(query: TotalsQuery): Promise<readonly SeriesTotal[]> {
    const found: SeriesTotal[] = [];
    if ((query.from ?? Number.NEGATIVE_INFINITY) >= (query.to ?? Number.POSITIVE_INFINITY)) return found;
    for (const metric of await this.#metrics()) {
      const [sums = [], firsts = [], lasts = []] = await this.#client.ask(totalsQuery(metric, query, query.gateway));
      const firstTimes = timesBySeries(firsts);
      const lastTimes = timesBySeries(lasts);
      for (const series of sums) {
        const key = keyOf(series);
        const [row = []] = series.values;
        found.push({
          ...key,
          metric: metric.id,
          count: number(row[1]),
          sum: number(row[2]),
          firstTime: firstTimes.get(nameOf(key)) ?? Number.NaN,
          lastTime: lastTimes.get(nameOf(key)) ?? Number.NaN,
        });
      }
    }
    return found;
  }

  /** Hands over the newest value of every series, metric by metric. */
  async newest(take: (value: LatestValue) => void): Promise<void> {
    for (const metric of await this.#metrics()) {
      const [answer = []] = await this.#client.ask(newestQuery(metric));
      for (const series of answer) {
        const [row] = series.values;
        if (row !== undefined)
          take({ ...keyOf(series), metric: metric.id, time: number(row[0]), value: number(row[1]) });
      }
    }
  }

  async #metrics(): Promise<Metric[]> {
    const [measurements = []] = await this.#client.ask(FIELDS_QUERY);
    return metricsAmong(
      measurements.flatMap(({ name, values }) => values.map((row) => ({ measurement: name, field: String(row[0]) }))),
    );
  }
}

function readSeries(series: ResultSeries, metric: Metric, limit: number): Series {
  const key = keyOf(series);
  if (series.values.length > limit) {
    throw new LamplighterError(
      'bad-request',
      `${nameOf(key)} has more than ${limit} points of ${metric.id} in this stretch of time: ask for a shorter one, or for wider buckets (every)`,
    );
  }
  const isBucket = series.columns.length > 2;
  const points = series.values.map(
    ([time, value, min, max, last, count]): SeriesPoint =>
      isBucket
        ? {
            time: number(time),
            value: number(value),
            min: number(min),
            max: number(max),
            last: number(last),
            count: number(count),
          }
        : { time: number(time), value: number(value) },
  );
  return { ...key, metric: metric.id, points };
}

function timesBySeries(answer: readonly ResultSeries[]): Map<string, number> {
  return new Map(answer.map((series) => [nameOf(keyOf(series)), number(series.values[0]?.[0])]));
}

function keyOf({ tags }: ResultSeries): DeviceKey {
  return { gateway: tags.gateway ?? '', device: tags.device ?? '' };
}

function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}

/** A number of the answer; a boolean or text that somebody else wrote under our name is not a number. */
function number(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : Number.NaN;
}
