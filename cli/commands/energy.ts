import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { ENERGY_PERIODS } from '../../console/api/city/energy-query.ts';
import type { EnergyReply } from '../../console/api/replies-city.ts';
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
  readonly every: string;
  readonly dates?: string;
  readonly csv?: true | string;
  readonly data: string;
}

export function energyCommand(): Command {
  return new Command('energy')
    .description(
      'what a site used, and its demand, in quarter hours to fiscal years of its local time, or by billing period',
    )
    .requiredOption('--site <id>', 'site of the register')
    .addOption(new Option('--carrier <carrier>', 'what was used').choices(CARRIERS).default('electricity'))
    .option('--from <when>', 'day of the site (2026-11-01), today, month, ISO 8601 with an offset, or -7d', '-7d')
    .option('--to <when>', 'the same; a day means its beginning', 'now')
    .addOption(new Option('--every <period>', 'length of a row').choices(ENERGY_PERIODS).default('day'))
    .option('--dates <list>', 'billing periods between the dates on which the meter was read: 2026-01-14,2026-02-12')
    .option('--csv [file]', 'write CSV, to this file or else to standard output')
    .addOption(dataOption())
    .action(async ({ data, csv, dates, ...query }: Options) => {
      const server = await connectToServer(data);
      const answer = await server.get<EnergyReply>('/api/energy', { ...query, date: dates });
      const header = [
        `from (${answer.zone})`,
        `${answer.carrier} (${answer.unit})`,
        'measured (%)',
        'events',
        `interpolated (${answer.unit})`,
        `estimated (${answer.unit})`,
        `peak (${answer.demand_unit})`,
        'peak at',
      ];
      const rows = answer.rows.map((row) => [
        localIso(row.from_ms, answer.zone),
        row.value ?? '',
        row.coverage_percent,
        row.events.join(' '),
        row.interpolated ?? '',
        row.estimated ?? '',
        row.peak ?? '',
        row.peak_at_ms === null ? '' : localIso(row.peak_at_ms, answer.zone),
      ]);
      if (csv !== undefined) {
        const text = [header, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
        if (csv === true) process.stdout.write(text);
        else writeFileSync(csv, text);
        return;
      }
      printTable(header, rows);
      print();
      const total = answer.total === null ? 'nothing is known' : `${answer.total} ${answer.unit}`;
      print(`In all: ${total}, ${answer.coverage_percent} % measured.`);
      for (const { device, words } of answer.events) print(`${device}: ${words}`);
    });
}
