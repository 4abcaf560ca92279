import { describe, expect, it } from 'vitest';
import { batchSchema } from '../../contract/batch.ts';
import { metricById } from '../../contract/metrics.ts';
import { demoCity } from '../../simulators/city.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { gatewayOf } from '../../simulators/simulated-devices.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BOSTON = -5 * HOUR;
const truth = new GroundTruth(demoCity(7));
const at = (text: string) => Date.parse(text);
/** Not a divisor of a day, so that all hours of it are met. */
const ODD_STEP = 5 * HOUR + 7 * 60_000 + 13_000;

describe('the simulated city', () => {
  it('is a city: buildings of many uses, lamps and air stations, one gateway a site', () => {
    const { sites } = truth.city;
    const buildings = sites.filter((site) => site.kind === 'building');
    expect(buildings.length).toBeGreaterThanOrEqual(24);
    expect(new Set(buildings.map(({ use }) => use)).size).toBeGreaterThanOrEqual(10);
    const circuits = sites.filter((site) => site.kind === 'streetlights');
    expect(circuits.length).toBeGreaterThanOrEqual(12);
    expect(truth.devices().filter(({ kind }) => kind === 'lamp')).toHaveLength(480);
    expect(sites.filter((site) => site.kind === 'station').length).toBeGreaterThanOrEqual(6);
    expect(new Set(sites.map(({ id }) => id)).size).toBe(sites.length);
    for (const { latitude, longitude } of sites) {
      expect(latitude).toBeGreaterThan(42.22);
      expect(latitude).toBeLessThan(42.4);
      expect(longitude).toBeGreaterThan(-71.2);
      expect(longitude).toBeLessThan(-71.0);
    }
    const perDay = truth.devices().reduce((sum, { intervalMs }) => sum + DAY / intervalMs, 0);
    expect(perDay).toBeGreaterThan(150_000);
    expect(perDay).toBeLessThan(250_000);
  });

  it('has ids that the contract takes', () => {
    const gateways = new Set(truth.devices().map((device) => device.gateway));
    expect(gateways.size).toBe(49);
    expect(truth.devices()).toHaveLength(659);
    for (const device of truth.devices()) {
      const readings = [
        ...truth.expectedReadings(device.gateway, device.id, at('2026-05-04T12:00Z'), at('2026-05-04T12:10Z')),
      ];
      expect(readings.length).toBeGreaterThan(0);
      expect(batchSchema.safeParse({ v: 1, epoch: 'e', seq: 1, readings }).error).toBeUndefined();
    }
  });

  it('stays within the catalogue for a year, and its counters only rise', () => {
    for (const device of truth.devices()) {
      const last: Record<string, number> = {};
      for (let time = at('2026-01-01T00:00Z'); time < at('2027-01-01T00:00Z'); time += ODD_STEP) {
        for (const [id, value] of Object.entries(device.valuesAt(time))) {
          const metric = metricById.get(id);
          if (metric === undefined) throw new Error(`${id} is not in the catalogue`);
          if (!(value >= metric.min && value <= metric.max))
            throw new Error(`${device.id} ${id} = ${value} at ${time}`);
          if (metric.kind !== 'counter') continue;
          const before = last[id] ?? value;
          if (value < before) throw new Error(`${device.gateway}/${device.id} ${id} falls from ${before} to ${value}`);
          last[id] = value;
        }
      }
    }
  });

  it('counts second by second without a step back, over hours, days and changes of the clock', () => {
    for (const start of [
      '2026-03-08T04:55:00Z',
      '2026-03-08T06:50:00Z',
      '2026-11-01T03:55:00Z',
      '2026-11-01T05:50:00Z',
    ]) {
      for (const device of truth.devices('mather-school-gateway')) {
        let last = Number.NEGATIVE_INFINITY;
        for (let second = 0; second < 1_200; second++) {
          const values = device.valuesAt(at(start) + second * 1_000);
          const counter =
            values.active_energy_kwh ?? values.gas_volume_m3 ?? values.water_volume_m3 ?? values.solar_energy_kwh;
          if (counter === undefined) break;
          expect(counter).toBeGreaterThanOrEqual(last);
          last = counter;
        }
      }
    }
  });

  it.each([
    ['city-hall-gateway', 'main-meter', 'active_power_kw', 'active_energy_kwh'],
    ['mather-school-gateway', 'solar-meter', 'solar_power_kw', 'solar_energy_kwh'],
    ['mason-pool-gateway', 'gas-meter', 'gas_flow_m3_per_h', 'gas_volume_m3'],
    ['mason-pool-gateway', 'water-meter', 'water_flow_m3_per_h', 'water_volume_m3'],
    ['seaport-circuit-4-gateway', 'feeder', 'active_power_kw', 'active_energy_kwh'],
  ])('%s/%s: %s adds up to %s', (gateway, device, rate, counter) => {
    const from = at('2026-11-01T00:00:00Z');
    const to = from + DAY;
    let sum = 0;
    for (let time = from + 5_000; time < to; time += 10_000)
      sum += truth.value(gateway, device, rate, time)! * (10 / 3_600);
    const counted = truth.value(gateway, device, counter, to)! - truth.value(gateway, device, counter, from)!;
    expect(counted).toBeGreaterThan(1);
    expect(Math.abs(sum - counted)).toBeLessThan(0.2 + counted * 0.002);
  });

  it('lamps: power adds up to energy, and burning to hours', () => {
    const [gateway, lamp] = ['jamaicaway-circuit-11-gateway', 'lamp-03'];
    const from = at('2026-10-01T00:00:00Z');
    const to = from + 10 * DAY;
    let energy = 0;
    let hours = 0;
    for (let time = from + 30_000; time < to; time += 60_000) {
      const values = truth.valuesAt(gateway, lamp, time);
      energy += values.lamp_power_w! / 1_000 / 60;
      hours += values.lamp_power_w! > 0 ? 1 / 60 : 0;
    }
    const [first, last] = [truth.valuesAt(gateway, lamp, from), truth.valuesAt(gateway, lamp, to)];
    expect(last.lamp_energy_kwh! - first.lamp_energy_kwh!).toBeCloseTo(energy, 1);
    expect(Math.abs(last.lamp_burn_h! - first.lamp_burn_h! - hours)).toBeLessThan(0.3);
  });

  it('imports or exports, never both: a solar school sends power back on a summer Sunday', () => {
    const gateway = 'mather-school-gateway';
    let [imported, exported] = [0, 0];
    for (let time = at('2026-07-05T00:00Z'); time < at('2026-07-06T00:00Z'); time += 600_000) {
      const power = truth.value(gateway, 'main-meter', 'active_power_kw', time)!;
      if (power < 0) exported += 1;
      else imported += 1;
    }
    expect(imported).toBeGreaterThan(20);
    expect(exported).toBeGreaterThan(20);
    const gain = (metric: string) =>
      truth.value(gateway, 'main-meter', metric, at('2026-07-06T00:00Z'))! -
      truth.value(gateway, 'main-meter', metric, at('2026-07-05T00:00Z'))!;
    expect(gain('active_energy_export_kwh')).toBeGreaterThan(10);
    expect(gain('active_energy_kwh')).toBeGreaterThan(10);
  });

  it('works on weekdays and rests at weekends', () => {
    const energy = (gateway: string, day: string) => {
      const start = at(`${day}T00:00:00Z`) - BOSTON;
      const total = (time: number) => truth.value(gateway, 'main-meter', 'active_energy_kwh', time)!;
      return total(start + DAY) - total(start);
    };
    for (const gateway of ['city-hall-gateway', 'latin-school-gateway']) {
      expect(energy(gateway, '2026-02-04')).toBeGreaterThan(energy(gateway, '2026-02-08') * 1.3);
    }
    // School is out in July.
    expect(energy('latin-school-gateway', '2026-02-04')).toBeGreaterThan(
      energy('latin-school-gateway', '2026-07-08') * 1.1,
    );
  });

  it('heats in winter and cools in summer', () => {
    const mean = (device: string, metric: string, month: string) => {
      let sum = 0;
      for (let hour = 0; hour < 28 * 24; hour++) {
        sum += truth.value('central-library-gateway', device, metric, at(`${month}-01T00:30:00Z`) + hour * HOUR)!;
      }
      return sum / (28 * 24);
    };
    expect(mean('gas-meter', 'gas_flow_m3_per_h', '2026-01')).toBeGreaterThan(
      5 * mean('gas-meter', 'gas_flow_m3_per_h', '2026-07'),
    );
    expect(mean('main-meter', 'active_power_kw', '2026-07')).toBeGreaterThan(
      mean('main-meter', 'active_power_kw', '2026-03'),
    );
  });

  it('lights lamps by night and not by day, dimmed after midnight', () => {
    const command = (time: string) =>
      truth.value('seaport-circuit-4-gateway', 'lamp-01', 'lamp_command_percent', at(time));
    expect(command('2026-06-21T17:00:00Z')).toBe(0);
    expect(command('2026-12-21T17:00:00Z')).toBe(0);
    // Sunset in Boston: 20:25 EDT on 21 June, 16:15 EST on 21 December.
    expect(command('2026-06-22T00:15:00Z')).toBe(0);
    expect(command('2026-06-22T00:50:00Z')).toBe(100);
    expect(command('2026-12-21T21:05:00Z')).toBe(0);
    expect(command('2026-12-21T21:40:00Z')).toBe(100);
    expect(command('2026-12-22T07:00:00Z')).toBe(50);
    const hours =
      truth.value('seaport-circuit-4-gateway', 'lamp-02', 'lamp_burn_h', at('2027-01-01T05:00:00Z'))! -
      truth.value('seaport-circuit-4-gateway', 'lamp-02', 'lamp_burn_h', at('2026-01-01T05:00:00Z'))!;
    // Cities reckon with 4,000 to 4,380 burning hours a year, less what a failure takes.
    expect(hours).toBeGreaterThan(3_700);
    expect(hours).toBeLessThan(4_450);
  });

  it('has a lamp that fails now and then, dark and counting nothing while told to burn', () => {
    const night = Array.from({ length: 365 }, (_, day) => at('2026-01-01T04:00:00Z') + day * DAY);
    const lamps = truth.devices('seaport-circuit-4-gateway').filter((device) => device.kind === 'lamp');
    const failed = lamps.flatMap((lamp) =>
      night.map((time) => lamp.valuesAt(time)).filter((values) => values.lamp_failure === 1),
    );
    expect(failed.length).toBeGreaterThan(9);
    expect(failed.length).toBeLessThan(365);
    expect(failed.every((values) => values.lamp_power_w === 0 && values.lamp_command_percent! > 0)).toBe(true);
  });

  it('is the same for the same seed, whatever was asked before, and another for another seed', () => {
    const time = at('2026-05-04T15:30:10Z');
    const values = (city: GroundTruth) => city.devices().map((device) => device.valuesAt(time));
    const one = new GroundTruth(demoCity(3));
    for (const device of one.devices()) for (const day of [90, -30, 4]) device.valuesAt(time + day * DAY);
    const other = new GroundTruth(demoCity(3));
    expect(values(one)).toEqual(values(other));
    expect(values(new GroundTruth(demoCity(4)))).not.toEqual(values(one));
  });

  it('says what a store must hold', () => {
    const [gateway, device] = [gatewayOf('engine-33'), 'main-meter'];
    const from = at('2026-05-04T12:00:00Z');
    const readings = [...truth.expectedReadings(gateway, device, from, from + HOUR)];
    expect(readings).toHaveLength(60);
    expect(truth.expectedCount(gateway, device, from, from + HOUR)).toBe(60);
    const { phaseMs, intervalMs } = truth.device(gateway, device);
    expect(readings.every(({ time }) => (time - phaseMs) % intervalMs === 0)).toBe(true);
    const sums = truth.expectedSums(gateway, device, from, from + HOUR);
    expect(sums.get('active_power_kw')).toEqual({
      count: 60,
      sum: readings.reduce((sum, reading) => sum + reading.values.active_power_kw!, 0),
      firstTime: readings[0]!.time,
      lastTime: readings.at(-1)!.time,
    });
    expect(truth.expectedCount(gateway, device, from, from)).toBe(0);
    expect(() => truth.device(gateway, 'ghost')).toThrow(/no device/);
    expect(() => truth.valuesAt(gateway, device, at('2024-12-01T00:00Z'))).toThrow(/begins on 2025-01-01/);
  });
});
