/** What must be known of a device to make sense of one of its metrics; plain numbers, made once per series. */
import { type MetricKind, metricById } from '../../contract/metrics.ts';
import { CARRIERS, METRICS_OF } from '../carriers.ts';
import { ASSUMED_INTERVAL_MS, DIGIT, GAP_INTERVALS, glitchMsOf, QUARTER_MS, scaleOf } from '../counter-rules.ts';

/** The most that any counter is believed to count in an hour, in its unit, where neither register nor catalogue says. */
export const DEFAULT_MAX_PER_HOUR = 100_000;

/** An announced exchange of a meter, as the register holds it. */
export interface AnnouncedSwap {
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Last reading of the old register and first of the new one, in its unit. */
  readonly last?: number | undefined;
  readonly first?: number | undefined;
  /** What one unit of the new register stands for; absent: as before. */
  readonly multiplier?: number | undefined;
}

/** What a person decided about a value and the one before it, as the register holds it. */
export interface PersonsDecision {
  readonly metric: string;
  /** Instant of the later value: `at` of the event, which is `effectiveTime` of its stamp. Epoch milliseconds. */
  readonly at: number;
  readonly decision: 'normal' | 'reset' | 'rollover' | 'glitch-zero' | 'swap';
  /** Of a swap, in the register's unit. */
  readonly last?: number | undefined;
  readonly first?: number | undefined;
  /** In the metric's unit, multiplier included. */
  readonly estimate?: number | undefined;
}

export interface MeterFacts {
  /** Metric id. */
  readonly metric: string;
  /** Milliseconds between readings; absent where the register states none. */
  readonly intervalMs?: number | undefined;
  /** Which end of its interval a reading is stamped with; absent: it tells an instant. */
  readonly intervalStamp?: 'begin' | 'end' | undefined;
  readonly meter?:
    | {
        readonly multiplier?: number | undefined;
        readonly register_limit?: number | undefined;
        readonly max_per_hour?: number | undefined;
        /** Of any metric of the device; those of others are passed over. */
        readonly swaps?: readonly AnnouncedSwap[] | undefined;
      }
    | undefined;
  /** Of this device; those of other metrics are passed over. */
  readonly decisions?: readonly PersonsDecision[] | undefined;
}

/** In counts: `Math.round(value * factor)`, by the factor of the meter that was read. */
export interface CountedSwap {
  readonly at: number;
  readonly last: number | undefined;
  readonly first: number | undefined;
}

/** How what a meter shows becomes counts. */
export interface RegisterRules {
  /** Since when the meter was there, epoch milliseconds. */
  readonly from: number;
  /** Counts in one unit of the register: multiplier × scale. */
  readonly factor: number;
  /** Counts of the last digit that the register shows. */
  readonly digit: number;
  /** Counts of one whole unit of the register: it may show no less, so that it moves by one all at once. */
  readonly step: number;
  /** Where the register begins again at 0, in counts; undefined: nowhere. */
  readonly limit: number | undefined;
}

export interface MeterRules {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly intervalMs: number | undefined;
  /** What a stamp lies before the instant that it means, milliseconds; see `effectiveTime`. */
  readonly shiftMs: number;
  /** Counts in one unit of the metric. */
  readonly scale: number;
  /** Of the first meter; those of later ones are asked for by time (`registerAt`). */
  readonly register: RegisterRules;
  /** Of the meters that a swap brought another multiplier with, in rising order of `from`; most devices have none. */
  readonly laterRegisters: readonly RegisterRules[];
  /** Values further apart than this have a gap between them. */
  readonly gapMs: number;
  /** A fall or spike that is taken back within this time never was. */
  readonly glitchMs: number;
  /** The most that can plausibly be counted in a millisecond, in counts. */
  readonly maxPerMs: number;
  /** Whether the register says so; otherwise it is the default. */
  readonly maxIsStated: boolean;
  /** In rising order of `at`. */
  readonly swaps: readonly CountedSwap[];
  /** In rising order of `at`. */
  readonly decisions: readonly PersonsDecision[];
}

