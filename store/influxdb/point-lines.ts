/** Points as line protocol, times in milliseconds; tags sorted, as the server likes them. */
import type { Point } from '../point-sink.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { FIRST_TIME_MS, LAST_TIME_MS, spelled, spelledNumber } from './line-protocol.ts';
import type { PointLine } from './refused-points.ts';

/** Throws StoreFailure `misconfigured` for what has no spelling. */
export function pointLine({ measurement, tags, fields, time }: Point): PointLine {
  try {
    const key = Object.keys(tags)
      .filter((tag) => tags[tag] !== '')
      .sort()
      .map((tag) => `,${spelled(tag, 'key')}=${spelled(tags[tag] ?? '', 'key')}`);
    const values = Object.entries(fields).map(([name, value]) => `${spelled(name, 'key')}=${fieldValue(name, value)}`);
    if (values.length === 0) throw new Error('it has no field');
    if (!Number.isSafeInteger(time) || time < FIRST_TIME_MS || time > LAST_TIME_MS) {
      throw new Error(`its time ${time} is no whole millisecond of the years 1677 to 2262`);
    }
    return { text: `${spelled(measurement, 'measurement')}${key.join('')} ${values.join(',')} ${time}`, time };
  } catch (error) {
    throw new StoreFailure('misconfigured', `A point of ${measurement} cannot be written: ${(error as Error).message}`);
  }
}

function fieldValue(name: string, value: number | string): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, ' ')}"`;
  if (!Number.isFinite(value)) throw new Error(`its field ${name} is ${value}; InfluxDB keeps finite numbers only`);
  return spelledNumber(value);
}
