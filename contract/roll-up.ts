/**
 * Roll-ups: what a series did in a quarter hour or hour of UTC, or in a civil day of its site. Rows are rewritten whole
 * whenever what they were made of changes; two rows of one key are the same row.
 */

export const ROLL_UP_WIDTHS = ['15m', '1h', '1d'] as const;
/** `15m` and `1h` begin at multiples of themselves in UTC; `1d` at midnight of the site's zone (23 to 25 hours long). */
export type RollUpWidth = (typeof ROLL_UP_WIDTHS)[number];

export interface RollUpKey {
  /** Where the device stood when the period's quarter hours began; a move inside a day gives a row for each site. */
  readonly site: string;
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  /** Beginning of the period, epoch milliseconds UTC, inclusive. */
  readonly start: number;
}

export interface RollUp extends RollUpKey {
  /** Values that are stored. */
  readonly count: number;
  /** Values that the device's interval lets expect; 0 when the register states no interval. */
  readonly expected: number;
  /** How much of the period was measured, percent. */
  readonly coverage: number;
  /** As the device reported it; null when `count` is 0. */
  readonly min: number | null;
  /** Of the values, each counting once. */
  readonly mean: number | null;
  readonly max: number | null;
  /** The latest value. */
  readonly last: number | null;
  /** Counters: what was used, in the metric's unit, multiplier included; null when nothing is known of it. */
  readonly consumption: number | null;
  /** The part of `consumption` that is a known difference spread over a gap. */
  readonly interpolated: number | null;
  /** The part of `consumption` that a person put in by estimate. */
  readonly estimated: number | null;
  /** Counters: the highest demand of a quarter hour in it, in the unit per hour (kWh: kW). */
  readonly peak: number | null;
  /** Beginning of that quarter hour, epoch milliseconds. */
  readonly peakAt: number | null;
  /** Counters, 15m only: where counting stood at the end of the period, so that it can go on from there. */
  readonly position: CounterPosition | null;
}

/** What must be known of a counter's past to go on counting. */
export interface CounterPosition {
  /** The height counting has reached, in whole counts (energy/counter-rules.ts). */
  readonly height: number;
  /** Instant of the value that counting has reached, epoch milliseconds. */
  readonly time: number;
  /** Values before this instant (epoch milliseconds) belong to a fall or spike that was taken back; 0 when there is none. */
  readonly until: number;
}

/** Nothing is known of the period: writing such a row takes away the one that was there, and no query returns it. */
export function isEmptyRollUp({ count, consumption }: Pick<RollUp, 'count' | 'consumption'>): boolean {
  return count === 0 && consumption === null;
}

/** What happened between two neighbouring values of a counter. */
export const METER_EVENT_KINDS = [
  'reset',
  'rollover',
  'glitch-zero',
  'dip',
  'swap',
  'gap',
  'implausible-rate',
] as const;
export type MeterEventKind = (typeof METER_EVENT_KINDS)[number];

export interface MeterEventKey {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  /** Instant of the later value, epoch milliseconds. One event at most of a series and instant. */
  readonly at: number;
}

/** Everything but normal counting is kept. */
export interface MeterEvent extends MeterEventKey {
  readonly kind: MeterEventKind;
  /** Instant of the earlier value, epoch milliseconds. */
  readonly from: number;
  /** Register before and after, as the device reported it. */
  readonly before: number;
  readonly after: number;
  /** What was booked between the two, in the metric's unit, multiplier included. */
  readonly booked: number;
  /** `person`: somebody overrode what the rules say; the register's decision of this key says who and why. */
  readonly decidedBy: 'rule' | 'person';
}
