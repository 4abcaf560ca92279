import { Command, Option } from 'commander';
import type { FigureReply } from '../../console/api/analytics/figure-reply.ts';
import type { AnalyticsReply } from '../../console/api/analytics/replies-analytics.ts';
import { localIso } from '../../energy/calendar.ts';
import { CARRIERS } from '../../energy/carriers.ts';
import { print, printTable } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface Options {
  readonly site: string;
  readonly carrier: string;
  readonly from: string;
  readonly to: string;
  readonly gwp: string;
  readonly json?: true;
  readonly data: string;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const COMPARED = { 'last-week': 'Against last week', 'last-year': 'Against last year' } as const;

export function analyticsCommand(): Command {
  return new Command('analytics')
    .description('figures of a site: base load, peaks, after hours, the week, comparisons, weather, cost, emissions')
    .requiredOption('--site <id>', 'site of the register')
    .addOption(new Option('--carrier <carrier>', 'what was used').choices(CARRIERS).default('electricity'))
    .option('--from <when>', 'day of the site (2026-11-01), today, month, ISO 8601 with an offset, or -30d', '-30d')
    .option('--to <when>', 'the same; a day means its beginning', 'now')
    .option('--gwp <id>', 'global warming potentials: AR4, AR5, AR6', 'AR5')
    .option('--json', 'print JSON, as the API gives it')
    .addOption(dataOption())
    .action(async ({ data, json, ...query }: Options) => {
      const server = await connectToServer(data);
      const answer = await server.get<AnalyticsReply>('/api/analytics', query);
      if (json === true) print(JSON.stringify(answer, null, 2));
      else printAnswer(answer);
    });
}

function printAnswer(answer: AnalyticsReply): void {
  const { zone } = answer;
  print(`${answer.site_name}, ${answer.carrier}, ${localIso(answer.from_ms, zone)} to ${localIso(answer.to_ms, zone)}`);
  print(`Meters: ${answer.meters.map(({ name, device }) => `${name} (${device})`).join(', ') || 'none'}`);
  print();
  printTable(
    ['figure', 'value', 'unit', 'measured (%)', ''],
    [...loadRows(answer), ...weatherRows(answer), ...moneyRows(answer)],
  );
  print();
  printTable(
    ['month', `peak (${answer.demand_unit})`, `at (${zone})`, 'measured (%)'],
    answer.monthly_peaks.map(({ month, value, at_local, measured_percent, refusal }) => [
      month,
      rounded(value),
      at_local ?? refusal?.words ?? '',
      measured_percent ?? '',
    ]),
  );
  print();
  const { cells } = answer.profile;
  if (cells === null) return;
  print(`Mean load by weekday and hour of the local clock, ${answer.demand_unit}:`);
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour));
  printTable(
    ['', ...hours],
    cells.map((means, weekday) => [
      WEEKDAYS[weekday] ?? '',
      ...means.map((mean) => (mean === null ? '' : Number(mean.toPrecision(3)))),
    ]),
  );
}

type Row = (string | number)[];

function loadRows(answer: AnalyticsReply): Row[] {
  const { base_load: base, peak, after_hours: after } = answer;
  return [
    row('Used', answer.amount),
    row(
      'Base load',
      base,
      base.share_of_mean_percent === null ? '' : `${rounded(base.share_of_mean_percent)} % of the mean`,
    ),
    row('Peak', peak, peak.at_local ?? ''),
    row('Load factor', answer.load_factor),
    row(
      'After hours',
      after,
      after.share_of_time_percent === null
        ? ''
        : `in ${rounded(after.share_of_time_percent)} % of the time; holidays: ${after.holidays}`,
    ),
    ...answer.comparisons.map((one) =>
      changeRow(
        COMPARED[one.with],
        one,
        one.earlier_amount === null
          ? ''
          : `${rounded(one.earlier_amount)} ${answer.unit} then, ${one.earlier_measured_percent} % measured; ${one.days_compared} days`,
      ),
    ),
  ];
}

function weatherRows({ weather, unit }: AnalyticsReply): Row[] {
  const { station, heating, cooling, normal_change: change } = weather;
  const from =
    station === null ? '' : `${station.name}, ${station.distance_km} km away${station.is_far ? ', far' : ''}`;
  return [
    row('Heating degree-days', heating, from),
    row('Cooling degree-days', cooling, from),
    changeRow(
      'Weather-normal change',
      change,
      change.expected === null ? '' : `${rounded(change.expected)} ${unit} were expected in this weather`,
    ),
  ];
}

function moneyRows({ cost, emissions }: AnalyticsReply): Row[] {
  const tariff = [cost.tariff ?? '', cost.is_example ? 'an example tariff' : '', ...cost.notes];
  const factorsOf = (factors: readonly { id: string; is_second_hand: boolean }[]) =>
    factors.map(({ id, is_second_hand }) => `${id}${is_second_hand ? ' (second hand)' : ''}`).join(', ');
  return [
    row('Cost', cost, tariff.filter((part) => part !== '').join('; ')),
    ...(emissions === null
      ? []
      : [
          row('Emissions, by location', emissions.location, factorsOf(emissions.location.factors)),
          row(
            'Emissions, by market',
            emissions.market,
            [factorsOf(emissions.market.factors), emissions.market.basis ?? '']
              .filter((part) => part !== '')
              .join(', '),
          ),
        ]),
  ];
}

function row(name: string, { value, unit, measured_percent, refusal }: FigureReply, words = ''): Row {
  return [name, rounded(value), value === null ? '' : unit, measured_percent ?? '', refusal?.words ?? words];
}

/** A change has its sign: +89.2 %. */
function changeRow(name: string, figure: FigureReply, words: string): Row {
  const [, value = '', ...others] = row(name, figure, words);
  return [name, (figure.value ?? 0) > 0 ? `+${value}` : value, ...others];
}

function rounded(value: number | null): string {
  return value === null ? '–' : new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 }).format(value);
}
