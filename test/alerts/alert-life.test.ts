import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judgement, liveOn } from '../../alerts/alert-life.ts';
import type { OpenAlert } from '../../alerts/alert-record.ts';
import type { AlertRule, Firing } from '../../alerts/alert-rule.ts';
import { judge } from '../../alerts/judge.ts';
import { NOW, ruleOf, someInputs } from './alert-builders.ts';

const MINUTE = 60_000;
const rule: AlertRule = { ...ruleOf('gateway-silent'), id: 'r', forMs: 2 * MINUTE, keepMs: MINUTE };
const firing = (gateway: string, change: Partial<Firing> = {}): Firing => ({
  severity: 'warning',
  gateway,
  title: gateway,
  words: '',
  figures: [],
  ...change,
});

interface Step {
  readonly firing?: readonly Firing[] | undefined;
  readonly unknown?: ((gateway: string | null) => string | undefined) | undefined;
  readonly elapsedMs?: number;
}

/** Turns in a row, a minute apart. */
class Story {
  open: ReadonlyMap<string, OpenAlert> = new Map();
  now = NOW;
  turn({ firing: list, unknown, elapsedMs = MINUTE }: Step, mostOpen = 100) {
    this.now += elapsedMs;
    const judgement: Judgement = { rule, firing: list, unknown: ({ gateway }) => unknown?.(gateway) };
    const result = liveOn(this.open, [judgement], { now: this.now, elapsedMs, mostOpen });
    this.open = result.open;
    return result;
  }
  told(step: Step): string[] {
    return this.turn(step).changes.map(({ status, alert }) => `${status} ${alert.id}`);
  }
}

describe('an alert', () => {
  it('is pending first, fires when it was so for long enough, and ends when it was quiet for long enough', () => {
    const story = new Story();
    expect(story.told({ firing: [firing('a')] })).toEqual([]);
    expect(story.open.get('r/a')).toMatchObject({ state: 'pending', firingAt: null });
    expect(story.told({ firing: [firing('a')] })).toEqual([]);
    expect(story.told({ firing: [firing('a')] })).toEqual(['firing r/a']);
    expect(story.open.get('r/a')).toMatchObject({ state: 'firing', firingAt: story.now });
    expect(story.told({ firing: [firing('a', { words: 'still' })] })).toEqual([]);
    expect(story.open.get('r/a')?.words).toBe('still');
    const { changes, resolved } = story.turn({ firing: [] });
    expect(changes).toMatchObject([{ status: 'resolved', alert: { id: 'r/a', resolvedAt: story.now } }]);
    expect(resolved).toHaveLength(1);
    expect(story.open.size).toBe(0);
  });
  it('that goes before it fires leaves nothing behind', () => {
    const story = new Story();
    story.turn({ firing: [firing('a')] });
    expect(story.told({ firing: [] })).toEqual([]);
    expect(story.open.size).toBe(0);
  });
  it('that flickers is told once', () => {
    const story = new Story();
    for (let turn = 0; turn < 3; turn++) story.turn({ firing: [firing('a')] });
    expect(story.told({ firing: [], elapsedMs: 30_000 })).toEqual([]);
    expect(story.told({ firing: [firing('a')] })).toEqual([]);
    expect(story.told({ firing: [], elapsedMs: 30_000 })).toEqual([]);
    expect(story.open.size).toBe(1);
  });
  it('that gets worse is told again, one that gets milder is not', () => {
    const story = new Story();
    for (let turn = 0; turn < 3; turn++) story.turn({ firing: [firing('a')] });
    expect(story.told({ firing: [firing('a', { severity: 'critical' })] })).toEqual(['firing r/a']);
    expect(story.told({ firing: [firing('a', { severity: 'info' })] })).toEqual([]);
    // Around a limit it would be told every minute.
    for (const severity of ['critical', 'warning', 'critical'] as const)
      expect(story.told({ firing: [firing('a', { severity })] })).toEqual([]);
    expect([...story.open.values()].map(({ severity }) => severity)).toEqual(['critical']);
    expect(story.told({ firing: [] })).toEqual(['resolved r/a']);
    for (let turn = 0; turn < 3; turn++) story.turn({ firing: [firing('a')] });
    expect(story.told({ firing: [firing('a', { severity: 'critical' })] })).toEqual(['firing r/a']);
  });
});