/**
 * The rules of a series. Where the register states no `max_per_hour`, it is the catalogue's maximum of the gauge beside
 * the counter (energy/carriers.ts: 100,000 kW for electricity), and 100,000 units an hour where there is none.
 */
export function meterRules({ metric, intervalMs, intervalStamp, meter, decisions }: MeterFacts): MeterRules {
  const kind = metricById.get(metric)?.kind ?? 'gauge';
  const scale = scaleOf(metric);
  const registerOf = (from: number, multiplier: number): RegisterRules => {
    const factor = multiplier * scale;
    const limit = countsOf(meter?.register_limit, factor);
    return { from, factor, digit: DIGIT * Math.max(1, multiplier), step: Math.ceil(factor), limit };
  };
  const register = registerOf(Number.NEGATIVE_INFINITY, meter?.multiplier ?? 1);
  const laterRegisters: RegisterRules[] = [];
  const swaps = inOrder((meter?.swaps ?? []).filter((swap) => swap.metric === metric)).map((swap): CountedSwap => {
    const before = laterRegisters.at(-1) ?? register;
    if (swap.multiplier !== undefined) laterRegisters.push(registerOf(swap.at, swap.multiplier));
    const { factor } = laterRegisters.at(-1) ?? register;
    return { at: swap.at, last: countsOf(swap.last, before.factor), first: countsOf(swap.first, factor) };
  });
  return {
    metric,
    kind,
    intervalMs,
    shiftMs: shiftOf(kind, intervalMs ?? 0, intervalStamp),
    scale,
    register,
    laterRegisters,
    gapMs: GAP_INTERVALS * (intervalMs ?? ASSUMED_INTERVAL_MS),
    glitchMs: glitchMsOf(intervalMs),
    maxPerMs: ((meter?.max_per_hour ?? defaultMaxPerHour(metric)) * scale) / (4 * QUARTER_MS),
    maxIsStated: meter?.max_per_hour !== undefined,
    swaps,
    decisions: inOrder((decisions ?? []).filter((decision) => decision.metric === metric)),
  };
}

/** Of the meter that stood there at an instant (epoch milliseconds); the new one from the instant of its swap on. */
export function registerAt({ register, laterRegisters }: MeterRules, time: number): RegisterRules {
  return laterRegisters.findLast(({ from }) => from <= time) ?? register;
}

function countsOf(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * factor);
}

function defaultMaxPerHour(metric: string): number {
  const carrier = CARRIERS.find((name) => METRICS_OF[name].counter === metric);
  const rate = carrier === undefined ? undefined : METRICS_OF[carrier].rate;
  return rate === undefined ? DEFAULT_MAX_PER_HOUR : (metricById.get(rate)?.max ?? DEFAULT_MAX_PER_HOUR);
}

function inOrder<T extends { readonly at: number }>(entries: readonly T[]): T[] {
  return [...entries].sort((one, other) => one.at - other.at);
}

/** A counter was read at the end of its interval; what a gauge tells of an interval belongs to where that began. */
function shiftOf(kind: MetricKind, intervalMs: number, stamp: 'begin' | 'end' | undefined): number {
  if (kind === 'counter') return stamp === 'begin' ? intervalMs : 0;
  return stamp === 'end' ? -intervalMs : 0;
}

/**
 * The instant that a stamp means (epoch milliseconds), by which values lie in quarter hours, and which is the time of
 * positions, events and decisions. A counter stamped at the beginning of its interval was read one interval later; a
 * gauge stamped at the end (the mean of 10:00 to 10:15 at 10:15) belongs to where its interval began. Without a stated
 * interval, or for devices that tell instants, it is the stamp.
 */
export function effectiveTime(stamp: number, { shiftMs }: Pick<MeterRules, 'shiftMs'>): number {
  return stamp + shiftMs;
}

/** Values that the interval lets expect in so many milliseconds; 0 where the register states none. */
export function expectedIn(ms: number, { intervalMs }: Pick<MeterRules, 'intervalMs'>): number {
  return intervalMs === undefined ? 0 : Math.floor(ms / intervalMs);
}
