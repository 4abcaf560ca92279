import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterPosition } from '../../contract/roll-up.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import {
  type CounterSlots,
  countValues,
  firstTouchedSlot,
  slotsLookedAhead,
} from '../../energy/counting/count-values.ts';
import { counterFigures, foldRows } from '../../energy/counting/figures.ts';
import { effectiveTime, type MeterRules, meterRules } from '../../energy/counting/meter-rules.ts';
import { type SlotWindow, slotOf, startOfSlot } from '../../energy/counting/slots.ts';
import { type Story, story } from './counter-stories.ts';
import { plainCount, type Reading } from './plain-count.ts';

/** More of them: `RUNS=3000 npx vitest run test/energy/counting.test.ts`. */
const RUNS = { numRuns: Number(process.env.RUNS ?? 100) };

function count(
  readings: readonly Reading[],
  rules: MeterRules,
  window: SlotWindow,
  position?: CounterPosition,
  completeTo?: number,
): CounterSlots {
  const times = Float64Array.from(readings, ({ time }) => time);
  const values = Float64Array.from(readings, ({ value }) => value);
  return countValues({ times, values, rules, window, position, completeTo });
}

/** All of its quarter hours, or every 7 days of them where it is silent for months. */
function windowOf({ readings, facts }: Story): SlotWindow {
  const rules = meterRules(facts);
  const firstSlot = slotOf(effectiveTime(readings[0]?.time ?? 0, rules)) - 1;
  return { firstSlot, slots: slotOf(effectiveTime(readings.at(-1)?.time ?? 0, rules)) - firstSlot + 2 };
}

/** What is told of a slot, in a form that compares. */
function told(slots: CounterSlots, slot: number) {
  const place = slot - slots.firstSlot;
  const { counts, mins, means, maxs, lasts } = slots.values;
  return {
    slot,
    figures: [slots.amounts, slots.interpolated, slots.estimated, slots.measuredMs].map((all) => all[place]),
    values: [counts, mins, means, maxs, lasts].map((all) => all[place]),
    position: slots.positions[place],
    events: slots.events.filter(({ at }) => slotOf(at) === slot),
  };
}

function expectSame(found: unknown, wanted: unknown): void {
  // Comparing text first: months of quarter hours are slow to compare one by one.
  if (JSON.stringify(found) !== JSON.stringify(wanted)) expect(found).toEqual(wanted);
}

function toldFrom(slots: CounterSlots, from: number, to = slots.firstSlot + slots.slots) {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => told(slots, from + index));
}