describe('what cannot be judged', () => {
  it('neither opens nor ends, neither for a rule nor at a place', () => {
    const story = new Story();
    for (let turn = 0; turn < 3; turn++) story.turn({ firing: [firing('a')] });
    story.turn({ firing: [firing('a'), firing('b')] });
    for (let turn = 0; turn < 10; turn++) {
      expect(story.told({ firing: undefined, unknown: () => 'the store is down' })).toEqual([]);
    }
    expect([...story.open.values()].map(({ id, state, unjudged }) => [id, state, unjudged])).toEqual([
      ['r/a', 'firing', 'the store is down'],
      ['r/b', 'pending', 'the store is down'],
    ]);
    expect(story.told({ firing: [], unknown: (gateway) => (gateway === 'a' ? 'away' : undefined) })).toEqual([]);
    expect([...story.open.keys()]).toEqual(['r/a']);
    expect(story.told({ firing: [] })).toEqual(['resolved r/a']);
  });
  it('is every rule that lacks what it reads, and one that throws', () => {
    const failing = { ...rule, reads: [], evaluate: () => [].map(() => firing('a')) && fail() };
    const { judged, unjudged } = judge([rule, failing], someInputs({ unknown: { latest: 'no disk' } }));
    expect(unjudged).toEqual([
      { rule: 'r', why: 'no disk' },
      { rule: 'r', why: 'the rule failed: broken' },
    ]);
    expect(judged.map((one) => one.firing)).toEqual([undefined, undefined]);
  });
});

function fail(): never {
  throw new Error('broken');
}

it('an alert of a rule that is gone ends', () => {
  const story = new Story();
  for (let turn = 0; turn < 3; turn++) story.turn({ firing: [firing('a')] });
  const { changes } = liveOn(story.open, [], { now: story.now, elapsedMs: MINUTE, mostOpen: 100 });
  expect(changes).toMatchObject([{ status: 'resolved' }]);
});

it('more than there is room for are counted, and those that are open stay', () => {
  const story = new Story();
  expect(story.turn({ firing: [firing('a'), firing('b'), firing('c')] }, 2).leftOut).toBe(1);
  expect(story.turn({ firing: [firing('c'), firing('b'), firing('a')] }, 2).leftOut).toBe(1);
  expect([...story.open.keys()]).toEqual(['r/a', 'r/b']);
});

it('whatever happens, firing and resolved take turns for each alert', () => {
  const step = fc.record({
    firing: fc.option(
      fc.subarray(['a', 'b', 'c']).map((gateways) => gateways.map((one) => firing(one))),
      {
        nil: undefined,
      },
    ),
    unknown: fc.constantFrom<Step['unknown']>(
      undefined,
      () => 'unknown',
      (one) => (one === 'a' ? 'unknown' : undefined),
    ),
    elapsedMs: fc.constantFrom(0, 1_000, MINUTE, 3 * MINUTE),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const story = new Story();
      const open = new Set<string>();
      for (const one of steps) {
        for (const { status, alert } of story.turn(one).changes) {
          if (status === 'firing') expect(open.has(alert.id)).toBe(false);
          else expect(open.has(alert.id)).toBe(true);
          if (status === 'firing') open.add(alert.id);
          else open.delete(alert.id);
        }
        const isFiring = [...story.open.values()].filter(({ state }) => state === 'firing').map(({ id }) => id);
        expect(new Set(isFiring)).toEqual(open);
      }
    }),
  );
});
