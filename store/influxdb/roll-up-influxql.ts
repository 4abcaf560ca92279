/** InfluxQL for roll-ups and meter events; rules as in influxql.ts. Sites, gateways, devices and metrics are bound. */
import { METRICS, type MetricFamily } from '../../contract/metrics.ts';
import type { RollUpWidth } from '../../contract/roll-up.ts';
import type { DeviceKey } from '../telemetry-store.ts';
import { type Influxql, ofDevices, quoted, type TimeSpan, within } from './influxql.ts';
import { METER_EVENT_FIELDS, METER_EVENTS, ROLL_UP_FIELDS, rollUpMeasurement } from './roll-up-names.ts';

/** Absent: all. No list is empty. */
export interface Of {
  readonly sites?: readonly string[] | undefined;
  readonly devices?: readonly DeviceKey[] | undefined;
  readonly metrics?: readonly string[] | undefined;
}

const PER_ROW_SERIES = 'GROUP BY "site", "gateway", "device", "metric"';
const FAMILIES: readonly MetricFamily[] = [...new Set(METRICS.map(({ family }) => family))];

/** Columns: time, then ROLL_UP_FIELDS; a series per site, gateway, device and metric. Holds erased rows too. */
export function rollUpsQuery(width: RollUpWidth, of: Of, span: TimeSpan): Influxql {
  const { text, params } = conditions(of, span);
  return {
    text: `SELECT ${columns(ROLL_UP_FIELDS)} ${fromFamilies(width, of)} WHERE ${text} ${PER_ROW_SERIES}`,
    params,
  };
}

/** The newest row of each series that is not erased; the columns of `rollUpsQuery`. */
export function latestRollUpsQuery(of: Of, span: TimeSpan): Influxql {
  const { text, params } = conditions(of, span);
  return {
    text:
      `SELECT ${columns(ROLL_UP_FIELDS)} ${fromFamilies('15m', of)} WHERE ${text} ` +
      `AND ("count" > 0 OR "known" > 0) ${PER_ROW_SERIES} ORDER BY time DESC LIMIT 1`,
    params,
  };
}

/** Columns: time, then METER_EVENT_FIELDS; a series per gateway, device and metric. Holds erased events too. */
export function meterEventsQuery(of: Omit<Of, 'sites'>, span: TimeSpan): Influxql {
  const { text, params } = conditions(of, span);
  return {
    text: `SELECT ${columns(METER_EVENT_FIELDS)} FROM ${quoted(METER_EVENTS)} WHERE ${text} GROUP BY "gateway", "device", "metric"`,
    params,
  };
}

function columns(fields: readonly string[]): string {
  return fields.map(quoted).join(', ');
}

function fromFamilies(width: RollUpWidth, { metrics }: Of): string {
  const asked = metrics && new Set(METRICS.flatMap(({ id, family }) => (metrics.includes(id) ? [family] : [])));
  const names = FAMILIES.filter((family) => asked?.has(family) ?? true);
  return `FROM ${names.map((family) => quoted(rollUpMeasurement(family, width))).join(', ')}`;
}

function conditions({ sites, devices, metrics }: Of, span: TimeSpan): Influxql {
  const parts = [within(span)];
  const params: Record<string, string> = {};
  const any = (tag: string, names: readonly string[]): void => {
    const alternatives = names.map((name, i) => {
      params[`${tag}${i}`] = name;
      return `${quoted(tag)} = $${tag}${i}`;
    });
    parts.push(`(${alternatives.join(' OR ')})`);
  };
  if (sites !== undefined) any('site', sites);
  if (metrics !== undefined) any('metric', metrics);
  if (devices !== undefined) {
    const named = ofDevices(devices);
    parts.push(`(${named.text})`);
    Object.assign(params, named.params);
  }
  return { text: parts.join(' AND '), params };
}