describe('counting', () => {
  it('equals the table written down plainly', () => {
    fc.assert(
      fc.property(story, (one) => {
        const window = windowOf(one);
        const counted = count(one.readings, meterRules(one.facts), window);
        const plain = plainCount(one.readings, one.facts, 1);
        expect(counted.events).toEqual(plain.events);
        for (let place = 0; place < window.slots; place++) {
          const quarter = plain.quarters.get(startOfSlot(window.firstSlot + place));
          const figures = [counted.amounts, counted.interpolated, counted.estimated, counted.measuredMs];
          const expected = [
            quarter?.amount ?? Number.NaN,
            quarter?.interpolated,
            quarter?.estimated,
            quarter?.measuredMs,
          ];
          const found = figures.map((all) => all[place]);
          const wanted = expected.map((figure) => figure ?? 0);
          if (!found.every((figure, index) => Object.is(figure, wanted[index]))) {
            expect({ place, found }).toEqual({ place, found: wanted });
          }
        }
      }),
      RUNS,
    );
  });

  it('goes on from the end of any quarter hour as if it had begun at the beginning', () => {
    fc.assert(
      fc.property(story, fc.boolean(), (one, isHandedAll) => {
        const rules = meterRules(one.facts);
        const window = windowOf(one);
        const whole = count(one.readings, rules, window);
        const busy = new Set(one.readings.map(({ time }) => slotOf(effectiveTime(time, rules))));
        for (let slot = window.firstSlot + 1; slot < window.firstSlot + window.slots; slot++) {
          if (!busy.has(slot) && !busy.has(slot - 1)) continue;
          const position = whole.positions[slot - 1 - window.firstSlot];
          const rest = isHandedAll
            ? one.readings
            : one.readings.filter(({ time }) => effectiveTime(time, rules) >= startOfSlot(slot));
          // A stretch of quarter hours, with no more values behind it than it asks for.
          const slots = Math.min(3, window.firstSlot + window.slots - slot);
          const end = startOfSlot(slot + slots);
          const first = one.readings.find(
            ({ time }) =>
              effectiveTime(time, rules) >= end &&
              !rules.decisions.some(
                ({ at, decision }) => at === effectiveTime(time, rules) && decision === 'glitch-zero',
              ),
          );
          const enough = first === undefined ? rest : rest.filter(({ time }) => time <= first.time + rules.glitchMs);
          const completeTo = first === undefined ? undefined : effectiveTime(first.time, rules) + rules.glitchMs;
          const part = count(enough, rules, { firstSlot: slot, slots }, position, completeTo);
          expectSame(toldFrom(part, slot), toldFrom(whole, slot, slot + slots));
          if (first !== undefined && whole.openEnd >= slot + slots) expect(part.openEnd).toBe(slot + slots);
        }
      }),
      RUNS,
    );
  });

  it('says from where on later values may change what it found', () => {
    fc.assert(
      fc.property(
        story,
        fc.nat(999).map((share) => share / 1_000),
        (one, share) => {
          const rules = meterRules(one.facts);
          const window = windowOf(one);
          const whole = count(one.readings, rules, window);
          const early = count(one.readings.slice(0, Math.ceil(share * one.readings.length)), rules, window);
          const firstSlot = window.firstSlot;
          expectSame(toldFrom(early, firstSlot, early.openEnd), toldFrom(whole, firstSlot, early.openEnd));
        },
      ),
      RUNS,
    );
  });

  it('of a change touches no quarter hour before the first touched one, nor any after positions agree again', () => {
    const change = fc.record({
      place: fc.nat(999).map((share) => share / 1_000),
      keep: fc.nat(999).map((share) => share / 1_000),
      value: fc.integer({ min: 0, max: 9_000 }),
      offsetS: fc.integer({ min: 0, max: 899 }),
    });
    fc.assert(
      fc.property(story, change, (one, { place, keep, value, offsetS }) => {
        const rules = meterRules(one.facts);
        const window = windowOf(one);
        const end = window.firstSlot + window.slots;
        const before = count(one.readings, rules, window);
        const slot = window.firstSlot + Math.min(window.slots - 1, Math.floor(place * window.slots));
        // Some of its values go, others change, and one comes.
        const late = { time: startOfSlot(slot) + offsetS * 1_000 - rules.shiftMs, value: value / 10 };
        const changed = one.readings
          .filter(({ time }, index) => slotOf(effectiveTime(time, rules)) !== slot || (index * 0.37) % 1 < keep)
          .filter(({ time }) => time !== late.time)
          .concat(late)
          .sort((first, second) => first.time - second.time);
        const after = count(changed, rules, window);
        const lookedAhead = slotsLookedAhead(rules);
        const known = slot - lookedAhead - 1 - window.firstSlot;
        const position = before.positions[known];
        expect(after.positions[known]).toEqual(position);
        const touched = Math.max(window.firstSlot, firstTouchedSlot(slot, lookedAhead, position));
        expectSame(toldFrom(after, window.firstSlot, touched), toldFrom(before, window.firstSlot, touched));
        for (let next = slot; next < end; next++) {
          const [old, now] = [before, after].map(({ positions }) => positions[next - window.firstSlot]);
          if (JSON.stringify(old) !== JSON.stringify(now)) continue;
          expectSame(toldFrom(after, next + 1), toldFrom(before, next + 1));
          break;
        }
      }),
      RUNS,
    );
  });

  it('adds quarter hours up to hours and days to the last digit', () => {
    fc.assert(
      fc.property(story, (one) => {
        const rules = meterRules(one.facts);
        const window = windowOf(one);
        const slots = count(one.readings, rules, window);
        const rows = Array.from({ length: window.slots }, (_, place) => ({
          ...counterFigures(slots, place, rules),
          start: startOfSlot(window.firstSlot + place),
        }));
        const known = [...slots.amounts].filter((amount) => !Number.isNaN(amount));
        const plain = plainCount(one.readings, one.facts, 1);
        const sum = plain.stretches.reduce((counts, { amount }) => counts + amount, 0);
        expect(known.reduce((counts, amount) => counts + amount, 0)).toBe(sum);
        const day = foldRows(rows, { rules, wholeMs: rows.length * QUARTER_MS });
        expect(day.consumption).toBe(known.length === 0 ? null : sum / rules.scale);
        expect(day.count).toBe(one.readings.length);
        expect(day.last).toBe(one.readings.at(-1)?.value);
        expect(day.max).toBe(Math.max(...one.readings.map(({ value }) => value)));
        expect(day.coverage).toBeLessThanOrEqual(100);
        const hours = Array.from({ length: Math.ceil(rows.length / 4) }, (_, hour) => {
          const part = rows.slice(4 * hour, 4 * hour + 4);
          return { ...foldRows(part, { rules, wholeMs: 4 * QUARTER_MS }), start: part[0]!.start };
        });
        const ofHours = foldRows(hours, { rules, wholeMs: rows.length * QUARTER_MS, msOf: () => 4 * QUARTER_MS });
        expect({ ...ofHours, mean: 0 }).toEqual({ ...day, mean: 0 });
        expect(ofHours.mean).toBeCloseTo(day.mean ?? 0, 8);
      }),
      RUNS,
    );
  });
});
