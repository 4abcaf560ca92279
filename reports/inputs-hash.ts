/** A fingerprint of what a report was made of: two reports that differ in it were made of different data or tables. */
import { createHash } from 'node:crypto';
import type { RollUp } from '../contract/roll-up.ts';
import { seriesOf } from './carrier-intervals.ts';
import type { EnergyReport, EnergyReportInput } from './energy-report.ts';

/** SHA-256, hex. Neither the time nor the software is part of it, nor the order in which a store returns rows. */
export function inputsHash(input: EnergyReportInput, used: EnergyReport['used']): string {
  const { site, city, month, period, readFrom, meters, events, decisions, gwp } = input;
  const hash = createHash('sha256');
  const add = (value: unknown) => hash.update(`${canonical(value)}\n`);
  const { zone, schedule, tariffs, factors, id } = site;
  add({ site: { id, zone, schedule, tariffs, factors }, city: { tariffs: city?.tariffs, factors: city?.factors } });
  add({ month, period, readFrom, gwp, used });
  add(meters.map(({ name: _, ...meter }) => meter));
  for (const rows of [input.quarters, input.days]) {
    for (const name of [...new Set(meters.map(seriesOf))].sort()) {
      hash.update(`${name}\n${(rows.get(name) ?? []).map(lineOf).join('\n')}\n`);
    }
  }
  add([...events].sort(byInstant));
  add([...decisions].sort(byInstant));
  return hash.digest('hex');
}

function lineOf({ start, coverage, consumption, interpolated, estimated }: RollUp): string {
  return `${start} ${coverage} ${consumption} ${interpolated} ${estimated}`;
}

type Instant = { readonly at: number; readonly gateway: string; readonly device: string; readonly metric: string };

function byInstant(one: Instant, other: Instant): number {
  return one.at - other.at || (seriesOf(one) < seriesOf(other) ? -1 : 1);
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
