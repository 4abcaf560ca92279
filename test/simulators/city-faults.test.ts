/** The treasure hunt: six things are wrong, each shows in what devices say, and the counters stay exact. */
import { describe, expect, it } from 'vitest';
import { demoCity } from '../../simulators/city.ts';
import { meterFault, treasureHunt } from '../../simulators/city-faults.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Wednesday, 10:00 in Boston. */
const FOUNDED = Date.parse('2026-11-18T15:00:00Z');
const firstDay = Math.floor(FOUNDED / DAY) - 30;
const well = new GroundTruth(demoCity(1, { firstDay }));
const faults = treasureHunt(FOUNDED);
const registers = [
  ...faults.registers,
  ...meterFault('rollover', FOUNDED - 14 * DAY, 12 * DAY).registers,
  ...meterFault('swap', FOUNDED - 14 * DAY, 12 * DAY).registers,
];
const ill = new GroundTruth(demoCity(1, { firstDay, faults: { ...faults, registers } }));
const at = (text: string) => Date.parse(text);

describe('what is wrong in the city', () => {
  it('is only what is listed: every other device says the same', () => {
    const touched = new Set([
      'madison-park-high/main-meter',
      'hyde-park-circuit-21/feeder',
      'commonwealth-circuit-2/feeder',
      'commonwealth-circuit-2/lamp-17',
      'menino-pavilion/air-1',
      'charlestown-high/main-meter',
      'bolling-building/main-meter',
      'police-headquarters/main-meter',
    ]);
    const times = [at('2026-11-18T14:00:00Z'), at('2026-11-17T06:30:00Z')];
    for (const device of ill.devices()) {
      const isDark = device.site === 'hyde-park-circuit-21';
      const other = well.device(device.gateway, device.id);
      const isSame = times.every(
        (time) => JSON.stringify(device.valuesAt(time)) === JSON.stringify(other.valuesAt(time)),
      );
      expect(isSame, `${device.site}/${device.id}`).toBe(!isDark && !touched.has(`${device.site}/${device.id}`));
    }
  });

  it('a school that runs all night takes at 3 a.m. most of what it takes at noon', () => {
    const kw = (truth: GroundTruth, time: string) =>
      truth.value('madison-park-high-gateway', 'main-meter', 'active_power_kw', at(time))!;
    expect(kw(ill, '2026-11-18T08:00:00Z')).toBeGreaterThan(2 * kw(well, '2026-11-18T08:00:00Z'));
    expect(kw(ill, '2026-11-12T08:00:00Z')).toBe(kw(well, '2026-11-12T08:00:00Z'));
  });

  it('a lamp burns by day, and its burn hours run on', () => {
    const lamp = (time: string) => ill.valuesAt('commonwealth-circuit-2-gateway', 'lamp-17', at(time));
    const [one, other] = [lamp('2026-11-16T17:00:00Z'), lamp('2026-11-17T17:00:00Z')];
    expect(one.lamp_command_percent).toBe(0);
    expect(one.lamp_power_w).toBeGreaterThan(60);
    expect(other.lamp_burn_h! - one.lamp_burn_h!).toBeCloseTo(24, 5);
    expect(other.lamp_energy_kwh! - one.lamp_energy_kwh!).toBeCloseTo((24 * one.lamp_power_w!) / 1_000, 1);
  });

  it('a circuit is told to burn and takes nothing', () => {
    const gateway = 'hyde-park-circuit-21-gateway';
    const night = at('2026-11-18T03:00:00Z');
    for (const { id, kind } of ill.devices(gateway)) {
      if (kind !== 'lamp') continue;
      expect(ill.valuesAt(gateway, id, night)).toMatchObject({ lamp_power_w: 0, lamp_dim_level_percent: 0 });
      expect(ill.value(gateway, id, 'lamp_command_percent', night)).toBeGreaterThan(0);
    }
    expect(ill.value(gateway, 'feeder', 'active_power_kw', night)).toBeLessThan(0.1);
    expect(well.value(gateway, 'feeder', 'active_power_kw', night)).toBeGreaterThan(2);
  });

  it('a gateway says nothing after its last word', () => {
    const from = FOUNDED - 7 * HOUR;
    for (const { id } of ill.devices('tobin-center-gateway')) {
      expect(ill.expectedCount('tobin-center-gateway', id, from, FOUNDED + DAY)).toBe(0);
      expect(ill.expectedCount('tobin-center-gateway', id, from - HOUR, FOUNDED + DAY)).toBeGreaterThan(5);
    }
  });

  it('a room is not aired, by day and by night', () => {
    for (const hour of Array.from({ length: 24 }, (_, i) => i)) {
      const time = FOUNDED - DAY + hour * HOUR;
      expect(ill.value('menino-pavilion-gateway', 'air-1', 'co2_ppm', time)).toBeGreaterThan(1_200);
      expect(well.value('menino-pavilion-gateway', 'air-1', 'co2_ppm', time)).toBeLessThan(1_000);
    }
  });
});

