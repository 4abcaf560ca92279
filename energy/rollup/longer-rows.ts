/** Hours and civil days of one series, made of its 15-minute rows. Pure. */
import type { RollUp } from '../../contract/roll-up.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { Period } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { foldRows } from '../counting/figures.ts';
import type { MeterRules } from '../counting/meter-rules.ts';
import type { CivilDays } from './civil-days.ts';
import { type DeviceFacts, siteOf } from './device-facts.ts';
import { changedRows } from './row-changes.ts';

export const HOUR_MS = 4 * QUARTER_MS;

export interface LongerRowsInput {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  readonly facts: DeviceFacts;
  readonly rules: MeterRules;
  /** Beginnings of the hours to make, epoch milliseconds, rising; the days that they lie in are made as well. */
  readonly hours: readonly number[];
  /** As they are now, of all the days that the hours lie in, in rising order of start. */
  readonly quarters: readonly RollUp[];
  /** Stored rows of these hours and days, and others perhaps. */
  readonly storedHours: readonly RollUp[];
  readonly storedDays: readonly RollUp[];
  /** Zone of any site, also of those that the device stands at no more. */
  readonly zone: (site: string) => string;
  readonly civilDays: CivilDays;
}

export interface LongerRows {
  readonly hours: readonly RollUp[];
  readonly days: readonly RollUp[];
}

/** A day cannot be longer than this, whatever zone it was counted in. */
const LONGEST_DAY_MS = 26 * HOUR_MS;

/** The rows to write. */
export function longerRows(input: LongerRowsInput): LongerRows {
  const { hours, storedHours } = input;
  const hourSet = new Set(hours);
  const quartersOf = new Map<number, RollUp[]>();
  for (const row of input.quarters) {
    const hour = Math.floor(row.start / HOUR_MS) * HOUR_MS;
    if (hourSet.has(hour)) getOrCreate(quartersOf, hour, () => []).push(row);
  }
  const fresh = hours.flatMap((from) => ofEachSite(input, quartersOf.get(from) ?? [], { from, to: from + HOUR_MS }));
  return {
    hours: changedRows(
      storedHours.filter(({ start }) => hourSet.has(start)),
      fresh,
    ),
    days: dayRows(input),
  };
}

/** Each hour touches the days that it lies in, of every site that has rows in one of them. */
function dayRows(input: LongerRowsInput): RollUp[] {
  const { hours, quarters, storedDays, zone, civilDays } = input;
  const sites = new Set([...quarters, ...storedDays].map(({ site }) => site));
  const fresh: RollUp[] = [];
  const stored: RollUp[] = [];
  for (const site of sites) {
    const ofSite = quarters.filter((row) => row.site === site);
    const days = new Map<number, Period>();
    for (const hour of hours) {
      for (const day of civilDays.in({ from: hour, to: hour + HOUR_MS }, zone(site))) days.set(day.from, day);
    }
    for (const day of days.values()) {
      const rows = ofSite.filter(({ start }) => start >= day.from && start < day.to);
      if (rows.length > 0) fresh.push(rowOf(input, site, rows, day));
    }
    const [first = 0, last = 0] = [hours[0], hours.at(-1)];
    for (const row of storedDays) {
      if (row.site !== site) continue;
      // A day of another zone, which the site once had, is no day any more.
      const touches = row.start > first - LONGEST_DAY_MS && row.start < last + HOUR_MS;
      const isDay = civilDays.of(row.start, zone(site)).from === row.start;
      if (days.has(row.start) || (touches && !isDay)) stored.push(row);
    }
  }
  return changedRows(stored, fresh);
}

function ofEachSite(input: LongerRowsInput, rows: readonly RollUp[], period: Period): RollUp[] {
  const bySite = new Map<string, RollUp[]>();
  for (const row of rows) getOrCreate(bySite, row.site, () => []).push(row);
  return [...bySite].map(([site, ofSite]) => rowOf(input, site, ofSite, period));
}

function rowOf(input: LongerRowsInput, site: string, rows: readonly RollUp[], period: Period): RollUp {
  const { gateway, device, metric, facts, rules } = input;
  const wholeMs = msAt(facts, site, period);
  return { site, gateway, device, metric, start: period.from, ...foldRows(rows, { rules, wholeMs }) };
}

/** How much of a period the device stood at the site; by quarter hours, each where it stood when that began. */
function msAt(facts: DeviceFacts, site: string, { from, to }: Period): number {
  if (facts.placements.length === 1) return to - from;
  let ms = 0;
  for (let start = from; start < to; start += QUARTER_MS) if (siteOf(facts, start) === site) ms += QUARTER_MS;
  return ms;
}
