/** The figures of the month, one a row: its value with unit, or in words why there is none. */
import { localIso } from '../energy/calendar.ts';
import type { CarrierReport } from './carrier-report.ts';
import type { EnergyReport } from './energy-report.ts';
import { percentOf, roundedPercent } from './percent.ts';
import type { ReportEmission } from './report-emissions.ts';
import type { Cell, Column, Table } from './table.ts';
import type { Told } from './told.ts';

const COLUMNS: readonly Column[] = [
  { title: 'site', kind: 'text', width: 22 },
  { title: 'month', kind: 'text', width: 9 },
  { title: 'carrier', kind: 'text', width: 12 },
  { title: 'figure', kind: 'text', width: 34 },
  { title: 'value', kind: 'number', width: 16, decimals: (row) => decimalsOf(String(row[5])) },
  { title: 'unit', kind: 'text', width: 10 },
  { title: 'when', kind: 'text', width: 24 },
  { title: 'not given because', kind: 'text', width: 50 },
  { title: 'with', kind: 'text', width: 60 },
];

/** kWh, m³ and kg to the thousandth, money and shares to the hundredth. */
function decimalsOf(unit: string): number {
  if (unit === 'hours' || unit === '%' || /^[A-Z]{3}$/.test(unit)) return 2;
  return 3;
}

interface Line {
  readonly figure: string;
  readonly unit: string;
  readonly told: Told<number>;
  readonly when?: string;
  readonly using?: string;
}

export function summaryTable(report: EnergyReport): Table {
  const { site, month } = report;
  const rows = report.carriers.flatMap((carrier) =>
    linesOf(carrier, site.zone).map(({ figure, unit, told, when, using }): Cell[] => [
      site.id,
      month,
      carrier.carrier,
      figure,
      told.value,
      unit,
      when ?? null,
      told.refusal?.words ?? null,
      using ?? null,
    ]),
  );
  return { name: 'Summary', fixedColumns: 4, columns: COLUMNS, rows };
}

function linesOf(report: CarrierReport, zone: string): Line[] {
  const { unit, rateUnit, amount, shares, missing, peak, cost, emissions } = report;
  const share = (figure: string, value: number): Line => ({ figure, unit: '%', told: plain(percentOf(value)) });
  return [
    { figure: 'consumption', unit, told: report.consumption },
    ...(shares === null
      ? []
      : [
          share('measured share of consumption', shares.measured),
          share('interpolated share of consumption', shares.interpolated),
          share('estimated share of consumption', shares.estimated),
        ]),
    share('completeness: time of which the amount is known', amount.known),
    share('completeness: time that was measured', amount.measured),
    { figure: 'time missing', unit: 'hours', told: plain(missing.hours), using: missing.words },
    {
      figure: 'peak demand',
      unit: rateUnit,
      told: mapped(peak, ({ demand }) => demand),
      ...(peak.value === null ? {} : { when: localIso(peak.value.at, zone) }),
    },
    ...given('load factor', '%', mapped(report.loadFactor, roundedPercent)),
    ...given('base load', rateUnit, report.baseLoad),
    ...given(
      'after-hours share',
      '%',
      mapped(report.afterHours, (value) => roundedPercent(value.share)),
    ),
    ...given(
      'after-hours use',
      unit,
      mapped(report.afterHours, (value) => value.amount),
    ),
    ...given(
      'share of time after hours',
      '%',
      mapped(report.afterHours, (value) => roundedPercent(value.shareOfTime)),
    ),
    ...(cost === null
      ? []
      : [{ figure: 'cost', unit: cost.currency ?? '', told: cost.total, using: tariffWords(cost) }]),
    ...(emissions === null
      ? []
      : emissions.kind === 'direct'
        ? [emissionLine('emissions, burnt at the site', emissions.location)]
        : [
            emissionLine('emissions, location-based', emissions.location),
            emissionLine('emissions, market-based', emissions.market),
          ]),
  ];
}

function tariffWords({ tariff, tariffs }: NonNullable<CarrierReport['cost']>): string {
  if (tariffs.length === 0) return tariff ?? '';
  return tariffs.map(({ id, revision }) => `tariff ${id} (${revision})`).join(', ');
}

function emissionLine(figure: string, told: Told<ReportEmission>): Line {
  const line = { figure, unit: 'kgCO2e', told: mapped(told, ({ kgCO2e }) => kgCO2e) };
  if (told.value === null) return line;
  const { factors, gwp, basis } = told.value;
  const names = factors.map(({ id, year, revision }) => `factor ${id}, vintage ${year} (${revision})`);
  const by = basis === null ? [] : [`by ${basis.replace('-', ' ')}`];
  return { ...line, using: [...names, `GWP ${gwp}`, ...by].join('; ') };
}

function given(figure: string, unit: string, told: Told<number> | null): Line[] {
  return told === null ? [] : [{ figure, unit, told }];
}

function plain(value: number): Told<number> {
  return { value, refusal: null };
}

function mapped<T>(told: Told<T>, pick: (value: T) => number): Told<number>;
function mapped<T>(told: Told<T> | null, pick: (value: T) => number): Told<number> | null;
function mapped<T>(told: Told<T> | null, pick: (value: T) => number): Told<number> | null {
  if (told === null || told.refusal !== null) return told as Told<never> | null;
  return { value: pick(told.value), refusal: null };
}
