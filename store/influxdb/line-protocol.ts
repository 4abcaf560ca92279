/**
 * Readings as InfluxDB line protocol, times in milliseconds.
 *
 * measurement = family, tags = device and gateway (sorted, as the server likes them), fields = metric ids; every
 * field is a float, because a field that was once written as an integer refuses floats for ever.
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ names what must be escaped; what has no
 * spelling at all (a line break, a backslash at the end, an empty name) is refused instead of altered.
 */
import { METRICS, type MetricFamily } from '../../contract/metrics.ts';
import type { Reading } from '../../contract/reading.ts';
import type { RejectionReason } from '../../contract/verdicts.ts';

/** Why a reading has no line. */
export interface Unwritable {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** Whole milliseconds that fit the server's nanoseconds: the years 1677 to 2262. */
export const FIRST_TIME_MS = -9_223_372_036_854;
export const LAST_TIME_MS = 9_223_372_036_854;

/** Beyond this many devices the cache of prefixes starts afresh, so that invented names cannot fill the memory. */
const CACHED_DEVICES = 200_000;

interface Field {
  readonly family: number;
  /** `metric=`, escaped. */
  readonly assignment: string;
}

const FAMILIES: readonly MetricFamily[] = [...new Set(METRICS.map(({ family }) => family))];
const fieldByMetric: ReadonlyMap<string, Field> = new Map(
  METRICS.map(({ id, family }) => [id, { family: FAMILIES.indexOf(family), assignment: `${spelled(id, 'key')}=` }]),
);

export class LineProtocol {
  readonly #cachedDevices: number;
  #gateways = new Map<string, GatewayLines>();
  #devices = 0;

  constructor(cachedDevices = CACHED_DEVICES) {
    this.#cachedDevices = cachedDevices;
  }

  /** The writer of one gateway's readings. Throws nothing: a name without a spelling refuses its readings. */
  of(gateway: string): GatewayLines {
    let lines = this.#gateways.get(gateway);
    if (lines === undefined) {
      if (this.#devices > this.#cachedDevices) {
        this.#gateways = new Map();
        this.#devices = 0;
      }
      lines = new GatewayLines(gateway, () => this.#devices++);
      this.#gateways.set(gateway, lines);
    }
    return lines;
  }
}

export class GatewayLines {
  readonly #gateway: string;
  readonly #onNewDevice: () => void;
  readonly #prefixesByDevice = new Map<string, readonly string[] | Unwritable>();

  constructor(gateway: string, onNewDevice: () => void) {
    this.#gateway = gateway;
    this.#onNewDevice = onNewDevice;
  }

  /** One line per family of the reading, joined by newlines; empty when it has no values. */
  lines(reading: Reading): string | Unwritable {
    const { device, time, values } = reading;
    if (!(time >= FIRST_TIME_MS && time <= LAST_TIME_MS)) {
      return { reason: 'store-refused', detail: `time ${time} is outside the years 1677 to 2262 that InfluxDB keeps` };
    }
    const prefixes = this.#prefixesByDevice.get(device) ?? this.#newDevice(device);
    if ('reason' in prefixes) return prefixes;

    let family = -1;
    let line = '';
    for (const metric in values) {
      const value = values[metric];
      const field = fieldByMetric.get(metric);
      if (field === undefined) return { reason: 'unknown-metric', detail: `${metric} is not in the catalogue` };
      if (value === undefined || !Number.isFinite(value)) {
        return { reason: 'store-refused', detail: `${metric} is ${value}; InfluxDB keeps finite numbers only` };
      }
      if (family === -1) {
        family = field.family;
        line = prefixes[family] + field.assignment + spelledNumber(value);
      } else if (field.family === family) {
        line += `,${field.assignment}${spelledNumber(value)}`;
      } else {
        return linesByFamily(reading, prefixes);
      }
    }
    return line === '' ? '' : `${line} ${time}`;
  }

  #newDevice(device: string): readonly string[] | Unwritable {
    this.#onNewDevice();
    let prefixes: readonly string[] | Unwritable;
    try {
      const tags = `device=${spelled(device, 'key')},gateway=${spelled(this.#gateway, 'key')}`;
      prefixes = FAMILIES.map((family) => `${spelled(family, 'measurement')},${tags} `);
    } catch (error) {
      prefixes = { reason: 'store-refused', detail: (error as Error).message };
    }
    this.#prefixesByDevice.set(device, prefixes);
    return prefixes;
  }
}

function linesByFamily(reading: Reading, prefixes: readonly string[]): string | Unwritable {
  const lineByFamily = new Map<number, string>();
  for (const [metric, value] of Object.entries(reading.values)) {
    const field = fieldByMetric.get(metric);
    if (field === undefined) return { reason: 'unknown-metric', detail: `${metric} is not in the catalogue` };
    if (!Number.isFinite(value)) {
      return { reason: 'store-refused', detail: `${metric} is ${value}; InfluxDB keeps finite numbers only` };
    }
    const line = lineByFamily.get(field.family);
    const start = line === undefined ? prefixes[field.family] : `${line},`;
    lineByFamily.set(field.family, start + field.assignment + spelledNumber(value));
  }
  return [...lineByFamily.values()].map((line) => `${line} ${reading.time}`).join('\n');
}

/** `.000` to `.999` without trailing zeros; nothing for 0. */
const THOUSANDTHS = Array.from({ length: 1_000 }, (_, n) =>
  n === 0 ? '' : `.${String(n).padStart(3, '0').replace(/0+$/, '')}`,
);

/**
 * A float: no trailing `i`; reads back as the same double. Meters send few decimals: when a division of whole numbers
 * gives exactly the value, their digits are its spelling, at a third of the cost of the general way.
 */
export function spelledNumber(value: number): string {
  const thousandths = Math.round(value * 1_000);
  // Whole numbers below 2^53 are exact, and IEEE division rounds as reading the decimal does.
  if (thousandths > 0 && thousandths < 1e15 && thousandths / 1_000 === value) {
    const whole = Math.trunc(thousandths / 1_000);
    return whole + (THOUSANDTHS[thousandths - whole * 1_000] as string);
  }
  return value === 0 && 1 / value < 0 ? '-0' : `${value}`;
}

/**
 * A name as line protocol spells it; `key` covers tag keys, tag values and field keys.
 * Throws when the name has no spelling.
 */
export function spelled(name: string, place: 'measurement' | 'key'): string {
  const shown = JSON.stringify(name);
  if (name === '') throw new Error('an empty name cannot be written to InfluxDB');
  // Beside the line break, which ends the line: the server repeats a bad line in a header, where no client reads these.
  if (/\p{Cc}/u.test(name)) throw new Error(`${shown} contains a control character, which InfluxDB cannot keep`);
  // A backslash there takes the escape, or the separator after the name, with it.
  if (/\\([, ="]|$)/.test(name)) {
    throw new Error(
      `${shown} has a backslash before a comma, space, equals sign, quote or its end, which InfluxDB cannot keep`,
    );
  }
  if (/\p{Surrogate}/u.test(name)) throw new Error(`${shown} is not valid Unicode`);
  if (place === 'measurement') {
    if (name.startsWith('#')) throw new Error(`${shown} begins with #, which makes the line a comment`);
    return name.replace(/[, ]/g, '\\$&');
  }
  return name.replace(/[, =]/g, '\\$&');
}
