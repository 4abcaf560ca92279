/** The tables behind the figures: lines of cost, meters, what meters did and people decided, factors and tariffs. */
import { metricById } from '../contract/metrics.ts';
import { localIso } from '../energy/calendar.ts';
import type { EnergyReport } from './energy-report.ts';
import { percentOf } from './percent.ts';
import type { Cell, Column, Table } from './table.ts';

const text = (title: string, width: number): Column => ({ title, kind: 'text', width });
const number = (title: string, width: number, decimals: number): Column => ({ title, kind: 'number', width, decimals });
const date = (title: string): Column => ({ title, kind: 'date', width: 12 });

export function costTable({ site, month, carriers }: EnergyReport): Table {
  const columns = [
    text('site', 22),
    text('month', 9),
    text('carrier', 12),
    text('kind', 9),
    text('line', 36),
    date('from'),
    date('to'),
    number('quantity', 16, 3),
    text('unit', 12),
    number('rate', 12, 6),
    number('months', 9, 4),
    number('amount', 14, 2),
    text('currency', 10),
    text('tariff', 26),
    text('revision', 22),
    text('not given because', 50),
  ];
  const rows = carriers.flatMap(({ carrier, cost }): Cell[][] => {
    if (cost === null) return [];
    const { lines, total, currency, tariff } = cost;
    return [
      ...lines.map((line): Cell[] => [
        ...[site.id, month, carrier, line.kind, line.what, line.firstDay, line.lastDay, line.quantity, line.unit],
        ...[line.rate, line.months, line.amount, currency, line.tariff, line.revision, null],
      ]),
      [
        ...[site.id, month, carrier, 'total', 'Total', null, null, null, null, null, null],
        ...[total.value, currency, tariff, null, total.refusal?.words ?? null],
      ],
    ];
  });
  return { name: 'Cost', fixedColumns: 3, columns, rows };
}

export function metersTable({ site, month, carriers }: EnergyReport): Table {
  const columns = [
    text('site', 22),
    text('month', 9),
    text('carrier', 12),
    text('gateway', 18),
    text('device', 18),
    text('name', 28),
    text('counter', 26),
    text('from', 24),
    text('to', 24),
    number('consumption', 16, 3),
    number('interpolated', 14, 3),
    number('estimated', 14, 3),
    text('unit', 8),
    number('known (% of time)', 12, 2),
    number('measured (% of time)', 12, 2),
    number('missing (hours)', 12, 2),
    text('what is missing', 60),
  ];
  const rows = carriers.flatMap(({ carrier, unit, meters }) =>
    meters.map(({ gateway, device, name, metric, stays, amount, missing }): Cell[] => [
      ...[site.id, month, carrier, gateway, device, name, metric],
      stays[0] === undefined ? null : localIso(stays[0].from, site.zone),
      localIso(stays.at(-1)?.to ?? 0, site.zone),
      ...[
        amount.value,
        amount.interpolated,
        amount.estimated,
        unit,
        percentOf(amount.known),
        percentOf(amount.measured),
      ],
      ...[missing.hours, missing.words || null],
    ]),
  );
  return { name: 'Meters', fixedColumns: 3, columns, rows };
}

export function eventsTable({ site, month, events, decisions }: EnergyReport): Table {
  const columns = [
    text('site', 22),
    text('month', 9),
    text('row', 10),
    text('gateway', 18),
    text('device', 18),
    text('counter', 26),
    text('what', 18),
    text('since', 28),
    text('at', 28),
    number('before', 16, 3),
    number('after', 16, 3),
    number('booked', 14, 3),
    number('estimate', 14, 3),
    text('unit', 8),
    text('decided by', 22),
    text('why', 50),
    text('decided', 28),
  ];
  const local = (time: number) => localIso(time, site.zone);
  const unitOf = (metric: string) => metricById.get(metric)?.symbol ?? '';
  const rows = [
    ...events.map((event): { at: number; cells: Cell[] } => ({
      at: event.at,
      cells: [
        ...[
          site.id,
          month,
          'event',
          event.gateway,
          event.device,
          event.metric,
          event.kind,
          local(event.from),
          local(event.at),
        ],
        ...[event.before, event.after, event.booked, null, unitOf(event.metric), event.decidedBy, null, null],
      ],
    })),
    ...decisions.map((made): { at: number; cells: Cell[] } => ({
      at: made.at,
      cells: [
        ...[site.id, month, 'decision', made.gateway, made.device, made.metric, made.decision, null, local(made.at)],
        ...[
          made.last ?? null,
          made.first ?? null,
          null,
          made.estimate ?? null,
          unitOf(made.metric),
          made.who,
          made.why,
        ],
        local(made.decided),
      ],
    })),
  ];
  rows.sort((one, other) => one.at - other.at);
  return { name: 'Events', fixedColumns: 3, columns, rows: rows.map(({ cells }) => cells) };
}

export function sourcesTable({ used, version, inputs }: EnergyReport): Table {
  const columns = [
    text('kind', 30),
    text('id', 28),
    text('year or valid', 26),
    text('revision', 44),
    text('retrieved', 12),
    text('to be checked', 24),
    text('source', 90),
  ];
  const rows: Cell[][] = [
    ...used.tariffs.map((row): Cell[] => {
      const valid = `${row.valid_from} to ${row.valid_to ?? 'further notice'}`;
      const check = row.example === true ? 'an example: replace it' : (row.check ?? null);
      return ['tariff', row.id, valid, row.revision, row.retrieved, check, `${row.utility}: ${row.source}`];
    }),
    ...used.factors.map((row): Cell[] => {
      const value =
        row.co2e === undefined ? `CO2 ${row.co2}, CH4 ${row.ch4}, N2O ${row.n2o}` : `CO2e ${row.co2e} (${row.gwp})`;
      const source = `${value} ${row.unit}. ${row.source}`;
      return ['emission factor', row.id, String(row.year), row.revision, row.retrieved, row.check ?? null, source];
    }),
    ...used.gwps.map((row): Cell[] => [
      ...['global warming potentials', row.id, String(row.year), row.revision, row.retrieved, row.check ?? null],
      `CH4 ${row.ch4}, N2O ${row.n2o}. ${row.source}`,
    ]),
    ...used.holidays.map((row): Cell[] => {
      return [
        'holidays of the site',
        row.id,
        `${row.from} to ${row.to}`,
        row.revision,
        row.retrieved,
        null,
        row.source,
      ];
    }),
    ['software', 'Lamplighter', null, version, null, null, null],
    [
      'inputs',
      inputs,
      null,
      null,
      null,
      null,
      'SHA-256 of the roll-ups, events, decisions, tariffs and factors that went in',
    ],
  ];
  return { name: 'Sources', fixedColumns: 2, columns, rows };
}
