/**
 * The energy of one site in one civil month: figures, days, events of the meters, and what they were made with. A pure
 * function of what was read; the same input gives the same report, and `inputs` is the fingerprint of it.
 */
import type { MeterEvent } from '../contract/roll-up.ts';
import { localDate, localIso, type Period } from '../energy/calendar.ts';
import { without } from '../energy/completeness/stretches.ts';
import type { Factor, Gwp } from '../energy/emissions/factor-table.ts';
import { HOLIDAYS, type HolidayList, SITE_HOLIDAYS } from '../energy/tariffs/holidays.ts';
import type { Tariff } from '../energy/tariffs/tariff.ts';
import type { City, MeterDecision, Site } from '../register/model.ts';
import type { SeriesRows } from './carrier-intervals.ts';
import { type CarrierReport, type CountedCarrier, carrierReport } from './carrier-report.ts';
import { inputsHash } from './inputs-hash.ts';
import { percentOf } from './percent.ts';
import type { ReferenceTables } from './reference-tables.ts';
import { totalCost } from './report-cost.ts';
import { type ReportDay, reportDays } from './report-days.ts';
import { REPORTED_CARRIERS, type ReportedCarrier, type SiteMeter } from './site-meters.ts';

export interface EnergyReportInput {
  readonly site: Site;
  readonly city: City | undefined;
  /** Such as 2026-10. */
  readonly month: string;
  /** The civil month, and the part of it that is told: all of it once it is over. */
  readonly whole: Period;
  readonly period: Period;
  /** Rows reach back to here; before the month where a tariff looks at the peaks of earlier months. */
  readonly readFrom: number;
  readonly meters: readonly SiteMeter[];
  /** Rows of the site's counters, of 15 minutes and of days. */
  readonly quarters: SeriesRows;
  readonly days: SeriesRows;
  /** Events and decisions that touch the month, of these meters. */
  readonly events: readonly MeterEvent[];
  readonly decisions: readonly MeterDecision[];
  readonly tables: ReferenceTables;
  /** Id of the global warming potentials. */
  readonly gwp: string;
  /** When the report is made, epoch milliseconds. */
  readonly now: number;
  /** Of this software. */
  readonly version: string;
}

export interface EnergyReport
  extends Pick<EnergyReportInput, 'site' | 'month' | 'whole' | 'period' | 'events' | 'decisions' | 'gwp' | 'version'> {
  readonly madeAt: number;
  /** SHA-256 of everything that the figures were made of, hex: the same inputs, the same figures. */
  readonly inputs: string;
  /** Those that the site has meters of. */
  readonly carriers: readonly CarrierReport[];
  readonly withoutMeters: readonly ReportedCarrier[];
  readonly days: readonly ReportDay[];
  /** Of all carriers; null where one of them has none, or they are in several currencies. */
  readonly totals: {
    readonly cost: number | null;
    readonly currency: string | null;
    readonly kgCO2eLocation: number | null;
    readonly kgCO2eMarket: number | null;
  };
  readonly used: {
    readonly tariffs: readonly Tariff[];
    readonly factors: readonly Factor[];
    readonly gwps: readonly Gwp[];
    /** By which the site was closed, where a share after hours was told. */
    readonly holidays: readonly HolidayList[];
  };
  /** What a reader must know besides. */
  readonly notes: readonly string[];
}

/** `pause` is waited for between the steps, so that the arithmetic of one site never holds a thread for long. */
export async function energyReport(
  input: EnergyReportInput,
  pause: () => Promise<void> = async () => {},
): Promise<EnergyReport> {
  const counted: CountedCarrier[] = [];
  const withoutMeters: ReportedCarrier[] = [];
  for (const carrier of REPORTED_CARRIERS) {
    const meters = input.meters.filter((meter) => meter.carrier === carrier && stoodIn(meter, input.period));
    if (meters.length === 0) withoutMeters.push(carrier);
    else counted.push(await carrierReport(input, carrier, meters, pause));
    await pause();
  }
  const carriers = counted.map(({ report }) => report);
  const days = reportDays(counted, input.events, input.period, input.site.zone);
  await pause();
  const used = usedBy(carriers, input);
  const { site, month, whole, period, events, decisions, gwp, version } = input;
  return {
    ...{ site, month, whole, period, events, decisions, gwp, version },
    madeAt: input.now,
    inputs: inputsHash(input, used),
    carriers,
    withoutMeters,
    days,
    totals: totalsOf(carriers),
    used,
    notes: notesOf(input, carriers, used),
  };
}

