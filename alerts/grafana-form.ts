/**
 * How Grafana asks for what a rule watches: one InfluxQL query (A), reduced to a number a series (B), held against a
 * limit (C). Only what InfluxQL can say is asked of the data themselves; where a schedule, the sun, a contract or a month
 * of nights decide, Grafana asks what the evaluation of ours said last (contract/alert-points.ts).
 */
import { ALERTS } from '../contract/alert-points.ts';

export interface GrafanaForm {
  /** Which database: readings and what the pipeline says of itself; quarter hours; hours, days and events. */
  readonly from: 'raw' | 'quarters' | 'long';
  /** InfluxQL with `$timeFilter`; groups by time and tags, fills nothing. */
  readonly query: string;
  /** Tags that its series differ by. */
  readonly tags: readonly string[];
  /** How far back is looked, at least three times the width of a group. */
  readonly rangeMs: number;
  readonly reduce: 'last' | 'min' | 'max' | 'mean' | 'sum';
  /** It fires when the reduced value is … */
  readonly limit:
    | { readonly above: number }
    | { readonly below: number }
    | { readonly outside: readonly [number, number] };
  /** What it means when there is no series at all. `OK`: nothing is there to be wrong; `Alerting`: what reports is dead. */
  readonly noData: 'OK' | 'Alerting';
  /** Of the value, as people write it. */
  readonly unit: string;
}

const MINUTE_MS = 60_000;
export const LIVE_RANGE_MS = 5 * MINUTE_MS;

/** Of a rule that only the analysis can judge: 1 while it says so. */
export function toldByAnalysis(rule: string): GrafanaForm {
  return {
    from: 'raw',
    query: `SELECT last("firing") FROM "${ALERTS}" WHERE "rule" = '${rule}' AND $timeFilter GROUP BY time(1m), "site", "gateway", "device" fill(none)`,
    tags: ['site', 'gateway', 'device'],
    rangeMs: LIVE_RANGE_MS,
    reduce: 'last',
    limit: { above: 0 },
    noData: 'OK',
    unit: '',
  };
}

/** A figure that ingest reports of itself or of its gateways every 15 s. */
export function reported(
  measurement: string,
  figure: string,
  tags: readonly string[],
  rest: Pick<GrafanaForm, 'limit' | 'unit'> & Partial<GrafanaForm>,
): GrafanaForm {
  const groups = ['time(1m)', ...tags.map((tag) => `"${tag}"`)].join(', ');
  return {
    from: 'raw',
    query: `SELECT ${figure} FROM "${measurement}" WHERE $timeFilter GROUP BY ${groups} fill(none)`,
    tags,
    rangeMs: LIVE_RANGE_MS,
    reduce: 'last',
    noData: 'OK',
    ...rest,
  };
}
