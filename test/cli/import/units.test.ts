import { describe, expect, test } from 'vitest';
import { columnMappings } from '../../../cli/import/column-mapping.ts';
import { unitFor, unitNames } from '../../../cli/import/units.ts';
import { METRICS, metricById } from '../../../contract/metrics.ts';

const convert = (metric: string, unit: string, value: number) => unitFor(metricById.get(metric)!, unit)?.convert(value);

describe('units', () => {
  test.each([
    ['active_power_kw', 'W', 41_200, 41.2],
    ['active_power_kw', 'MW', 1.5, 1_500],
    ['active_energy_kwh', 'Wh', 1_234, 1.234],
    ['active_energy_kwh', 'kJ', 3_600, 1],
    ['active_energy_kwh', 'therm', 1, 29.3001111111],
    ['heat_energy_kwh', 'MMBtu', 1, 293.07107],
    ['gas_volume_m3', 'ccf', 1, 2.8316846592],
    ['water_volume_m3', 'gal', 1_000, 3.785411784],
    ['water_volume_m3', 'ft³', 1, 0.028316846592],
    ['water_flow_m3_per_h', 'gal/min', 1, 0.22712470704],
    ['temperature_c', '°F', 212, 100],
    ['temperature_c', 'K', 273.15, 0],
    ['pm2_5_ug_per_m3', 'µg/m³', 12, 12],
    ['pressure_hpa', 'inHg', 29.92, 1_013.20759],
    ['wind_speed_m_per_s', 'mph', 1, 0.44704],
  ])('%s from %s', (metric, unit, value, expected) => {
    expect(convert(metric, unit, value)).toBeCloseTo(expected, 3);
  });

  test('a power of ten is a division, so that no digit is lost', () => {
    expect(convert('active_power_kw', 'W', 41_299)).toBe(41.299);
  });

  test.each([
    ['active_power_kw', 'mW'],
    ['active_power_kw', 'kWh'],
    ['gas_volume_m3', 'therm'],
    ['lamp_failure', 'W'],
  ])('%s has no unit %s', (metric, unit) => {
    expect(convert(metric, unit, 1)).toBeUndefined();
  });

  test("every metric's own unit is among those that it knows", () => {
    for (const metric of METRICS) {
      expect(unitNames(metric).length, metric.id).toBeGreaterThan(0);
      expect(unitFor(metric, metric.symbol === '' ? '1' : metric.symbol)?.convert(12), metric.id).toBe(12);
    }
  });
});

describe('mappings', () => {
  test('name column, metric and unit; a column may hold anything', () => {
    expect(columnMappings(['a=b (main)=active_power_kw', 'T=temperature_c:F'])).toMatchObject([
      { column: 'a=b (main)', metric: { id: 'active_power_kw' }, unit: { name: 'kW' } },
      { column: 'T', metric: { id: 'temperature_c' }, unit: { name: 'F' } },
    ]);
  });

  test('every fault is named, with what is known', () => {
    const wrong = ['kWh=active_energy_kwh:psi', 'T=foo', 'X', 'P (W)=active_power_kw', 'a=co2_ppm', 'b=co2_ppm'];
    expect(() => columnMappings(wrong)).toThrow(
      [
        '--map "kWh=active_energy_kwh:psi": the unit "psi" is unknown. For active_energy_kwh known are: ' +
          'kWh, Wh, MWh, kJ, MJ, GJ, therm, kBtu, MMBtu.',
        '--map "T=foo": "foo" is no metric. List them with: lamplighter metrics.',
        '--map "X": must be COLUMN=metric or COLUMN=metric:unit.',
        '--map "P (W)=active_power_kw": the column says W. Name the unit, such as active_power_kw:W.',
      ].join('\n'),
    );
    expect(() => columnMappings(wrong)).toThrow('--map "b=co2_ppm": co2_ppm has a column already');
  });
});