function stoodIn({ stays }: SiteMeter, { from, to }: Period): boolean {
  return stays.some((stay) => stay.from < to && from < stay.to);
}

function usedBy(carriers: readonly CarrierReport[], { tables }: EnergyReportInput): EnergyReport['used'] {
  const tariffs = new Set(carriers.flatMap(({ cost }) => cost?.tariffs ?? []));
  const told = carriers.flatMap(({ emissions }) => [emissions?.location.value, emissions?.market.value]);
  const named = told.flatMap((emission) => emission?.factors ?? []);
  const factors = tables.factors.filter((row) =>
    named.some(({ id, revision }) => row.id === id && row.revision === revision),
  );
  const gwps = tables.gwps.filter(({ id }) => told.some((emission) => emission?.gwp === id));
  const list = HOLIDAYS.get(SITE_HOLIDAYS);
  const tellsHours = carriers.some(({ afterHours }) => afterHours?.value != null);
  return { tariffs: [...tariffs], factors, gwps, holidays: list === undefined || !tellsHours ? [] : [list] };
}

function totalsOf(carriers: readonly CarrierReport[]): EnergyReport['totals'] {
  const costs = carriers.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  const cost = totalCost(costs)?.value ?? null;
  const emitted = carriers.flatMap(({ emissions }) => (emissions === null ? [] : [emissions]));
  const sumOf = (by: 'location' | 'market') => {
    const parts = emitted.map((emission) => emission[by].value?.kgCO2e);
    if (parts.length === 0 || parts.includes(undefined)) return null;
    return Math.round(parts.reduce<number>((sum, kg) => sum + (kg ?? 0), 0) * 1_000) / 1_000;
  };
  return {
    cost,
    currency: cost === null ? null : (costs[0]?.currency ?? null),
    kgCO2eLocation: sumOf('location'),
    kgCO2eMarket: sumOf('market'),
  };
}

function notesOf(input: EnergyReportInput, carriers: readonly CarrierReport[], used: EnergyReport['used']): string[] {
  const { period, whole, tables } = input;
  const notes: string[] = [];
  if (period.to < whole.to) notes.push('The month is not over: the figures are of the part that is.');
  for (const { carrier, amount } of carriers) {
    if (amount.value === null || amount.known >= 1) continue;
    const known = percentOf(amount.known);
    notes.push(`Of ${carrier} ${known} % of the time is known: consumption and emissions are those of that part.`);
  }
  for (const { carrier, meters } of carriers) {
    const bare = without(
      [period],
      meters.flatMap(({ stays }) => stays),
    );
    const when = bare.map(
      ({ from, to }) => `from ${localIso(from, input.site.zone)} to ${localIso(to, input.site.zone)}`,
    );
    if (bare.length > 0)
      notes.push(`No meter of ${carrier} was due ${when.join(', ')}: that time counts as not known.`);
  }
  const [first, last] = [localDate(period.from, input.site.zone), localDate(period.to - 1, input.site.zone)];
  for (const list of used.holidays) {
    if (list.from <= first && last <= list.to) continue;
    notes.push(`The list of holidays (${list.id}) does not reach so far: after-hours figures know none of that time.`);
  }
  for (const { carrier, cost } of carriers) {
    for (const note of cost?.notes ?? []) notes.push(`Cost of ${carrier}: ${note}`);
  }
  const unchecked = used.factors.filter(({ check }) => check !== undefined).map(({ id }) => id);
  if (unchecked.length > 0) {
    notes.push(
      `Factors seen in a secondary source only, to be checked before they are published: ${unchecked.join(', ')}.`,
    );
  }
  for (const fault of tables.faults) notes.push(`A file of tariffs or factors was left out: ${fault}`);
  return notes;
}
