/**
 * InfluxQL, the one language that 1.x, 2.x and 3 speak. Never Flux (gone in 3), never "db"."rp"."m" (2.x maps the
 * database of the request alone). Names of gateways and devices are bound parameters; metric and family come from the
 * catalogue; times are whole numbers.
 */
import { METRICS, type Metric } from '../../contract/metrics.ts';
import type { DeviceKey } from '../telemetry-store.ts';
import { FIRST_TIME_MS, LAST_TIME_MS } from './line-protocol.ts';

export interface Influxql {
  readonly text: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface TimeSpan {
  /** Epoch milliseconds, inclusive; absent for the beginning. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, exclusive; absent for the end. */
  readonly to?: number | undefined;
}

const PER_SERIES = 'GROUP BY "gateway", "device"';

/** All values of one metric of some devices; at most `limit` per device. Columns: time, value. */
export function valuesQuery(metric: Metric, devices: readonly DeviceKey[], span: TimeSpan, limit: number): Influxql {
  const { text, params } = ofDevices(devices);
  return {
    text: `SELECT ${quoted(metric.id)} AS "value" ${from(metric)} WHERE ${within(span)} AND (${text}) ${PER_SERIES} LIMIT ${limit}`,
    params,
  };
}

/** All values of metrics of one family. Columns: time, then a metric each, null where it has no value. */
export function allValuesQuery(metrics: readonly Metric[], devices: readonly DeviceKey[], span: TimeSpan): Influxql {
  const [first] = metrics;
  if (first === undefined) throw new Error('no metric is asked for');
  const { text, params } = ofDevices(devices);
  const columns = metrics.map(({ id }) => quoted(id)).join(', ');
  return { text: `SELECT ${columns} ${from(first)} WHERE ${within(span)} AND (${text}) ${PER_SERIES}`, params };
}

/**
 * Buckets of `everyMs`, aligned to the epoch; empty ones are absent; at most `limit` per device.
 * Columns: time, mean, min, max, last, count.
 */
export function bucketsQuery(
  metric: Metric,
  devices: readonly DeviceKey[],
  span: TimeSpan,
  everyMs: number,
  limit: number,
): Influxql {
  const { text, params } = ofDevices(devices);
  const field = quoted(metric.id);
  const columns = ['mean', 'min', 'max', 'last', 'count'].map((name) => `${name}(${field}) AS "${name}"`).join(', ');
  return {
    text:
      `SELECT ${columns} ${from(metric)} WHERE ${within(span)} AND (${text}) ` +
      `GROUP BY time(${everyMs}ms), "gateway", "device" fill(none) LIMIT ${limit}`,
    params,
  };
}

/**
 * The newest value of a metric in each series. Columns: time, last.
 * One metric a statement: of several selectors in one statement the server answers the time 0.
 */
export function newestQuery(metric: Metric): Influxql {
  return {
    text: `SELECT last(${quoted(metric.id)}) AS "last" ${from(metric)} WHERE ${within({})} ${PER_SERIES}`,
    params: {},
  };
}

/** Three statements: count and sum, first, last. */
export function totalsQuery(metric: Metric, span: TimeSpan, gateway: string | undefined): Influxql {
  const field = quoted(metric.id);
  const where = `WHERE ${within(span)}${gateway === undefined ? '' : ' AND "gateway" = $gateway'} ${PER_SERIES}`;
  const selected = [
    `count(${field}) AS "count", sum(${field}) AS "sum"`,
    `first(${field}) AS "first"`,
    `last(${field}) AS "last"`,
  ];
  return {
    text: selected.map((columns) => `SELECT ${columns} ${from(metric)} ${where}`).join('; '),
    params: gateway === undefined ? {} : { gateway },
  };
}

/** Columns: fieldKey, fieldType; one series per measurement. */
export const FIELDS_QUERY: Influxql = { text: 'SHOW FIELD KEYS', params: {} };

export const DATABASES_QUERY: Influxql = { text: 'SHOW DATABASES', params: {} };

/** Cheap, and fails when the database is not there or may not be read. */
export const READABLE_QUERY: Influxql = { text: 'SHOW MEASUREMENTS LIMIT 1', params: {} };

/** `shardDays` absent: the server's default. */
export function createDatabaseQuery(name: string, shardDays: number | undefined): Influxql {
  const shards = shardDays === undefined ? '' : ` WITH DURATION INF SHARD DURATION ${shardDays}d`;
  return { text: `CREATE DATABASE ${quoted(name)}${shards}`, params: {} };
}

/** The metrics of the catalogue among the fields that a database has. */
export function metricsAmong(fields: readonly { measurement: string; field: string }[]): Metric[] {
  const known = new Set(fields.map(({ measurement, field }) => `${measurement} ${field}`));
  return METRICS.filter((metric) => known.has(`${metric.family} ${metric.id}`));
}

/** An identifier in double quotes. */
export function quoted(name: string): string {
  return `"${name.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

function from(metric: Metric): string {
  return `FROM ${quoted(metric.family)}`;
}

/** Always with both ends: an open end means "until now" to the server once there is a GROUP BY time. */
export function within(span: TimeSpan): string {
  const first = Math.max(FIRST_TIME_MS, Math.ceil(span.from ?? FIRST_TIME_MS));
  const start = `time >= ${first}ms`;
  const to = span.to ?? Number.POSITIVE_INFINITY;
  return to > LAST_TIME_MS
    ? `${start} AND time <= ${LAST_TIME_MS}ms`
    : `${start} AND time < ${Math.max(FIRST_TIME_MS, Math.ceil(to))}ms`;
}

/** One condition per gateway, so that a building with many meters stays short. */
export function ofDevices(devices: readonly DeviceKey[]): Influxql {
  const params: Record<string, string> = {};
  const devicesByGateway = new Map<string, string[]>();
  for (const { gateway, device } of devices) {
    const own = devicesByGateway.get(gateway);
    if (own === undefined) devicesByGateway.set(gateway, [device]);
    else own.push(device);
  }
  const conditions = [...devicesByGateway].map(([gateway, own], g) => {
    params[`g${g}`] = gateway;
    const any = own.map((device, d) => {
      params[`g${g}d${d}`] = device;
      return `"device" = $g${g}d${d}`;
    });
    return `("gateway" = $g${g} AND (${any.join(' OR ')}))`;
  });
  return { text: conditions.join(' OR '), params };
}
