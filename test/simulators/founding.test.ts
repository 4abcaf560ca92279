import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FIVE_DIGITS, METER_FAULTS } from '../../simulators/city-faults.ts';
import { cityOf, foundCity, foundingFile, readFounding } from '../../simulators/founding.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-05-04T15:30:00Z');
const request = { seed: 3, now: NOW, historyMs: 14 * DAY, meterFaults: [] };

it('keeps the instant of the first start over all later ones', () => {
  const folder = temporaryFolder();
  expect(readFounding(folder)).toBeUndefined();
  const founding = foundCity(folder, request);
  expect(founding).toMatchObject({ seed: 3, founded: NOW, begins: NOW - 14 * DAY, registers: [] });
  expect(foundCity(folder, { ...request, now: NOW + 30 * DAY, historyMs: DAY })).toEqual(founding);
  expect(readFounding(folder)).toEqual(founding);
  expect(statSync(foundingFile(folder)).mode & 0o777).toBe(0o600);
  // A month later the faults are where they were.
  expect(cityOf(founding).faults.silent).toEqual([{ site: 'tobin-center', from: NOW - 7 * 3_600_000 }]);
});

it('refuses another seed and a file that it cannot read, and says what to do', () => {
  const folder = temporaryFolder();
  foundCity(folder, request);
  expect(() => foundCity(folder, { ...request, seed: 4 })).toThrow(
    /seed 3. Start it with --seed 3, or with another --data/,
  );
  writeFileSync(foundingFile(folder), readFileSync(foundingFile(folder), 'utf8').slice(0, 40));
  expect(() => readFounding(folder)).toThrow(/demo-city.json cannot be read .* Restore it from a backup/);
});

it('puts a register fault into the history of a new city, and after now in one that ran', () => {
  const fresh = foundCity(temporaryFolder(), { ...request, meterFaults: [{ name: 'rollover' }, { name: 'swap' }] });
  expect(fresh.registers.map(({ kind, from, at }) => [kind, at ?? from])).toEqual([
    ['rollover', NOW - 2 * DAY],
    ['swap', NOW - 2 * DAY],
  ]);
  const folder = temporaryFolder();
  const old = foundCity(folder, request);
  const later = NOW + 9 * DAY;
  const next = foundCity(folder, { ...request, now: later, meterFaults: [{ name: 'rollover' }, { name: 'swap' }] });
  expect(next.registers.every(({ from }) => from > later)).toBe(true);
  // Nothing that was told before may read otherwise now.
  const [before, after] = [new GroundTruth(cityOf(old)), new GroundTruth(cityOf(next))];
  for (const gateway of ['bolling-building-gateway', 'police-headquarters-gateway']) {
    for (const time of [NOW - 13 * DAY, NOW, later]) {
      expect(after.valuesAt(gateway, 'main-meter', time)).toEqual(before.valuesAt(gateway, 'main-meter', time));
    }
    expect(after.value(gateway, 'main-meter', 'active_energy_kwh', later + DAY)).toBeLessThan(FIVE_DIGITS);
  }
  expect(foundCity(folder, { ...request, now: later + DAY, meterFaults: [{ name: 'swap' }] })).toEqual(next);
});

it('lets a register fall as soon as was asked, after what may have been told', () => {
  const folder = temporaryFolder();
  foundCity(folder, request);
  const asked = foundCity(folder, {
    ...request,
    meterFaults: [
      { name: 'rollover', ms: 45_000 },
      { name: 'swap', ms: 1 },
    ],
  });
  expect(asked.registers.map(({ kind, from, at }) => [kind, at ?? from])).toEqual([
    ['rollover', NOW + 45_000],
    ['swap', NOW + 40_000],
  ]);
});

it('keeps what else was asked of meters, each once, and reads files of before', () => {
  const folder = temporaryFolder();
  const meterFaults = METER_FAULTS.map((name) => ({ name }));
  const founding = foundCity(folder, { ...request, meterFaults });
  expect(founding.registers.map(({ kind }) => kind)).toEqual(['rollover', 'swap', 'reset']);
  expect(founding.displays.map(({ kind }) => kind)).toEqual(['glitch-zero', 'dip', 'spike']);
  expect(founding.pauses).toHaveLength(1);
  expect(foundCity(folder, { ...request, meterFaults })).toEqual(founding);
  const { displays, pauses, ...before } = founding;
  writeFileSync(foundingFile(folder), JSON.stringify(before));
  expect(readFounding(folder)).toEqual({ ...before, displays: [], pauses: [] });
});
