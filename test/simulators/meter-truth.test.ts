import { describe, expect, it } from 'vitest';
import { demoCity } from '../../simulators/city.ts';
import { FIVE_DIGITS, NO_FAULTS } from '../../simulators/city-faults.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { MeterTruth } from '../../simulators/meter-truth.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FROM = Date.parse('2026-10-31T00:00:00Z');
const TO = FROM + 3 * DAY;
const firstDay = FROM / DAY - 2;
const at = (hours: number) => FROM + hours * HOUR;

const site = 'police-headquarters';
const name = { gateway: `${site}-gateway`, device: 'main-meter', metric: 'active_energy_kwh' };
const well = new GroundTruth(demoCity(5, { firstDay }));

function ill(faults: Partial<typeof NO_FAULTS>): { truth: GroundTruth; meter: MeterTruth } {
  const truth = new GroundTruth(demoCity(5, { firstDay, faults: { ...NO_FAULTS, ...faults } }));
  return { truth, meter: new MeterTruth(truth, { from: FROM, to: TO }) };
}

/** What is counted by taking every rise, and of falls nothing. */
function rises(truth: GroundTruth): number {
  let [sum, before] = [0, Number.NaN];
  for (const { values } of truth.expectedReadings(name.gateway, name.device, FROM, TO)) {
    const value = values[name.metric]!;
    if (value > before) sum += value - before;
    before = value;
  }
  return sum;
}

it('knows what a meter counted that simply goes on, from its first reading to its last', () => {
  const { truth, meter } = ill({});
  expect(meter.known(name, FROM, TO)).toBeCloseTo(rises(truth), 0);
  const lost = meter.lost(name, FROM, TO);
  expect(lost.map(({ kind }) => kind)).toEqual(['untold', 'untold']);
  const untold = lost.reduce((sum, { amount }) => sum + amount, 0);
  expect(meter.known(name, FROM, TO) + untold).toBeCloseTo(meter.counted(name, FROM, TO), 6);
  expect(meter.counters()).toContainEqual(name);
});

it('loses what was counted between the readings around a reset, and of a silence with one in it all', () => {
  const pause = { site, from: at(30), to: at(36) };
  const registers = [
    { kind: 'reset', site, from: at(10), restart: 0 },
    { kind: 'reset', site, from: at(33), restart: 0 },
  ] as const;
  const { truth, meter } = ill({ registers, pauses: [pause] });
  const resets = meter.lost(name, at(1), at(60));
  expect(resets.map(({ kind }) => kind)).toEqual(['reset', 'reset']);
  expect(resets.map(({ from, to }) => Math.round((to - from) / MINUTE))).toEqual([1, 361]);
  const amount = resets.reduce((sum, one) => sum + one.amount, 0);
  expect(resets[1]!.amount).toBeGreaterThan(300);
  expect(meter.known(name, at(1), at(60))).toBeCloseTo(meter.counted(name, at(1), at(60)) - amount, 1);
  expect(meter.known(name, FROM, TO)).toBeCloseTo(rises(truth), 0);
  // Nothing of it is known to have been used in a part of the silence.
  expect(meter.known(name, at(31), at(35))).toBe(0);
  expect(meter.gaps(name, FROM, TO)).toEqual([]);
});

it('draws a straight line across a silence, and counts no reading in it', () => {
  const { truth, meter } = ill({ pauses: [{ site, device: 'main-meter', from: at(30), to: at(36) }] });
  const [gap] = meter.gaps(name, FROM, TO);
  const gapMs = gap!.to - gap!.from;
  expect(meter.known(name, gap!.from, gap!.to)).toBeCloseTo(gap!.amount, 6);
  expect(meter.known(name, at(31), at(33))).toBeCloseTo((gap!.amount * 2 * HOUR) / gapMs, 6);
  const count = (one: GroundTruth, device: string) => one.expectedCount(name.gateway, device, FROM, TO);
  expect(count(well, 'main-meter') - count(truth, 'main-meter')).toBe(6 * 60);
  expect(count(truth, 'gas-meter')).toBe(count(well, 'gas-meter'));
  expect([...truth.expectedReadings(name.gateway, 'main-meter', FROM, TO)]).toHaveLength(count(truth, 'main-meter'));
});

