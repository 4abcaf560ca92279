/**
 * The metric catalogue: one row is the whole truth about a metric.
 *
 * The id is the wire key, the store's field and the API's name. Units are UCUM codes (https://ucum.org/ucum).
 * A value outside `min..max` (inclusive) is physically implausible and is rejected as `value-out-of-range`.
 */

export type MetricFamily = 'energy' | 'environment' | 'lighting' | 'water' | 'gateway';

/** `gauge`: an instantaneous value. `counter`: a register that only counts up, but for resets. `state`: 0 or 1. */
export type MetricKind = 'gauge' | 'counter' | 'state';

/** What a period of this metric is summed up as, beside count and coverage. */
export type MetricRollUp = 'mean' | 'consumption' | 'last' | 'share';

export interface Metric {
  /** Wire key, with the unit as its suffix. */
  readonly id: string;
  readonly label: string;
  /** UCUM code; `1` for a pure number. */
  readonly unit: string;
  /** The unit as people write it. */
  readonly symbol: string;
  readonly family: MetricFamily;
  readonly kind: MetricKind;
  readonly min: number;
  readonly max: number;
  /** Decimals worth showing. */
  readonly decimals: number;
  readonly rollUp: MetricRollUp;
}

type Unit = readonly [ucum: string, symbol: string];

const kW: Unit = ['kW', 'kW'];
const kWh: Unit = ['kW.h', 'kWh'];
const kvar: Unit = ['kV.A{reactive}', 'kvar'];
const kvarh: Unit = ['kV.A.h{reactive}', 'kvarh'];
const kVA: Unit = ['kV.A', 'kVA'];
const volt: Unit = ['V', 'V'];
const ampere: Unit = ['A', 'A'];
const hertz: Unit = ['Hz', 'Hz'];
const one: Unit = ['1', ''];
const m3: Unit = ['m3', 'm³'];
const m3PerHour: Unit = ['m3/h', 'm³/h'];
const celsius: Unit = ['Cel', '°C'];
const percent: Unit = ['%', '%'];
const ppm: Unit = ['[ppm]', 'ppm'];
const ppb: Unit = ['[ppb]', 'ppb'];
const microgramPerM3: Unit = ['ug/m3', 'µg/m³'];
const decibelA: Unit = ['dB{A}', 'dB(A)'];
const lux: Unit = ['lx', 'lx'];
const hPa: Unit = ['hPa', 'hPa'];
const mm: Unit = ['mm', 'mm'];
const meterPerSecond: Unit = ['m/s', 'm/s'];
const degree: Unit = ['deg', '°'];
const watt: Unit = ['W', 'W'];
const hour: Unit = ['h', 'h'];
const count: Unit = ['{count}', ''];
const second: Unit = ['s', 's'];
const millisecond: Unit = ['ms', 'ms'];
const mebibyte: Unit = ['MiBy', 'MiB'];

type Row = readonly [label: string, unit: Unit, min: number, max: number, decimals: number];
type Rows = Readonly<Record<string, Row>>;

const ENERGY_GAUGES: Rows = {
  active_power_kw: ['Active power', kW, -100_000, 100_000, 2],
  active_power_l1_kw: ['Active power, phase 1', kW, -50_000, 50_000, 2],
  active_power_l2_kw: ['Active power, phase 2', kW, -50_000, 50_000, 2],
  active_power_l3_kw: ['Active power, phase 3', kW, -50_000, 50_000, 2],
  reactive_power_kvar: ['Reactive power', kvar, -100_000, 100_000, 2],
  apparent_power_kva: ['Apparent power', kVA, 0, 100_000, 2],
  power_factor: ['Power factor', one, -1, 1, 2],
  voltage_v: ['Voltage', volt, 0, 50_000, 1],
  voltage_l1_v: ['Voltage, phase 1', volt, 0, 50_000, 1],
  voltage_l2_v: ['Voltage, phase 2', volt, 0, 50_000, 1],
  voltage_l3_v: ['Voltage, phase 3', volt, 0, 50_000, 1],
  current_a: ['Current', ampere, -20_000, 20_000, 2],
  current_l1_a: ['Current, phase 1', ampere, -20_000, 20_000, 2],
  current_l2_a: ['Current, phase 2', ampere, -20_000, 20_000, 2],
  current_l3_a: ['Current, phase 3', ampere, -20_000, 20_000, 2],
  frequency_hz: ['Frequency', hertz, 0, 500, 2],
  solar_power_kw: ['Solar generation', kW, 0, 100_000, 2],
  gas_flow_m3_per_h: ['Gas flow', m3PerHour, 0, 100_000, 2],
  heat_power_kw: ['Heat power', kW, -100_000, 100_000, 2],
  heat_flow_temperature_c: ['Heat flow temperature', celsius, -50, 250, 1],
  heat_return_temperature_c: ['Heat return temperature', celsius, -50, 250, 1],
};

const ENERGY_COUNTERS: Rows = {
  active_energy_kwh: ['Active energy, import', kWh, 0, 1e12, 1],
  active_energy_export_kwh: ['Active energy, export', kWh, 0, 1e12, 1],
  reactive_energy_kvarh: ['Reactive energy', kvarh, 0, 1e12, 1],
  solar_energy_kwh: ['Solar energy', kWh, 0, 1e12, 1],
  gas_volume_m3: ['Gas volume', m3, 0, 1e12, 2],
  heat_energy_kwh: ['Heat energy', kWh, 0, 1e12, 1],
};

