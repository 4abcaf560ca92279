/** What lamps are called by night, by day, and when they say nothing. */
import { describe, expect, it } from 'vitest';
import type { RollUp } from '../../../contract/roll-up.ts';
import { type CircuitLamp, circuitQuarters } from '../../../energy/site-figures/circuit-quarters.ts';

const NIGHT = Date.parse('2026-11-03T04:00:00Z');
const NOON = Date.parse('2026-11-03T17:00:00Z');
const BOSTON = { latitude: 42.36, longitude: -71.06 };
const QUARTER = 900_000;
const ALWAYS = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];

const lamp = (device: string): CircuitLamp => ({
  gateway: 'g',
  device,
  nominalW: 100,
  intervalMs: 600_000,
  stays: ALWAYS,
});

const row = (device: string, metric: string, value: number, start: number): RollUp => ({
  site: 's',
  gateway: 'g',
  device,
  metric,
  start,
  count: 2,
  expected: 2,
  coverage: 100,
  min: value,
  mean: value,
  max: value,
  last: value,
  consumption: metric === 'lamp_energy_kwh' ? value : null,
  interpolated: null,
  estimated: null,
  peak: null,
  peakAt: null,
  position: null,
});

const says = (device: string, start: number, [command, level, watts, failure]: readonly number[]) => [
  row(device, 'lamp_command_percent', command ?? 0, start),
  row(device, 'lamp_dim_level_percent', level ?? 0, start),
  row(device, 'lamp_power_w', watts ?? 0, start),
  row(device, 'lamp_failure', failure ?? 0, start),
  row(device, 'lamp_energy_kwh', (watts ?? 0) / 4_000, start),
];

const at = (
  start: number,
  words: Readonly<Record<string, readonly number[]>>,
  position: typeof BOSTON | 'nowhere' = BOSTON,
) => {
  const names = Object.keys(words);
  const rows = names.flatMap((name) => (words[name]!.length === 0 ? [] : says(name, start, words[name]!)));
  return circuitQuarters(
    names.map(lamp),
    rows,
    { from: start, to: start + QUARTER },
    position === 'nowhere' ? undefined : position,
  )[0];
};

describe('the lamps of a circuit', () => {
  it('that are told to burn: lit, failed, dark and silent ones apart', () => {
    expect(
      at(NIGHT, {
        lit: [100, 100, 98, 0],
        dim: [50, 50, 53, 0],
        failed: [100, 0, 0, 1],
        dark: [100, 0, 0, 0],
        silent: [],
      }),
    ).toEqual({
      start: NIGHT,
      lamps: 5,
      reporting: 4,
      commanded: 4,
      litOfCommanded: 2,
      lit: 2,
      failed: 1,
      dark: 1,
      dayBurners: 0,
      commandPercent: 87.5,
      levelPercent: 37.5,
      kwh: expect.closeTo(0.03775, 9),
      expectedKwh: expect.closeTo((3 + 0.53) * 0.025, 9),
    });
  });

  it('that burn by day are day burners, where the sun is known', () => {
    const words = { burner: [0, 100, 99, 0], off: [0, 0, 0.4, 0] };
    expect(at(NOON, words)).toMatchObject({ dayBurners: 1, lit: 1, commanded: 0, dark: 0, reporting: 2 });
    expect(at(NOON, words, 'nowhere')).toMatchObject({ dayBurners: 0, lit: 1 });
  });

  it('that speak seldom are silent after three intervals', () => {
    const quarters = circuitQuarters(
      [{ ...lamp('hourly'), intervalMs: 3_600_000 }],
      says('hourly', NIGHT, [100, 100, 100, 0]),
      { from: NIGHT, to: NIGHT + 13 * QUARTER },
      BOSTON,
    );
    expect(quarters.map(({ reporting }) => reporting)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(quarters.reduce((sum, { kwh }) => sum + kwh, 0)).toBeCloseTo(0.025, 9);
  });

  it('that were moved away are asked for no more', () => {
    const moved = { ...lamp('moved'), stays: [{ from: 0, to: NIGHT }] };
    const quarters = circuitQuarters([moved], [], { from: NIGHT - QUARTER, to: NIGHT + QUARTER }, BOSTON);
    expect(quarters.map(({ lamps, reporting }) => [lamps, reporting])).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });
});
