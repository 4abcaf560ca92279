/** Reads roll-ups and meter events; what is erased is never returned. */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent, RollUp } from '../../contract/roll-up.ts';
import type { LatestRollUpQuery, MeterEventQuery, RollUpQuery } from '../roll-up-store.ts';
import { distinctDevices, inGroups } from './device-groups.ts';
import type { Influxql } from './influxql.ts';
import type { Cell, InfluxqlClient, ResultSeries } from './influxql-client.ts';
import { latestRollUpsQuery, meterEventsQuery, type Of, rollUpsQuery } from './roll-up-influxql.ts';
import { meterEventOf, rollUpOf } from './roll-up-names.ts';

const DEVICES_A_QUERY = 100;

export class StoredRollUps {
  readonly #quarters: InfluxqlClient;
  readonly #long: InfluxqlClient;

  constructor(quarters: InfluxqlClient, long: InfluxqlClient) {
    this.#quarters = quarters;
    this.#long = long;
  }

  async rollUps({ width, from, to, ...asked }: RollUpQuery): Promise<readonly RollUp[]> {
    const found: RollUp[] = [];
    if (!(from < to)) return found;
    // A metric that is not in the catalogue has no measurement, and so no rows.
    const metrics = asked.metrics?.filter((id) => metricById.has(id));
    const client = width === '15m' ? this.#quarters : this.#long;
    for (const of of parts({ ...asked, metrics })) {
      await read(client, rollUpsQuery(width, of, { from, to }), (series, row) => {
        const rollUp = rollUpOf(series, row);
        if (rollUp !== undefined) found.push(rollUp);
      });
    }
    return found;
  }

  async latestRollUps({ from, before, ...asked }: LatestRollUpQuery): Promise<readonly RollUp[]> {
    if (!(from < before)) return [];
    const metrics = asked.metrics?.filter((id) => metricById.has(id));
    // A device that moved has a series at each of its sites.
    const newest = new Map<string, RollUp>();
    for (const of of parts({ ...asked, metrics })) {
      await read(this.#quarters, latestRollUpsQuery(of, { from, to: before }), (series, row) => {
        const rollUp = rollUpOf(series, row);
        if (rollUp === undefined) return;
        const name = `${rollUp.gateway}/${rollUp.device}/${rollUp.metric}`;
        const known = newest.get(name);
        if (known === undefined || rollUp.start > known.start) newest.set(name, rollUp);
      });
    }
    return [...newest.values()];
  }

  async meterEvents({ from, to, ...asked }: MeterEventQuery): Promise<readonly MeterEvent[]> {
    const found: MeterEvent[] = [];
    if (!(from < to)) return found;
    for (const of of parts(asked)) {
      await read(this.#long, meterEventsQuery(of, { from, to }), (series, row) => {
        const event = meterEventOf(series, row);
        if (event !== undefined) found.push(event);
      });
    }
    return found;
  }
}

interface SeriesTags {
  readonly site: string;
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
}

async function read(
  client: InfluxqlClient,
  query: Influxql,
  take: (series: SeriesTags, row: readonly Cell[]) => void,
): Promise<void> {
  await client.askInPieces(query, ({ tags, values }: ResultSeries) => {
    const { site = '', gateway = '', device = '', metric = '' } = tags;
    for (const row of values) take({ site, gateway, device, metric }, row);
  });
}

/** The questions that one query is cut into; none when nothing is asked for. */
function* parts({ sites, devices, metrics }: Of): Generator<Of> {
  if (sites?.length === 0 || metrics?.length === 0) return;
  const of: Of = { sites: sites && [...new Set(sites)], metrics: metrics && [...new Set(metrics)] };
  if (devices === undefined) yield of;
  else for (const some of inGroups(distinctDevices(devices), DEVICES_A_QUERY)) yield { ...of, devices: some };
}
