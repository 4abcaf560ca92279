/** What the use of a site cost and emitted, with the ids of the tables that say so; the same figures as in its report. */
import { type Completeness, completenessOf } from '../../../energy/analytics/figure.ts';
import type { Interval } from '../../../energy/analytics/interval.ts';
import type { Period } from '../../../energy/calendar.ts';
import type { Carrier } from '../../../energy/carriers.ts';
import type { City, Site, Tariffs } from '../../../register/model.ts';
import type { ReferenceTables } from '../../../reports/reference-tables.ts';
import { reportCost } from '../../../reports/report-cost.ts';
import { type ReportEmission, reportEmissions } from '../../../reports/report-emissions.ts';
import { REPORTED_CARRIERS, type ReportedCarrier } from '../../../reports/site-meters.ts';
import type { Told } from '../../../reports/told.ts';
import { refusedReply, toldReply } from './figure-reply.ts';
import type { AnalyticsReply } from './replies-analytics.ts';

export interface MoneyInput {
  readonly site: Site;
  readonly city: City | undefined;
  readonly carrier: Carrier;
  /** Quarter hours of the period, and of what its bills look at before it. */
  readonly intervals: readonly Interval[];
  readonly period: Period;
  readonly tables: ReferenceTables;
}

const PAID: readonly (keyof Tariffs)[] = ['electricity', 'gas', 'water', 'heat'];

/** The tariff that the site, or else the city, names for the carrier; empty where neither does. */
export function namedTariff({ site, city, carrier }: Pick<MoneyInput, 'site' | 'city' | 'carrier'>): Tariffs {
  const paid = PAID.find((one) => one === carrier);
  const id = paid && (site.tariffs?.[paid] ?? city?.tariffs?.[paid]);
  return paid === undefined || id === undefined ? {} : { [paid]: id };
}

export function costReply({ site, city, carrier, intervals, period, tables }: MoneyInput): AnalyticsReply['cost'] {
  const nothing = { tariff: null, revisions: [], is_example: false, is_named: false, notes: [], lines: [] };
  const paid = PAID.find((one) => one === carrier);
  if (paid === undefined) {
    return { ...refusedReply('not-billed', `Nobody is billed for ${carrier}.`, ''), ...nothing };
  }
  const named = namedTariff({ site, city, carrier })[paid];
  // Where nobody named one, an example shows what there would be to see; it says that it is one.
  const taken = named ?? tables.tariffs.find((tariff) => tariff.carrier === paid && tariff.example === true)?.id;
  const found = reportCost({ carrier: paid, tariff: taken, tables, intervals, period });
  return {
    ...toldReply(found.total, found.currency ?? '', (value) => value, completenessOf(intervals, period)),
    tariff: found.tariff,
    revisions: found.tariffs.map(({ revision }) => revision),
    is_example: found.tariffs.some(({ example }) => example === true),
    is_named: named !== undefined,
    notes: [...found.notes],
    lines: found.lines.map(({ kind, what, firstDay, lastDay, quantity, unit, rate, months, amount }) => ({
      kind,
      what,
      first_day: firstDay,
      last_day: lastDay,
      quantity,
      unit,
      rate,
      months,
      amount,
    })),
  };
}

export interface EmissionsInput extends Omit<MoneyInput, 'intervals' | 'period'> {
  /** In the carrier's unit; null when nothing is known. */
  readonly amount: number | null;
  readonly completeness: Completeness;
  readonly year: number;
  readonly gwp: string;
}

export function emissionsReply(input: EmissionsInput): AnalyticsReply['emissions'] {
  const { site, city, carrier, amount, completeness, year, gwp, tables } = input;
  const counted = carrier === 'lighting' ? 'electricity' : carrier;
  if (!isReported(counted)) return null;
  const set = site.factors ?? city?.factors;
  const found = reportEmissions({ carrier: counted, amount, year, set, gwp, tables });
  if (found === undefined) return null;
  return {
    kind: found.kind,
    location: emissionReply(found.location, completeness),
    market: { ...emissionReply(found.market, completeness), basis: found.market.value?.basis ?? null },
  };
}

function emissionReply(told: Told<ReportEmission>, completeness: Completeness) {
  return {
    ...toldReply(told, 'kg CO₂e', ({ kgCO2e }) => kgCO2e, completeness),
    gwp: told.value?.gwp ?? null,
    factors: (told.value?.factors ?? []).map(({ id, revision, year, source, isSecondHand }) => ({
      id,
      revision,
      year,
      source,
      is_second_hand: isSecondHand,
    })),
  };
}

function isReported(carrier: Carrier): carrier is ReportedCarrier {
  return REPORTED_CARRIERS.some((one) => one === carrier);
}
