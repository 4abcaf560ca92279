/**
 * Tasmota's `tele/{topic}/SENSOR` (https://tasmota.github.io/docs/JSON-Status-Responses/).
 *
 * - `Time` is local without an offset; an offset or Z is obeyed where there is one.
 * - ENERGY holds kWh, W, VA, var, V, A; on several phases each is a list, one entry a phase.
 * - Every other section with a Temperature, Humidity, … is a sensor, named after its chip.
 * - A sensor that does not answer is written as null: the value is left out.
 * Sections and keys that are not understood are left alone; a known key of the wrong type refuses the message.
 */
import { deviceIdFrom } from '../device-id.ts';
import type { SourceReading } from '../sources/source.ts';
import type { CodecContext } from './codec.ts';
import { type Json, jsonCodec, numberAt, objectAt, Refusal } from './json-codec.ts';
import { parseTime } from './local-time.ts';

type Values = Record<string, number>;

export const tasmota = jsonCodec({ name: 'tasmota', hint: 'Is this a SENSOR topic?', decode });

function decode(message: Json, context: CodecContext): SourceReading[] {
  const time = timeOf(message.Time, context);
  const valuesByDevice = sensorValues(message, context.device);
  const own = valuesByDevice.get(context.device) ?? {};
  if (message.ENERGY !== undefined && message.ENERGY !== null) {
    Object.assign(own, energyValues(objectAt(message.ENERGY, 'ENERGY')));
    valuesByDevice.set(context.device, own);
  }
  return [...valuesByDevice].map(([device, values]) => ({ device, values, ...(time === undefined ? {} : { time }) }));
}

/** Undefined when the device does not know the time: it counts from 1970 until it has reached a time server. */
function timeOf(value: unknown, { zone, receivedAt }: CodecContext): number | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === 'string' ? parseTime(value, zone, receivedAt) : undefined;
  if (time === undefined) throw new Refusal('Time: expected a date and time such as 2026-02-15T17:37:10');
  return time < Date.UTC(2000, 0, 1) ? undefined : time;
}

/** Numbers of a field: one, or one a phase; nulls are left out. Undefined when the field is absent. */
function numbers(json: Json, key: string, path: string): (number | undefined)[] | undefined {
  const value = json[key];
  if (value === undefined || value === null) return undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 3) throw new Refusal(`${path}.${key}: ${list.length} entries; at most 3 phases are understood`);
  return list.map((entry: unknown) => {
    if (entry === null) return undefined;
    return numberAt(entry, `${path}.${key}`);
  });
}

/** Sum over the phases; undefined when one of them is missing, because a part is not the whole. */
function sum(list: (number | undefined)[] | undefined): number | undefined {
  if (list === undefined || list.length === 0) return undefined;
  return list.reduce<number | undefined>(
    (total, one) => (total === undefined || one === undefined ? undefined : total + one),
    0,
  );
}

function energyValues(energy: Json): Values {
  const values: Values = {};
  const read = (key: string) => numbers(energy, key, 'ENERGY');
  put(values, 'active_energy_kwh', importedEnergy(energy));
  put(values, 'active_energy_export_kwh', sum(read('ExportActive')));
  const power = read('Power');
  putPhases(values, 'active_power', 'kw', power, 1e-3);
  put(values, 'active_power_kw', scaled(sum(power), 1e-3));
  const apparent = sum(read('ApparentPower'));
  put(values, 'apparent_power_kva', scaled(apparent, 1e-3));
  put(values, 'reactive_power_kvar', scaled(sum(read('ReactivePower')), 1e-3));
  const factor = read('Factor');
  const total = sum(power);
  if (factor?.length === 1) put(values, 'power_factor', factor[0]);
  else if (factor !== undefined && total !== undefined && apparent !== undefined && Math.abs(total) <= apparent) {
    // The factors of phases do not add up; that of the whole is its active by its apparent power.
    if (apparent > 0) put(values, 'power_factor', rounded(total / apparent));
  }
  const voltage = read('Voltage');
  if (voltage?.length === 1) put(values, 'voltage_v', voltage[0]);
  else putPhases(values, 'voltage', 'v', voltage, 1);
  const current = read('Current');
  if (current?.length === 1) put(values, 'current_a', current[0]);
  else putPhases(values, 'current', 'a', current, 1);
  put(values, 'frequency_hz', read('Frequency')?.[0]);
  return values;
}

