/** What a carrier cost in the month: lines as on a bill, each rounded to the cent, and their sum. */
import type { Interval } from '../energy/analytics/interval.ts';
import { localDate, type Period } from '../energy/calendar.ts';
import { COST_NOTES, type Cost, type CostNote, cost } from '../energy/tariffs/cost.ts';
import type { CostLine } from '../energy/tariffs/cost-line.ts';
import type { Tariff } from '../energy/tariffs/tariff.ts';
import type { Tariffs } from '../register/model.ts';
import type { ReferenceTables } from './reference-tables.ts';
import { notTold, type Told, told, toldOf } from './told.ts';

export interface ReportCostLine extends Omit<CostLine, 'from' | 'to'> {
  /** First and last day that it speaks of, local to the tariff. */
  readonly firstDay: string;
  readonly lastDay: string;
}

export interface ReportCost {
  /** Id of the tariff that the register names; null when it names none. */
  readonly tariff: string | null;
  /** ISO 4217; null without a tariff. */
  readonly currency: string | null;
  /** Of what is known, also where the total is not told. `amount` is rounded to the currency's smallest coin. */
  readonly lines: readonly ReportCostLine[];
  /** Sum of the lines. */
  readonly total: Told<number>;
  readonly notes: readonly string[];
  /** The versions of the tariff that are valid in the month. */
  readonly tariffs: readonly Tariff[];
}

export interface ReportCostQuery {
  readonly carrier: keyof Tariffs;
  /** Of the site, or else of the city. */
  readonly tariff: string | undefined;
  readonly tables: ReferenceTables;
  readonly intervals: readonly Interval[];
  readonly period: Period;
}

export function reportCost({ carrier, tariff: id, tables, intervals, period }: ReportCostQuery): ReportCost {
  const nothing = { tariff: id ?? null, currency: null, lines: [], notes: [], tariffs: [] };
  if (id === undefined) return { ...nothing, total: notTold('no-tariff-named') };
  const versions = tables.tariffs.filter((tariff) => tariff.id === id);
  const tariffs = versions.filter((tariff) => tariff.carrier === carrier);
  if (tariffs.length === 0)
    return { ...nothing, total: notTold('unknown-tariff', unknownWords(id, carrier, versions, tables)) };
  let found: Cost;
  try {
    found = cost({ tariffs, intervals, period });
  } catch (error) {
    // Versions that contradict each other: what a person wrote is wrong, and the report says so instead of a sum.
    if (error instanceof RangeError) return { ...nothing, total: notTold('tariff-fault', error.message) };
    throw error;
  }
  const currency = found.currency ?? tariffs[0]?.currency ?? 'USD';
  const lines = found.lines.map((line) => toLine(line, tariffs, currency));
  return {
    tariff: id,
    currency,
    lines,
    total: toldOf(found.total, () =>
      roundMoney(
        lines.reduce((sum, { amount }) => sum + amount, 0),
        currency,
      ),
    ),
    notes: found.notes.map((note: CostNote) => COST_NOTES[note]),
    tariffs: tariffs.filter(({ revision }) => lines.some((line) => line.revision === revision)),
  };
}

/** Of a list of costs that were all told, in one currency. */
export function totalCost(costs: readonly ReportCost[]): Told<number> | undefined {
  const currencies = new Set(costs.map(({ currency }) => currency));
  const amounts = costs.map(({ total }) => total.value);
  if (costs.length === 0 || currencies.size !== 1 || amounts.includes(null)) return undefined;
  return told(
    roundMoney(
      amounts.reduce<number>((sum, amount) => sum + (amount ?? 0), 0),
      [...currencies][0] ?? 'USD',
    ),
  );
}

function unknownWords(id: string, carrier: string, versions: readonly Tariff[], { faults }: ReferenceTables): string {
  const [other] = versions;
  if (other !== undefined) return `"${id}" is a tariff of ${other.carrier}, not of ${carrier}.`;
  const broken = faults.length === 0 ? '' : ` Not readable: ${faults.join(' ')}`;
  return `Put "${id}" into the folder tariffs of the data folder, or name another.${broken}`;
}

function toLine({ from, to, ...line }: CostLine, tariffs: readonly Tariff[], currency: string): ReportCostLine {
  const zone = tariffs[0]?.zone ?? 'UTC';
  const amount = roundMoney(line.amount, currency);
  // Sums of thousands of floats, without the tail of digits that adding leaves.
  const quantity = Number(line.quantity.toPrecision(12));
  return { ...line, quantity, firstDay: localDate(from, zone), lastDay: localDate(to - 1, zone), amount };
}

/** Half a cent goes away from zero; 1.005 is half a cent although its nearest float lies below. */
export function roundMoney(amount: number, currency: string): number {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const coins = Number((Math.abs(amount) * 10 ** digits).toPrecision(12));
  return (Math.sign(amount) * Math.round(coins)) / 10 ** digits + 0;
}
