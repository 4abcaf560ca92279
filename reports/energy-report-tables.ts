/** A report laid out as tables. What they hold, column by column, is in docs/reports.md. */
import { localIso } from '../energy/calendar.ts';
import { unitOf } from '../energy/carriers.ts';
import type { EnergyReport } from './energy-report.ts';
import { percentOf } from './percent.ts';
import type { DayFigures } from './report-days.ts';
import { costTable, eventsTable, metersTable, sourcesTable } from './report-detail-tables.ts';
import { summaryTable } from './report-summary-table.ts';
import { REPORTED_CARRIERS } from './site-meters.ts';
import type { Cell, Column, Table } from './table.ts';

/** In the order of the workbook's sheets. */
export const REPORT_PARTS = ['about', 'summary', 'days', 'cost', 'meters', 'events', 'sources'] as const;
export type ReportPart = (typeof REPORT_PARTS)[number];

export function energyReportTables(report: EnergyReport): Readonly<Record<ReportPart, Table>> {
  return {
    about: aboutTable(report),
    summary: summaryTable(report),
    days: daysTable(report),
    cost: costTable(report),
    meters: metersTable(report),
    events: eventsTable(report),
    sources: sourcesTable(report),
  };
}

function aboutTable(report: EnergyReport): Table {
  const { site, month, whole, period, totals } = report;
  const { zone } = site;
  const local = (time: number) => localIso(time, zone);
  const rows: Cell[][] = [
    ['Report', 'Monthly energy of a site'],
    ['Site', site.name],
    ['Site id', site.id],
    ['Address', site.address ?? null],
    ['Use', site.use ?? site.kind],
    ['Floor area (m²)', site.floor_area_m2 ?? null],
    ['Month', month],
    ['From', local(period.from)],
    ['To', local(period.to)],
    ['Hours of the month', (whole.to - whole.from) / 3_600_000],
    ['Zone', zone],
    ['Made', local(report.madeAt)],
    ['Software', `Lamplighter ${report.version}`],
    ['Inputs (SHA-256)', report.inputs],
    ['Global warming potentials asked for', report.gwp],
    ['Cost of all carriers', totals.cost === null ? 'not known; see the summary' : totals.cost],
    ['Currency', totals.currency],
    ['kgCO2e of all carriers, location-based', totals.kgCO2eLocation ?? 'not known; see the summary'],
    ['kgCO2e of all carriers, market-based', totals.kgCO2eMarket ?? 'not known; see the summary'],
    ['Without a meter at the site', report.withoutMeters.join(', ') || null],
    ...report.notes.map((note): Cell[] => ['Note', note]),
  ];
  const decimals = ([what]: readonly Cell[]) =>
    what === 'Cost of all carriers' ? 2 : /^kgCO2e/.test(String(what)) ? 3 : 0;
  return {
    name: 'About',
    fixedColumns: 1,
    columns: [
      { title: 'What', kind: 'text', width: 38 },
      { title: 'Value', kind: 'text', width: 90, decimals },
    ],
    rows,
  };
}

/** The same columns for every site, so that files of several can be put below each other. */
function daysTable({ site, days, carriers }: EnergyReport): Table {
  const columns: Column[] = [
    { title: 'site', kind: 'text', width: 22 },
    { title: 'date', kind: 'date', width: 12 },
    { title: 'hours', kind: 'number', width: 8, decimals: 2 },
    ...REPORTED_CARRIERS.flatMap((carrier): Column[] => {
      const unit = unitOf(carrier);
      return [
        { title: `${carrier} (${unit})`, kind: 'number', width: 16, decimals: 3 },
        { title: `${carrier} interpolated (${unit})`, kind: 'number', width: 16, decimals: 3 },
        { title: `${carrier} estimated (${unit})`, kind: 'number', width: 16, decimals: 3 },
        { title: `${carrier} known (% of time)`, kind: 'number', width: 14, decimals: 2 },
        { title: `${carrier} measured (% of time)`, kind: 'number', width: 14, decimals: 2 },
        { title: `${carrier} flags`, kind: 'text', width: 20 },
      ];
    }),
  ];
  const isMetered = new Set(carriers.map(({ carrier }) => carrier));
  const rows = days.map((day): Cell[] => [
    site.id,
    day.date,
    day.hours,
    ...REPORTED_CARRIERS.flatMap((carrier) => dayCells(isMetered.has(carrier) ? day.carriers.get(carrier) : undefined)),
  ]);
  return { name: 'Days', fixedColumns: 2, columns, rows };
}

function dayCells(figures: DayFigures | undefined): Cell[] {
  if (figures === undefined) return [null, null, null, null, null, 'no-meter'];
  const { value, interpolated, estimated, known, measured, flags } = figures;
  return [value, interpolated, estimated, percentOf(known), percentOf(measured), flags.join(' ')];
}
