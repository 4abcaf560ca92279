/** One message per codec and device type, with what it means. A new codec brings its own. */
import type { SourceReading } from '../../../edge/sources/source.ts';

export interface Fixture {
  readonly codec: string;
  readonly says: string;
  readonly payload: unknown;
  /** In America/New_York, received at 2026-07-15T16:00:02Z. */
  readonly readings: readonly SourceReading[];
}

const time = Date.parse('2026-07-15T16:00:00Z');

export const FIXTURES: readonly Fixture[] = [
  {
    codec: 'tasmota',
    says: 'a plug with a meter (tasmota/docs: devices/Sonoff-Pow-R2.md)',
    payload: {
      Time: '2026-07-15T12:00:00',
      ENERGY: {
        TotalStartTime: '2025-11-14T18:39:40',
        Total: 6.294,
        Yesterday: 5.34,
        Today: 0.954,
        Period: 217,
        Power: 2635,
        ApparentPower: 2650,
        ReactivePower: 282,
        Factor: 0.99,
        Voltage: 227,
        Current: 11.661,
      },
    },
    readings: [
      {
        device: 'main',
        time,
        values: {
          active_energy_kwh: 6.294,
          active_power_kw: 2.635,
          apparent_power_kva: 2.65,
          reactive_power_kvar: 0.282,
          power_factor: 0.99,
          voltage_v: 227,
          current_a: 11.661,
        },
      },
    ],
  },
  {
    codec: 'tasmota',
    says: 'a three-phase meter with export (arendst/Tasmota#17671): ImportActive is the import, not Total',
    payload: {
      Time: '2026-07-15T12:00:00',
      ENERGY: {
        Total: 16647.945,
        ExportActive: [1508.369, 1929.488, 1696.624],
        Period: [0, 0, 0],
        Power: [-136.495, 0, -78.478],
        ApparentPower: [153.005, 10.484, 80.817],
        ReactivePower: [-68.949, -9.75, -27.549],
        Factor: [-0.89, -0.24, -0.93],
        Frequency: 49.9,
        Voltage: [230.75, 230.456, 230.327],
        Current: [0.675, 0.046, 0.366],
        ImportActive: [4392.588, 2795.954, 4301.033],
      },
    },
    readings: [
      {
        device: 'main',
        time,
        values: {
          active_energy_kwh: 11489.575,
          active_energy_export_kwh: 5134.481,
          active_power_l1_kw: -0.136495,
          active_power_l2_kw: 0,
          active_power_l3_kw: -0.078478,
          active_power_kw: -0.214973,
          apparent_power_kva: 0.244306,
          reactive_power_kvar: -0.106248,
          power_factor: -0.879933362259,
          voltage_l1_v: 230.75,
          voltage_l2_v: 230.456,
          voltage_l3_v: 230.327,
          current_l1_a: 0.675,
          current_l2_a: 0.046,
          current_l3_a: 0.366,
          frequency_hz: 49.9,
        },
      },
    ],
  },
  {
    codec: 'tasmota',
    says: 'a climate sensor in Fahrenheit beside a chip thermometer; a dead sensor is null',
    payload: {
      Time: '2026-07-15T12:00:00',
      BME280: { Temperature: 68, Humidity: 41.5, DewPoint: 43.1, Pressure: 29.92 },
      ESP32: { Temperature: 128.3 },
      MHZ19B: { CarbonDioxide: null },
      PressureUnit: 'inHg',
      TempUnit: 'F',
    },
    readings: [
      { device: 'main', time, values: { temperature_c: 20, humidity_percent: 41.5, pressure_hpa: 1013.2075888 } },
    ],
  },
  {
    codec: 'tasmota',
    says: 'two thermometers are two devices',
    payload: {
      Time: '2026-07-15T16:00:00Z',
      'DS18B20-1': { Id: '0000014', Temperature: 61.5 },
      'DS18B20-2': { Id: '0000015', Temperature: 48 },
      TempUnit: 'C',
    },
    readings: [
      { device: 'main-ds18b20-1', time, values: { temperature_c: 61.5 } },
      { device: 'main-ds18b20-2', time, values: { temperature_c: 48 } },
    ],
  },
  {
    codec: 'tasmota',
    says: 'a clock that is not set yet: the gateway dates the reading',
    payload: { Time: '1970-01-01T00:00:13', AM2301: { Temperature: 21.4, Humidity: 50.1 }, TempUnit: 'C' },
    readings: [{ device: 'main', values: { temperature_c: 21.4, humidity_percent: 50.1 } }],
  },
  {
    codec: 'tasmota',
    says: 'a counter that ran backwards below zero is no import register (arendst/Tasmota#17178)',
    payload: { Time: '2026-07-15T12:00:00', ENERGY: { Total: -0.00006, Power: 12 } },
    readings: [{ device: 'main', time, values: { active_power_kw: 0.012 } }],
  },
  {
    codec: 'tasmota',
    says: 'switches alone say nothing that is measured',
    payload: { Time: '2026-07-15T12:00:00', Switch1: 'OFF' },
    readings: [],
  },
];
