/**
 * How roll-ups and meter events are named in InfluxDB; Grafana's boards ask for these names.
 *
 * bucket `<raw>_15m`: measurement = family; `<raw>_long`: family with `_1h` or `_1d`, and `meter_events`.
 * Tags site, gateway, device and metric (events have no site). Every point has every field, all floats: a field that is
 * left out when a point is written again keeps its old value. A null is a 0, and `count`, `known`, `peak_at` and
 * `height_time` say which zeros are nulls. A point cannot be deleted cheaply: an erased row has count 0 and known 0,
 * an erased event an empty kind.
 */
import type { MetricFamily } from '../../contract/metrics.ts';
import type { MeterEvent, RollUp, RollUpKey, RollUpWidth } from '../../contract/roll-up.ts';
import type { Cell } from './influxql-client.ts';

export const METER_EVENTS = 'meter_events';

export function rollUpMeasurement(family: MetricFamily, width: RollUpWidth): string {
  return width === '15m' ? family : `${family}_${width}`;
}

type RollUpFields = Omit<RollUp, keyof RollUpKey>;

/** Columns of a roll-up row, in the order of `rollUpNumbers`. */
export const ROLL_UP_FIELDS = [
  'count',
  'expected',
  'coverage',
  'min',
  'mean',
  'max',
  'last',
  'known',
  'consumption',
  'interpolated',
  'estimated',
  'peak',
  'peak_at',
  'height',
  'height_time',
  'height_until',
] as const;

export function rollUpNumbers(row: RollUpFields): readonly number[] {
  const { position } = row;
  return [
    row.count,
    row.expected,
    row.coverage,
    row.min ?? 0,
    row.mean ?? 0,
    row.max ?? 0,
    row.last ?? 0,
    row.consumption === null ? 0 : 1,
    row.consumption ?? 0,
    row.interpolated ?? 0,
    row.estimated ?? 0,
    row.peak ?? 0,
    row.peakAt ?? 0,
    position?.height ?? 0,
    position?.time ?? 0,
    position?.until ?? 0,
  ];
}

/** The row whose ROLL_UP_FIELDS stand in `cells` from index 1 on, after the time; undefined when it is erased. */
export function rollUpOf(series: Omit<RollUpKey, 'start'>, cells: readonly Cell[]): RollUp | undefined {
  const at = (index: number): number => number(cells[index]);
  const count = at(1);
  const isKnown = at(8) > 0;
  if (count === 0 && !isKnown) return undefined;
  const measured = (index: number): number | null => (count === 0 ? null : at(index));
  const counted = (index: number): number | null => (isKnown ? at(index) : null);
  // A demand is always of some quarter hour: without one there is none.
  const hasPeak = isKnown && at(13) !== 0;
  return {
    site: series.site,
    gateway: series.gateway,
    device: series.device,
    metric: series.metric,
    start: at(0),
    count,
    expected: at(2),
    coverage: at(3),
    min: measured(4),
    mean: measured(5),
    max: measured(6),
    last: measured(7),
    consumption: counted(9),
    interpolated: counted(10),
    estimated: counted(11),
    peak: hasPeak ? at(12) : null,
    peakAt: hasPeak ? at(13) : null,
    position: at(15) === 0 ? null : { height: at(14), time: at(15), until: at(16) },
  };
}

/** Columns of a meter event. */
export const METER_EVENT_FIELDS = ['kind', 'from', 'before', 'after', 'booked', 'decided_by'] as const;

/** The event whose METER_EVENT_FIELDS stand in `cells` from index 1 on; undefined when it is erased. */
export function meterEventOf(
  series: Pick<MeterEvent, 'gateway' | 'device' | 'metric'>,
  cells: readonly Cell[],
): MeterEvent | undefined {
  const [at, kind, from, before, after, booked, decidedBy] = cells;
  if (kind === '' || typeof kind !== 'string') return undefined;
  return {
    gateway: series.gateway,
    device: series.device,
    metric: series.metric,
    at: number(at),
    kind: kind as MeterEvent['kind'],
    from: number(from),
    before: number(before),
    after: number(after),
    booked: number(booked),
    decidedBy: decidedBy === 'person' ? 'person' : 'rule',
  };
}

/** Of a foreign point that lacks the field, 0. */
function number(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : 0;
}
