/**
 * The faults that a simulated city can be asked for: disturbances of the way, and what meters do besides counting. Some
 * take a time: `offline:20s` cuts the link for 20 s, `rollover:45s` comes 45 s after the start.
 */
import { METER_FAULTS, type MeterFaultName } from './city-faults.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { SOONEST_METER_FAULT_MS } from './founding.ts';

export const CITY_FAULTS = [...DISTURBANCES, ...METER_FAULTS] as const;
export type CityFaultName = Disturbance | MeterFaultName;

export interface AskedFault {
  readonly name: CityFaultName;
  /** How long a cut lasts, or how soon after the start a meter fails, milliseconds. */
  readonly ms?: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const LEAST_MS: Partial<Record<CityFaultName, number>> = {
  offline: 1_000,
  ...Object.fromEntries(METER_FAULTS.map((name) => [name, SOONEST_METER_FAULT_MS])),
};
const MOST_MS = 24 * 3_600_000;

export function isMeterFault(name: CityFaultName): name is MeterFaultName {
  return (METER_FAULTS as readonly CityFaultName[]).includes(name);
}

/** `offline`, or `offline:20s` with s, m or h. The second half of the union says in words what is wrong with it. */
export function readAskedFault(text: string): AskedFault | { readonly wrong: string } {
  const [word = '', time, ...more] = text.split(':');
  const name = CITY_FAULTS.find((fault) => fault === word);
  if (name === undefined) return { wrong: `there is no fault '${word}'; choose of ${CITY_FAULTS.join(', ')}` };
  if (time === undefined) return { name };
  const leastMs = LEAST_MS[name];
  if (leastMs === undefined) return { wrong: `${name} takes no time; ${Object.keys(LEAST_MS).join(', ')} do` };
  const [, digits = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(time) ?? [];
  const ms = Number(digits) * (UNIT_MS[unit] ?? 0);
  if (more.length > 0 || digits === '' || ms < leastMs || ms > MOST_MS) {
    return { wrong: `'${text}' must have a time from ${leastMs / 1_000}s to 24h, such as ${name}:45s` };
  }
  return { name, ms };
}
