import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketsOf,
  type Counted,
  type CounterValue,
  countQuarters,
  type QuarterBucket,
  slotOf,
} from '../../energy/consumption.ts';
import { type CounterRules, countsOf, dipOf, GLITCH_MS, QUARTER_MS, rulesOf } from '../../energy/counter-rules.ts';

const START = Date.parse('2026-11-01T00:00:00Z');
const MINUTE = 60_000;
const rules = rulesOf('active_energy_kwh', MINUTE);

/** One value a minute from START on; undefined is a minute without one. */
function minutes(values: readonly (number | undefined)[], every = MINUTE): CounterValue[] {
  return values.flatMap((value, index) => (value === undefined ? [] : [{ time: START + index * every, value }]));
}

function windowOf(values: readonly CounterValue[], slots = 4) {
  return { firstSlot: slotOf(values[0]?.time ?? START), slots };
}

/** In kWh; null where nothing is known. */
function amountsOf(counted: Counted): (number | null)[] {
  return [...counted.amounts].map((amount) => (Number.isNaN(amount) ? null : amount / rules.scale));
}

function count(values: readonly CounterValue[], slots = 4, by: CounterRules = rules): Counted {
  return countQuarters(bucketsOf(values), by, windowOf(values, slots));
}

/** As a reader of a store does: buckets, and the single values of those that are asked for. */
function countFromBuckets(values: readonly CounterValue[], slots: number, by: CounterRules) {
  const whole = bucketsOf(values);
  const known = new Set<number>();
  for (let round = 0; ; round++) {
    const buckets = whole.map(
      (bucket): QuarterBucket => (known.has(bucket.slot) ? bucket : { ...bucket, values: undefined }),
    );
    const counted = countQuarters(buckets, by, windowOf(values, slots));
    if (counted.wanted.size === 0) return { counted, fetched: known.size, rounds: round };
    for (const slot of counted.wanted) {
      if (known.has(slot)) throw new Error(`${slot} is asked for again`);
      known.add(slot);
    }
  }
}

describe('a counter', () => {
  it('counts differences, in the quarter hour of the later value', () => {
    const values = minutes(Array.from({ length: 60 }, (_, minute) => 1_000 + minute * 0.1));
    expect(amountsOf(count(values))).toEqual([1.4, 1.5, 1.5, 1.5]);
    expect([...count(values).measured]).toEqual([1, 1, 1, 1]);
  });

  it('is exact however large it is and however many differences there are', () => {
    const values = minutes(Array.from({ length: 1_440 }, (_, minute) => 987_654.3 + minute * 0.1));
    const { amounts } = count(values, 96);
    expect(amounts.reduce((sum, amount) => sum + amount, 0) / rules.scale).toBe(143.9);
  });

  it('books nothing after a reset but what is counted from there on', () => {
    const counted = count(minutes([439_534, 439_535, 718, 719, 720]), 1);
    expect(amountsOf(counted)).toEqual([3]);
    expect(counted.events).toEqual([
      { kind: 'reset', at: START + 2 * MINUTE, until: START + 2 * MINUTE, before: 439_535, after: 718 },
    ]);
  });

  it('books a dip by rounding neither as a reset nor twice', () => {
    const counted = count(minutes([215.6, 215.7, 215.6, 215.7, 215.8]), 1);
    expect(amountsOf(counted)).toEqual([0.2]);
    expect(counted.events).toEqual([]);
  });

  it('takes a counter of 32-bit floats for what it is', () => {
    const float = (value: number) => Math.fround(value);
    const counted = count(minutes([20_000_000.4, 19_999_998.9, 20_000_002].map(float)), 1);
    expect(counted.events).toEqual([]);
    expect(amountsOf(counted)[0]).toBeCloseTo(2, 5);
  });

  it('passes over a zero that is taken back', () => {
    const counted = count(minutes([1_000, 1_001, 0, 0, 1_002]), 1);
    expect(amountsOf(counted)).toEqual([2]);
    expect(counted.events).toEqual([]);
  });

  it('passes over a zero that is taken back in the next quarter hour', () => {
    const values = minutes([...Array.from({ length: 14 }, () => 1_000), 0, 0, 0, 1_001]);
    expect(amountsOf(count(values, 2))).toEqual([0, 1]);
  });

  it('takes a fall that lasts longer for a reset', () => {
    const values = minutes([1_000, ...Array.from({ length: 20 }, () => 0), 3]);
    expect(amountsOf(count(values, 2))).toEqual([0, 3]);
    expect(count(values, 2).events.map(({ kind }) => kind)).toEqual(['reset']);
  });

  it('spreads what a gap hides evenly over it, and says so', () => {
    const values = [
      { time: START + 10 * MINUTE, value: 100 },
      { time: START + 70 * MINUTE, value: 106 },
    ];
    const counted = count(values, 6);
    expect(amountsOf(counted)).toEqual([0.5, 1.5, 1.5, 1.5, 1, null]);
    expect([...counted.measured].map((share) => Math.round(share * 15))).toEqual([1, 0, 0, 0, 1, 0]);
    expect(counted.events).toEqual([
      { kind: 'gap', at: START + 10 * MINUTE, until: START + 70 * MINUTE, before: 100, after: 106 },
    ]);
  });

  it('knows nothing of a gap that ends in a reset', () => {
    const values = [
      { time: START + 10 * MINUTE, value: 100 },
      { time: START + 70 * MINUTE, value: 3 },
    ];
    const counted = count(values, 5);
    expect(amountsOf(counted)).toEqual([0, null, null, null, 0]);
    expect(counted.events.map(({ kind }) => kind)).toEqual(['reset', 'gap']);
  });

  it('spreads a slow device between its values, and takes none of it for a gap', () => {
    const hourly = rulesOf('gas_volume_m3', 3_600_000);
    const values = minutes([10, 14, 20], 60 * MINUTE);
    const counted = count(values, 9, hourly);
    expect([...counted.amounts.subarray(0, 8)].map((amount) => amount / hourly.scale)).toEqual([
      1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5,
    ]);
    expect(counted.amounts[8]).toBeNaN();
    expect([...counted.measured]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(counted.events).toEqual([]);
  });

  it('takes its baseline and the far end of a gap from outside of the window', () => {
    const values = [
      { time: START - QUARTER_MS, value: 100 },
      { time: START + 2 * QUARTER_MS, value: 106 },
    ];
    const counted = countQuarters(bucketsOf(values), rules, { firstSlot: slotOf(START), slots: 1 });
    expect(amountsOf(counted)).toEqual([2]);
    expect(counted.measured[0]).toBe(0);
  });

  it('without a value knows nothing', () => {
    const { amounts, measured, events } = countQuarters([], rules, { firstSlot: 0, slots: 2 });
    expect([...amounts]).toEqual([Number.NaN, Number.NaN]);
    expect([...measured]).toEqual([0, 0]);
    expect(events).toEqual([]);
  });
});

/** What happens from one reading to the next. */
const happening = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('dip' as const), by: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 1, max: 6_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('glitch' as const), by: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('silence' as const), by: fc.integer({ min: 1, max: 80 }) }) },
);

