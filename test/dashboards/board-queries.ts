/** The queries of boards as Grafana would send them. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCES, type DatasourceName } from '../../dashboards/datasources.ts';
import { type Influxd, type InfluxqlResult, influxql } from '../real-servers/influxd.ts';
import { interpolate, panelRange, type VariableValue } from './grafana-interpolation.ts';

interface Target {
  readonly refId: string;
  readonly query: string;
  readonly resultFormat: string;
  readonly datasource: { readonly uid: string };
}

export interface PanelJson {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly Target[];
  readonly interval?: string;
  readonly timeFrom?: string;
  readonly timeShift?: string;
}

export interface VariableJson {
  readonly name: string;
  readonly query: string;
  readonly multi?: boolean;
  readonly allValue?: string;
  readonly current?: { readonly value?: string | readonly string[] };
  readonly datasource: { readonly uid: string };
}

export interface AskedQuery {
  readonly panel: string;
  readonly refId: string;
  readonly sent: string;
  readonly database: string;
  readonly series: NonNullable<InfluxqlResult['series']>;
}

export function panelsOf(board: Dashboard): readonly PanelJson[] {
  return (board.panels ?? []) as unknown as PanelJson[];
}

export function variablesOf(board: Dashboard): readonly VariableJson[] {
  return (board.templating?.list ?? []) as unknown as VariableJson[];
}

export function databaseOf(uid: string): string {
  const found = Object.entries(DATASOURCES).find(([, source]) => source.uid === uid);
  if (found === undefined) throw new Error(`there is no data source '${uid}'`);
  return `city${DATASOURCES[found[0] as DatasourceName].suffix}`;
}

/** Runs the variables of a board in their order; of one that takes a single value the first is chosen, or `chosen`. */
export async function askVariables(
  server: Pick<Influxd, 'url'>,
  board: Dashboard,
  chosen: Readonly<Record<string, readonly string[]>> = {},
): Promise<VariableValue[]> {
  const values: VariableValue[] = [];
  for (const { name, query, multi = false, allValue, current, datasource } of variablesOf(board)) {
    const range = { from: 0, to: 1 };
    const sent = interpolate(query, { range, maxDataPoints: 1, minInterval: undefined, variables: values });
    const { series = [] } = await influxql(server.url, sent, { database: databaseOf(datasource.uid) });
    const options = [...new Set(series.flatMap((one) => one.values.map((row) => String(row[1]))))].sort();
    const value = chosen[name] ?? (current?.value === '$__all' ? '$__all' : options.slice(0, 1));
    values.push({ name, isMulti: multi, value, allValue, options });
  }
  return values;
}

/** Every query of every panel. */
export async function askBoard(
  server: Pick<Influxd, 'url'>,
  board: Dashboard,
  { now, zone, variables }: { now: number; zone: string; variables: readonly VariableValue[] },
): Promise<AskedQuery[]> {
  const asked: AskedQuery[] = [];
  const { from = 'now-6h', to = 'now' } = board.time ?? {};
  for (const panel of panelsOf(board)) {
    for (const target of panel.targets ?? []) {
      const range = panelRange({ from, to }, panel, now, zone);
      const sent = interpolate(target.query, { range, maxDataPoints: 1_000, minInterval: panel.interval, variables });
      const database = databaseOf(target.datasource.uid);
      const { series = [] } = await influxql(server.url, sent, { database });
      asked.push({ panel: panel.title, refId: target.refId, sent, database, series });
    }
  }
  return asked;
}

/** Values of all series but their times. */
export function valuesOf({ series }: Pick<AskedQuery, 'series'>): unknown[] {
  return series.flatMap(({ columns, values }) =>
    values.flatMap((row) => row.filter((_, index) => columns[index] !== 'time')),
  );
}
