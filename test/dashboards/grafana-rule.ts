/**
 * A rule of rules.yaml as Grafana evaluates it: A on the server, B reduces each series to a number, C holds it against
 * the limit. After pkg/expr (reduce.go with mode dropNN, threshold.go); no series is the rule's noDataState.
 */
import { DATASOURCES } from '../../dashboards/datasources.ts';
import { influxql } from '../real-servers/influxd.ts';
import type { RuleInFile } from './alerting-lint.ts';

export interface RuleOutcome {
  /** Tags of the series that fire, `site/gateway/device` as far as there are. */
  readonly firing: readonly string[];
  readonly series: number;
  readonly isFiring: boolean;
}

export async function evaluateRule(url: string, rule: RuleInFile, at: number): Promise<RuleOutcome> {
  const [a, b, c] = rule.data;
  if (a === undefined || b === undefined || c === undefined) throw new Error(`${rule.uid} is not A, B, C`);
  const source = Object.values(DATASOURCES).find(({ uid }) => uid === a.datasourceUid);
  const from = at - a.relativeTimeRange.from * 1_000;
  const query = String(a.model.query).replaceAll('$timeFilter', `time >= ${from}ms and time <= ${at}ms`);
  const { series = [] } = await influxql(url, query, { database: `city${source?.suffix ?? ''}` });
  const firing = series.flatMap(({ tags = {}, values }) => {
    const numbers = values.map(([, value]) => value).filter((value) => typeof value === 'number');
    const reduced = reduce(String(b.model.reducer), numbers);
    return reduced !== undefined && isBeyond(c.model, reduced) ? [Object.values(tags).filter(Boolean).join('/')] : [];
  });
  const isFiring = series.length === 0 ? rule.noDataState === 'Alerting' : firing.length > 0;
  return { firing: firing.sort(), series: series.length, isFiring };
}

function reduce(reducer: string, numbers: readonly number[]): number | undefined {
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, one) => total + one, 0);
  switch (reducer) {
    case 'last':
      return numbers.at(-1);
    case 'min':
      return Math.min(...numbers);
    case 'max':
      return Math.max(...numbers);
    case 'mean':
      return sum / numbers.length;
    case 'sum':
      return sum;
    default:
      throw new Error(`Grafana has no reducer ${reducer} here`);
  }
}

function isBeyond(model: Record<string, unknown>, value: number): boolean {
  const [condition] = model.conditions as { evaluator: { type: string; params: number[] } }[];
  const { type, params } = condition?.evaluator ?? { type: '', params: [] };
  const [first = Number.NaN, second = Number.NaN] = params;
  if (type === 'gt') return value > first;
  if (type === 'lt') return value < first;
  if (type === 'outside_range') return value < first || value > second;
  throw new Error(`Grafana has no evaluator ${type} here`);
}