const story = fc.record({
  intervalS: fc.constantFrom(10, 60, 240, 300, 900, 3_600),
  declared: fc.constantFrom(true, true, true, false),
  phaseS: fc.integer({ min: 0, max: 899 }),
  happenings: fc.array(happening, { maxLength: 400 }),
});

/** Tenths of kWh told by a counter to which these things happen. */
function tell({ intervalS, phaseS, happenings }: typeof story extends fc.Arbitrary<infer T> ? T : never) {
  const values: CounterValue[] = [];
  let [time, counter, back] = [START + phaseS * 1_000, 5_000, 0];
  let hidden: number | undefined;
  for (const { kind, by } of happenings) {
    time += intervalS * 1_000 * (kind === 'silence' ? by : 1);
    if (kind === 'dip') values.push({ time, value: (counter - by) / 10 });
    else {
      if (kind === 'count' || kind === 'silence') counter += by;
      if (kind === 'fall') counter = Math.max(0, counter - by);
      if (kind === 'glitch') [hidden, back] = [counter, by];
      if (back > 0) back--;
      else hidden = undefined;
      values.push({ time, value: hidden === undefined ? counter / 10 : 0 });
    }
  }
  return values;
}

/** The table of consumption.ts written down as plainly as can be: the sum of everything, without slots. */
function plainSum(values: readonly CounterValue[], by: CounterRules): { sum: number; resets: number } {
  let [sum, resets] = [0, 0];
  let high = Number.NaN;
  for (let index = 0; index < values.length; index++) {
    const { time, value } = values[index]!;
    const counts = countsOf(value, by);
    if (Number.isNaN(high)) high = counts;
    else if (counts >= high) [sum, high] = [sum + counts - high, counts];
    else if (high - counts > dipOf(high, by)) {
      const back = values.findIndex(
        (later, at) =>
          at > index && later.time <= time + GLITCH_MS && countsOf(later.value, by) >= high - dipOf(high, by),
      );
      if (back >= 0) index = back - 1;
      else [high, resets] = [counts, resets + 1];
    }
  }
  return { sum, resets };
}

describe('whatever happens to a counter', () => {
  it('buckets give exactly what the single values give', () => {
    fc.assert(
      fc.property(story, (told) => {
        const values = tell(told);
        const by = rulesOf('active_energy_kwh', told.declared ? told.intervalS * 1_000 : undefined);
        const slots = values.length === 0 ? 1 : slotOf(values.at(-1)!.time) - slotOf(values[0]!.time) + 1;
        const exact = count(values, slots, by);
        const { counted, fetched, rounds } = countFromBuckets(values, slots, by);
        expect(exact.wanted.size).toBe(0);
        expect({ ...counted, wanted: exact.wanted }).toEqual(exact);
        expect(rounds).toBeLessThanOrEqual(slots);
        expect(fetched).toBeLessThanOrEqual(slots);
      }),
      { numRuns: 1_500 },
    );
  });

  it('the quarter hours add up to the sum of what was counted, and none is negative', () => {
    fc.assert(
      fc.property(story, (told) => {
        const values = tell(told);
        const by = rulesOf('active_energy_kwh', told.intervalS * 1_000);
        const slots = values.length === 0 ? 1 : slotOf(values.at(-1)!.time) - slotOf(values[0]!.time) + 1;
        const { amounts, events } = count(values, slots, by);
        const known = [...amounts].filter((amount) => !Number.isNaN(amount));
        const plain = plainSum(values, by);
        expect(known.every((amount) => amount >= 0 && Number.isSafeInteger(amount))).toBe(true);
        expect(known.reduce((sum, amount) => sum + amount, 0)).toBe(plain.sum);
        expect(events.filter(({ kind }) => kind === 'reset')).toHaveLength(plain.resets);
      }),
      { numRuns: 1_500 },
    );
  });

  it('a counter that only counts needs no single values but those of its beginning', () => {
    const values = minutes(Array.from({ length: 3_000 }, (_, minute) => minute * 0.1));
    expect(countFromBuckets(values, 200, rules).fetched).toBeLessThanOrEqual(2);
  });
});