const WATER_GAUGES: Rows = {
  water_flow_m3_per_h: ['Water flow', m3PerHour, 0, 100_000, 3],
  water_temperature_c: ['Water temperature', celsius, -10, 120, 1],
};

const WATER_COUNTERS: Rows = {
  water_volume_m3: ['Water volume', m3, 0, 1e12, 3],
};

const ENVIRONMENT_GAUGES: Rows = {
  temperature_c: ['Temperature', celsius, -60, 85, 1],
  humidity_percent: ['Relative humidity', percent, 0, 100, 0],
  co2_ppm: ['CO₂', ppm, 0, 40_000, 0],
  pm2_5_ug_per_m3: ['PM2.5', microgramPerM3, 0, 2_000, 1],
  pm10_ug_per_m3: ['PM10', microgramPerM3, 0, 5_000, 1],
  no2_ppb: ['NO₂', ppb, 0, 10_000, 1],
  o3_ppb: ['O₃', ppb, 0, 10_000, 1],
  noise_db: ['Noise, A-weighted', decibelA, 0, 160, 1],
  illuminance_lx: ['Illuminance', lux, 0, 200_000, 0],
  pressure_hpa: ['Air pressure', hPa, 800, 1_200, 1],
  wind_speed_m_per_s: ['Wind speed', meterPerSecond, 0, 120, 1],
  wind_direction_deg: ['Wind direction', degree, 0, 360, 0],
};

const ENVIRONMENT_COUNTERS: Rows = {
  rain_mm: ['Rain, accumulated', mm, 0, 1e9, 1],
};

/** Names and meanings follow OMA LwM2M / uCIFI object 3416, outdoor lamp controller v2.0. */
const LIGHTING_GAUGES: Rows = {
  lamp_command_percent: ['Lamp command', percent, 0, 100, 0],
  lamp_dim_level_percent: ['Lamp dimming level', percent, 0, 100, 0],
  lamp_power_w: ['Lamp power', watt, 0, 5_000, 1],
  lamp_gear_temperature_c: ['Control gear temperature', celsius, -60, 150, 0],
};

const LIGHTING_COUNTERS: Rows = {
  lamp_energy_kwh: ['Lamp energy', kWh, 0, 1e9, 2],
  lamp_burn_h: ['Lamp burn hours', hour, 0, 1e7, 1],
  lamp_switch_count: ['Lamp switch count', count, 0, 1e9, 0],
};

const LIGHTING_STATES: Rows = {
  lamp_failure: ['Lamp failure', one, 0, 1, 0],
  lamp_gear_failure: ['Control gear failure', one, 0, 1, 0],
  lamp_relay_failure: ['Relay failure', one, 0, 1, 0],
  lamp_day_burner: ['Day burner', one, 0, 1, 0],
  lamp_cycling_failure: ['Cycling failure', one, 0, 1, 0],
  lamp_gear_comm_failure: ['Control gear communication failure', one, 0, 1, 0],
};

const GATEWAY_GAUGES: Rows = {
  outbox_readings: ['Outbox depth', count, 0, 1e12, 0],
  outbox_oldest_s: ['Outbox oldest age', second, 0, 1e9, 0],
  clock_offset_ms: ['Clock offset', millisecond, -1e13, 1e13, 0],
  memory_mib: ['Memory in use', mebibyte, 0, 1e6, 0],
  disk_free_mib: ['Disk free', mebibyte, 0, 1e9, 0],
  battery_percent: ['Battery', percent, 0, 100, 0],
  signal_percent: ['Signal quality', percent, 0, 100, 0],
};

const GATEWAY_COUNTERS: Rows = {
  uptime_s: ['Uptime', second, 0, 1e10, 0],
};

function family(name: MetricFamily, kind: MetricKind, rows: Rows): Metric[] {
  const rollUp: MetricRollUp = kind === 'gauge' ? 'mean' : kind === 'counter' ? 'consumption' : 'share';
  return Object.entries(rows).map(([id, [label, [unit, symbol], min, max, decimals]]) => ({
    id,
    label,
    unit,
    symbol,
    family: name,
    kind,
    min,
    max,
    decimals,
    rollUp,
  }));
}

export const METRICS: readonly Metric[] = [
  ...family('energy', 'gauge', ENERGY_GAUGES),
  ...family('energy', 'counter', ENERGY_COUNTERS),
  ...family('water', 'gauge', WATER_GAUGES),
  ...family('water', 'counter', WATER_COUNTERS),
  ...family('environment', 'gauge', ENVIRONMENT_GAUGES),
  ...family('environment', 'counter', ENVIRONMENT_COUNTERS),
  ...family('lighting', 'gauge', LIGHTING_GAUGES),
  ...family('lighting', 'counter', LIGHTING_COUNTERS),
  ...family('lighting', 'state', LIGHTING_STATES),
  ...family('gateway', 'gauge', GATEWAY_GAUGES),
  ...family('gateway', 'counter', GATEWAY_COUNTERS),
];

export const metricById: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.id, metric]));
