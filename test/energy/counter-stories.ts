/** Random lives of a counter, told as readings, with what its register says of it. */
import fc from 'fast-check';
import type { AnnouncedSwap, MeterFacts, PersonsDecision } from '../../energy/counting/meter-rules.ts';
import type { Reading } from './plain-count.ts';

export const STORY_START = Date.parse('2026-11-01T00:00:00Z');
const METRIC = 'active_energy_kwh';

const happening = fc.oneof(
  { weight: 200, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('dip' as const), by: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 1, max: 6_000 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('glitch' as const), by: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('spike' as const), by: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('jump' as const), by: fc.integer({ min: 1, max: 9_000 }) }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('silence' as const), by: fc.integer({ min: 1, max: 80 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('absence' as const), by: fc.integer({ min: 40, max: 65 }) }),
  },
);

const decision = fc.record({
  kind: fc.constantFrom('normal', 'reset', 'rollover', 'glitch-zero', 'swap'),
  /** Which reading, as a share of all of them. */
  place: fc.nat(999).map((share) => share / 1_000),
  last: fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }),
  first: fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }),
  estimate: fc.option(fc.integer({ min: 0, max: 900 }), { nil: undefined, freq: 2 }),
});

const swap = fc.record({
  place: fc.nat(999).map((share) => share / 1_000),
  /** 0 puts the swap at the very instant of a reading. */
  offsetS: fc.constantFrom(0, 0, 7, -7, 450),
  /** Tenths above what the counter shows then. */
  last: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
  first: fc.option(fc.integer({ min: 0, max: 6_000 }), { nil: undefined }),
  multiplier: fc.constantFrom(undefined, undefined, 2, 0.5, 60),
});

const plot = fc.record({
  intervalS: fc.constantFrom(10, 60, 240, 300, 900, 3_600),
  declared: fc.constantFrom(true, true, true, false),
  stamp: fc.constantFrom(undefined, undefined, 'begin' as const, 'end' as const),
  phaseS: fc.integer({ min: 0, max: 899 }),
  isAligned: fc.boolean(),
  multiplier: fc.constantFrom(undefined, undefined, 40, 0.001),
  limit: fc.constantFrom(undefined, 1_000, 600),
  most: fc.constantFrom(undefined, 50, 4_000),
  happenings: fc.array(happening, { minLength: 1, maxLength: 200, size: 'max' }),
  decisions: fc.array(decision, { maxLength: 5, size: 'max' }),
  swaps: fc.array(swap, { maxLength: 3, size: 'max' }),
});

export interface Story {
  readonly facts: MeterFacts;
  /** In rising order of time, one an instant. */
  readonly readings: readonly Reading[];
}

/** A counter that shows tenths of kWh. */
export const story: fc.Arbitrary<Story> = plot.map((told) => {
  const { intervalS, declared, phaseS, isAligned, limit, most } = told;
  const readings: Reading[] = [];
  let time = STORY_START + (isAligned ? 0 : phaseS * 1_000);
  let [counter, disturbed, shown] = [5_000, 0, 0];
  for (const { kind, by } of told.happenings) {
    time += intervalS * 1_000 * (kind === 'silence' ? by : 1);
    if (kind === 'absence') time += by * 86_400_000;
    if (kind === 'dip') {
      readings.push({ time, value: (counter - by) / 10 });
      continue;
    }
    if (kind === 'count' || kind === 'silence') counter += by;
    if (kind === 'fall') counter = Math.max(0, counter - by);
    if (kind === 'jump') counter += by * 100;
    if (kind === 'glitch') [disturbed, shown] = [by, 0];
    if (kind === 'spike') [disturbed, shown] = [by, counter + 5_000_000];
    if (limit !== undefined && told.most !== 50) counter %= limit * 10;
    readings.push({ time, value: (disturbed-- > 0 ? shown : counter) / 10 });
  }
  const shiftMs = told.stamp === 'begin' && declared ? intervalS * 1_000 : 0;
  const at = (place: number) => readings[Math.min(readings.length - 1, Math.floor(place * readings.length))]!;
  const decisions = told.decisions.map(
    ({ kind, place, last, first, estimate }): PersonsDecision => ({
      metric: METRIC,
      at: at(place).time + shiftMs,
      decision: kind as PersonsDecision['decision'],
      last: last === undefined ? undefined : last / 10,
      first: first === undefined ? undefined : first / 10,
      estimate: estimate === undefined ? undefined : estimate / 10,
    }),
  );
  const swaps = told.swaps.map(
    ({ place, offsetS, last, first, multiplier }): AnnouncedSwap => ({
      metric: METRIC,
      at: at(place).time + shiftMs + offsetS * 1_000,
      last: last === undefined ? undefined : Math.max(0, at(place).value + last / 10),
      first: first === undefined ? undefined : first / 10,
      multiplier,
    }),
  );
  const meter = { multiplier: told.multiplier, register_limit: limit, max_per_hour: most, swaps: distinct(swaps) };
  const intervalMs = declared ? intervalS * 1_000 : undefined;
  const facts = { metric: METRIC, intervalMs, intervalStamp: told.stamp, meter, decisions: distinct(decisions) };
  return { facts, readings };
});

/** A register holds one of them an instant. */
function distinct<T extends { readonly at: number }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.at, entry])).values()];
}
