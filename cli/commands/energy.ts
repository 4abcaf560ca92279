import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { EnergyReply } from '../../console/api/replies-city.ts';
import { localIso, PERIODS } from '../../energy/calendar.ts';
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
  readonly csv?: true | string;
  readonly data: string;
}

export function energyCommand(): Command {
  return new Command('energy')
    .description('what a site used, in days, months, hours or quarter hours of its local time')
    .requiredOption('--site <id>', 'site of the register')
    .addOption(new Option('--carrier <carrier>', 'what was used').choices(CARRIERS).default('electricity'))
    .option('--from <when>', 'day of the site (2026-11-01), today, month, ISO 8601 with an offset, or -7d', '-7d')
    .option('--to <when>', 'the same; a day means its beginning', 'now')
    .addOption(new Option('--every <period>', 'length of a row').choices(PERIODS).default('day'))
    .option('--csv [file]', 'as CSV, to a file or to standard output')
    .addOption(dataOption())
    .action(async ({ data, csv, ...query }: Options) => {
      const server = await connectToServer(data);
      const answer = await server.get<EnergyReply>('/api/energy', query);
      const header = [`from (${answer.zone})`, `${answer.carrier} (${answer.unit})`, 'measured (%)', 'events'];
      const rows = answer.rows.map(({ from_ms, value, coverage_percent, events }) => [
        localIso(from_ms, answer.zone),
        value ?? '',
        coverage_percent,
        events.join(' '),
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