/**
 * `Total` counts backwards while energy is exported on meters that can (arendst/Tasmota#17178), so `ImportActive` is
 * taken where there is one. A negative Total is no import register and is left out; the power still counts.
 */
function importedEnergy(energy: Json): number | undefined {
  const imported = sum(numbers(energy, 'ImportActive', 'ENERGY'));
  const total = sum(numbers(energy, 'Total', 'ENERGY'));
  if (imported !== undefined) return imported;
  return total !== undefined && total >= 0 ? total : undefined;
}

function putPhases(
  values: Values,
  quantity: string,
  unit: string,
  list: (number | undefined)[] | undefined,
  scale: number,
): void {
  if (list === undefined || list.length < 2) return;
  for (const [phase, value] of list.entries()) put(values, `${quantity}_l${phase + 1}_${unit}`, scaled(value, scale));
}

interface SensorKey {
  readonly metric: string;
  readonly convert: (value: number, message: Json) => number;
}

const same = (value: number) => value;

const SENSOR_KEYS: Readonly<Record<string, SensorKey>> = {
  Temperature: { metric: 'temperature_c', convert: toCelsius },
  Humidity: { metric: 'humidity_percent', convert: same },
  Pressure: { metric: 'pressure_hpa', convert: toHectopascal },
  CarbonDioxide: { metric: 'co2_ppm', convert: same },
  Illuminance: { metric: 'illuminance_lx', convert: same },
  'PM2.5': { metric: 'pm2_5_ug_per_m3', convert: same },
  PM10: { metric: 'pm10_ug_per_m3', convert: same },
};

/** Sections whose Temperature is that of a chip or a relay board, not of the place. */
const NOT_SENSORS: ReadonlySet<string> = new Set(['ENERGY', 'ESP32', 'ANALOG']);

/**
 * Values by device. Sensors that measure different things are one device. When two measure the same, each is a device
 * of its own, `{device}-{sensor}`: which of two temperatures is "the" temperature is not ours to say.
 */
function sensorValues(message: Json, device: string): Map<string, Values> {
  const sensors: [name: string, keys: string[]][] = [];
  for (const [name, content] of Object.entries(message)) {
    if (NOT_SENSORS.has(name) || typeof content !== 'object' || content === null || Array.isArray(content)) continue;
    const keys = Object.keys(content).filter((key) => Object.hasOwn(SENSOR_KEYS, key));
    if (keys.length > 0) sensors.push([name, keys]);
  }
  const byDevice = new Map<string, Values>();
  for (const [name, keys] of sensors) {
    const isRival = sensors.some(([other, theirs]) => other !== name && theirs.some((key) => keys.includes(key)));
    const owner = isRival ? subDevice(device, name) : device;
    const values = byDevice.get(owner) ?? {};
    byDevice.set(owner, values);
    const content = message[name] as Json;
    for (const key of keys) {
      const { metric, convert } = SENSOR_KEYS[key] as SensorKey;
      const value = content[key];
      if (value === null) continue;
      put(values, metric, rounded(convert(numberAt(value, `${name}.${key}`), message)));
    }
  }
  return byDevice;
}

function subDevice(device: string, sensor: string): string {
  const id = deviceIdFrom(`${device}-${sensor}`);
  if (id === undefined) throw new Refusal(`${sensor}: cannot be made a part of a device id`);
  return id;
}

/** `TempUnit` is C or F (SetOption8). */
function toCelsius(value: number, { TempUnit: unit = 'C' }: Json): number {
  if (unit === 'C') return value;
  if (unit === 'F') return ((value - 32) * 5) / 9;
  throw new Refusal('TempUnit: expected C or F');
}

/** `PressureUnit` is hPa, mmHg (SetOption24) or inHg (SetOption139); NIST SP 811 for the factors. */
function toHectopascal(value: number, { PressureUnit: unit = 'hPa' }: Json): number {
  if (unit === 'hPa') return value;
  if (unit === 'mmHg') return value * 1.333224;
  if (unit === 'inHg') return value * 33.86389;
  throw new Refusal('PressureUnit: expected hPa, mmHg or inHg');
}

function put(values: Values, metric: string, value: number | undefined): void {
  if (value !== undefined) values[metric] = value;
}

function scaled(value: number | undefined, scale: number): number | undefined {
  return value === undefined ? undefined : rounded(value * scale);
}

/** Drops what binary arithmetic adds behind the digits that the device sent. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