it('knows nothing of a meter that said nothing, and that all of it is lost', () => {
  const { meter } = ill({ silent: [{ site, from: FROM - HOUR }] });
  expect(meter.known(name, at(1), at(60))).toBe(0);
  const lost = meter.lost(name, at(1), at(60));
  expect(lost).toEqual([{ kind: 'untold', from: at(1), to: at(60), amount: meter.counted(name, at(1), at(60)) }]);
  expect(meter.gaps(name, FROM, TO)).toEqual([]);
});

it('loses what an old meter counted last, where its reading was too long to be written down', () => {
  const { truth, meter } = ill({
    registers: [{ kind: 'rollover', site, from: at(5), limit: FIVE_DIGITS, at: at(30) }],
  });
  const device = truth.device(name.gateway, name.device);
  expect(device.meter?.swaps).toEqual([{ metric: name.metric, at: at(5), first: expect.any(Number) }]);
  const [lost, ...more] = meter.lost(name, at(1), at(60));
  expect(more).toEqual([]);
  expect(lost).toMatchObject({ kind: 'exchange', to: at(5) });
  expect(meter.known(name, at(1), at(60))).toBeCloseTo(meter.counted(name, at(1), at(60)) - lost!.amount, 1);
  expect(meter.known(name, lost!.from, at(5))).toBe(0);
});

describe('what hides nothing', () => {
  it('a register that rolls over, and an exchange that the register of devices is told of', () => {
    const registers = [
      { kind: 'rollover', site, from: at(-20), limit: FIVE_DIGITS, at: at(10) },
      { kind: 'swap', site, from: at(40), restart: 12.3 },
    ] as const;
    const { truth, meter } = ill({ registers });
    expect(meter.known(name, at(1), at(60))).toBeCloseTo(meter.counted(name, at(1), at(60)), 1);
    expect(meter.lost(name, at(1), at(60))).toEqual([]);
    const device = entriesOf(truth.city).devices.find(
      ({ gateway, id }) => gateway === name.gateway && id === name.device,
    );
    expect(device?.meter).toMatchObject({ register_limit: FIVE_DIGITS, swaps: [{ at: at(-20) }, { at: at(40) }] });
    const [, swap] = device?.meter?.swaps ?? [];
    expect(swap).toMatchObject({ metric: name.metric, first: 12.3 });
    const before = truth.value(name.gateway, name.device, name.metric, at(40) - 1)!;
    expect(swap!.last! - before).toBeCloseTo(0, 0);
    expect(
      truth
        .device(name.gateway, name.device)
        .breaksUntil(TO)
        .map(({ kind }) => kind),
    ).toEqual(['swap', 'rollover', 'swap']);
  });

  it('a display that says 0, too much or a digit less for a while', () => {
    const displays = [
      { kind: 'glitch-zero', site, from: at(10), to: at(10) + 5 * MINUTE },
      { kind: 'spike', site, from: at(20), to: at(20) + 3 * MINUTE },
      { kind: 'dip', site, from: at(30), to: at(30) + MINUTE },
    ] as const;
    const { truth, meter } = ill({ displays });
    const value = (one: GroundTruth, time: number) => one.value(name.gateway, name.device, name.metric, time)!;
    expect(value(truth, at(10))).toBe(0);
    expect(value(truth, at(20)) - value(well, at(20))).toBe(1_000_000);
    expect(value(truth, at(30))).toBeLessThan(value(well, at(30) - MINUTE));
    expect(value(truth, at(10) + 5 * MINUTE)).toBe(value(well, at(10) + 5 * MINUTE));
    expect(meter.known(name, at(1), at(60))).toBeCloseTo(meter.counted(name, at(1), at(60)), 1);
    const [first, last] = [at(10) - 2 * MINUTE, at(10) + 7 * MINUTE];
    expect(meter.known(name, first, last)).toBeCloseTo(meter.counted(name, first, last), 0);
  });
});