describe('counters', () => {
  const meters = ['charlestown-high', 'bolling-building', 'police-headquarters'] as const;

  it.each(meters)('of %s only rise, but at the declared break', (site) => {
    const device = ill.device(`${site}-gateway`, 'main-meter');
    const breaks = device.breaksUntil(FOUNDED).filter(({ time }) => time > FOUNDED - 13 * DAY);
    expect(breaks).toHaveLength(1);
    const [start, end] = [FOUNDED - 13 * DAY, FOUNDED];
    let before = device.valuesAt(start).active_energy_kwh!;
    const falls: number[] = [];
    for (let time = start + 60_000; time <= end; time += 60_000) {
      const value = device.valuesAt(time).active_energy_kwh!;
      if (value < before) falls.push(time);
      before = value;
    }
    expect(falls).toHaveLength(1);
    expect(falls[0]! - breaks[0]!.time).toBeGreaterThanOrEqual(0);
    expect(falls[0]! - breaks[0]!.time).toBeLessThan(60_000);
    // What passed through the meter is the same as in a city where nothing happened.
    const other = well.device(`${site}-gateway`, 'main-meter');
    const { time } = breaks[0]!;
    for (const [from, to] of [
      [start, time - 1],
      [time, end],
    ] as const) {
      const gain = (one: typeof device) => one.valuesAt(to).active_energy_kwh! - one.valuesAt(from).active_energy_kwh!;
      expect(gain(device)).toBeCloseTo(gain(other), 0);
    }
  });

  it('a register of five digits passes 99,999.9 on its way to 0', () => {
    const device = ill.device('police-headquarters-gateway', 'main-meter');
    const [rolled] = device.breaksUntil(FOUNDED).filter(({ kind }) => kind === 'rollover');
    expect(device.valuesAt(rolled!.time - 60_000).active_energy_kwh).toBeGreaterThan(99_900);
    expect(device.valuesAt(rolled!.time + 60_000).active_energy_kwh).toBeLessThan(100);
    expect(Math.abs(rolled!.time - (FOUNDED - 2 * DAY))).toBeLessThan(60_000);
  });

  it('kWh a day over a month add up to the integral of power, on the day of 25 hours too', () => {
    const truth = new GroundTruth(demoCity(3, { firstDay: at('2026-10-10T00:00Z') / DAY }));
    // Local midnights from 15 October to 15 November, the clocks go back on 1 November.
    const midnights = Array.from({ length: 32 }, (_, i) => {
      const local = at('2026-10-15T00:00:00Z') + i * DAY;
      return local + (local <= at('2026-11-01T00:00:00Z') ? 4 : 5) * HOUR;
    });
    expect(midnights.some((time, i) => i > 0 && time - midnights[i - 1]! === 25 * HOUR)).toBe(true);
    for (const site of ['mather-school', 'mason-pool', 'city-hall', 'blue-hill-circuit-9']) {
      const gateway = `${site}-gateway`;
      const device = site.includes('circuit') ? 'feeder' : 'main-meter';
      for (const [i, to] of midnights.entries()) {
        const from = midnights[i - 1];
        if (from === undefined) continue;
        let integral = 0;
        for (let time = from + 30_000; time < to; time += 60_000)
          integral += truth.value(gateway, device, 'active_power_kw', time)! / 60;
        const net = (time: number) =>
          truth.value(gateway, device, 'active_energy_kwh', time)! -
          (truth.value(gateway, device, 'active_energy_export_kwh', time) ?? 0);
        expect(Math.abs(net(to) - net(from) - integral), `${site} ${i}`).toBeLessThan(0.4 + 0.001 * integral);
      }
    }
  });
});

it('no two buildings jump at the same minute: the city is smoother than its parts', () => {
  const start = at('2026-11-17T05:00:00Z');
  const buildings = well.devices().filter(({ id }) => id === 'main-meter');
  let last = 0;
  let worst = 0;
  for (let time = start; time < start + DAY; time += 60_000) {
    const sum = buildings.reduce((total, device) => total + device.valuesAt(time).active_power_kw!, 0);
    if (last > 0) worst = Math.max(worst, Math.abs(sum - last) / last);
    last = sum;
  }
  expect(worst).toBeLessThan(0.05);
});
