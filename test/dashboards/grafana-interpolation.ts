/**
 * What Grafana makes of a query before it is sent: variables, time, interval. After the InfluxDB data source
 * (grafana/grafana-influxdb-datasource: src/datasource.ts, interpolateQueryExpr; pkg/influxdb/models/query.go) and
 * Grafana's relative times (packages/grafana-data, rangeutil and datemath).
 */
import { DateTime } from 'luxon';

export interface TimeRange {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** A variable's chosen values, and what "All" stands for. */
export interface VariableValue {
  readonly name: string;
  readonly isMulti: boolean;
  readonly value: '$__all' | readonly string[];
  readonly allValue: string | undefined;
  readonly options: readonly string[];
}

export interface InterpolationInput {
  readonly range: TimeRange;
  /** Pixels of a panel, more or less. */
  readonly maxDataPoints: number;
  /** The panel's min interval, such as 15m. */
  readonly minInterval: string | undefined;
  readonly variables: readonly VariableValue[];
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Steps to which Grafana rounds an interval (rangeutil.roundInterval), in part: limit below which each holds, and the step. */
const ROUND_STEPS: readonly (readonly [limitMs: number, stepMs: number])[] = [
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
];

/** Such as 15m. Throws for what is none. */
export function intervalMs(text: string): number {
  const [, number, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (number === undefined || unitMs === undefined) throw new Error(`'${text}' is no interval`);
  return Number(number) * unitMs;
}

export function stepOf({ range, maxDataPoints, minInterval }: InterpolationInput): number {
  const wanted = (range.to - range.from) / maxDataPoints;
  const rounded = ROUND_STEPS.find(([limit]) => wanted < limit)?.[1] ?? 604_800_000;
  return Math.max(rounded, minInterval === undefined ? 1_000 : intervalMs(minInterval));
}

/** As InfluxQL writes it. */
function influxInterval(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const unitMs = UNITS_MS[unit] as number;
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}

/** The query as it goes over the wire. What is left with a `$` is a mistake: the server says "missing parameter". */
export function interpolate(query: string, input: InterpolationInput): string {
  const { range, variables } = input;
  const step = stepOf(input);
  let text = query;
  // The longest name first: $site_of is not $site.
  for (const variable of [...variables].sort((a, b) => b.name.length - a.name.length)) {
    const pattern = new RegExp(`\\$(?:\\{${variable.name}(?::\\w+)?\\}|${variable.name}(?!\\w))`, 'g');
    text = text.replace(pattern, () => valueText(variable));
  }
  return text
    .replaceAll('$timeFilter', `time >= ${range.from}ms and time <= ${range.to}ms`)
    .replaceAll('$__interval_ms', String(step))
    .replaceAll('$__interval', influxInterval(step))
    .replaceAll('$interval', influxInterval(step));
}

function valueText({ value, isMulti, allValue, options }: VariableValue): string {
  if (value === '$__all' && allValue !== undefined) return allValue;
  const values = value === '$__all' ? options : value;
  // Inside a regular expression every value is escaped, and several become alternatives.
  const escaped = values.map((one) => one.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
  if (isMulti || escaped.length > 1) return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join('|')})`;
  return escaped[0] ?? '';
}

/** `now`, `now-7d`, `now/M`, `now-30d/d` → epoch milliseconds; `/` rounds down for a beginning. */
export function relativeTime(text: string, now: number, zone: string): number {
  const match = /^now(?:-(\d+)([smhdwMy]))?(?:\/([hdwMy]))?$/.exec(text);
  if (match === null) throw new Error(`'${text}' is no relative time that is known here`);
  const [, number, unit, rounded] = match;
  const names = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days', w: 'weeks', M: 'months', y: 'years' } as const;
  let time = DateTime.fromMillis(now, { zone });
  if (number !== undefined && unit !== undefined) {
    time = time.minus({ [names[unit as keyof typeof names]]: Number(number) });
  }
  const starts = { h: 'hour', d: 'day', w: 'week', M: 'month', y: 'year' } as const;
  if (rounded !== undefined) time = time.startOf(starts[rounded as keyof typeof starts]);
  return time.toMillis();
}

/** The range of a panel: the board's, or its own, and how much before. */
export function panelRange(
  board: { readonly from: string; readonly to: string },
  panel: { readonly timeFrom?: string | undefined; readonly timeShift?: string | undefined },
  now: number,
  zone: string,
): TimeRange {
  const from =
    panel.timeFrom === undefined
      ? board.from
      : panel.timeFrom.startsWith('now')
        ? panel.timeFrom
        : `now-${panel.timeFrom}`;
  const to = panel.timeFrom === undefined ? board.to : 'now';
  const shifted = (time: number): number =>
    panel.timeShift === undefined ? time : relativeTime(`now-${panel.timeShift}`, time, zone);
  return { from: shifted(relativeTime(from, now, zone)), to: shifted(relativeTime(to, now, zone)) };
}
