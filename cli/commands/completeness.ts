import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CompletenessReply } from '../../console/api/completeness/replies-completeness.ts';
import { localIso } from '../../energy/calendar.ts';
import { counted, print, printTable } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface Options {
  readonly site?: string;
  readonly gateway?: string;
  readonly device?: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly limit?: string;
  readonly missing?: true;
  readonly csv?: true | string;
  readonly data: string;
}

const EXAMPLES = `
Examples:
  lamplighter completeness                                            the whole city, the last 24 hours
  lamplighter completeness --site city-hall --from 2026-10-01 --to 2026-11-01
  lamplighter completeness --gateway tobin-center-gateway --from today --missing
  lamplighter completeness --site city-hall --from -7d --missing --csv missing.csv`;

/** With more ranges their words would bury the summary. */
const MOST_EXPLAINED = 40;

export function completenessCommand(): Command {
  return new Command('completeness')
    .description('which readings are missing, and why as far as it is known')
    .option('--site <id>', 'only of devices while they were at this site')
    .option('--gateway <id>', 'only of this gateway')
    .option('--device <gateway/device...>', 'only of these; * stands for any gateway or any device')
    .option('--from <when>', 'day of the site (2026-11-01), today, month, ISO 8601 with an offset, or -7d', '-1d')
    .option('--to <when>', 'the same; a day means its beginning', 'now')
    .option('--limit <number>', 'at most this many devices, the worst first')
    .option('--missing', 'name each missing range with its cause')
    .option(
      '--csv [file]',
      'write CSV, to this file or else to standard output: days of devices, or with --missing the ranges',
    )
    .addOption(dataOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ data, csv, missing, ...query }: Options) => {
      const server = await connectToServer(data);
      const asked = { ...query, ...(missing === true ? { missing: 'true', detail: 'true' } : {}) };
      if (csv !== undefined) {
        const text = await server.text('/api/completeness', { ...asked, format: 'csv' });
        if (csv === true) process.stdout.write(text);
        else writeFileSync(csv, text);
        return;
      }
      const answer = await server.get<CompletenessReply>('/api/completeness', asked);
      if (missing === true) printRanges(answer);
      else printDevices(answer);
      printSummary(answer);
    });
}

function printRanges({ devices }: CompletenessReply): void {
  const ranges = devices.flatMap((device) => device.ranges.map((range) => ({ device, range })));
  for (const { device, range } of ranges.slice(0, MOST_EXPLAINED)) {
    print(`${device.gateway}/${device.device} (${device.site}): ${range.words}`);
  }
  if (ranges.length > MOST_EXPLAINED) {
    print(`… and ${ranges.length - MOST_EXPLAINED} more ranges; --csv lists them all.`);
  }
  if (ranges.length > 0) print();
}

function printDevices({ sites, devices, left_off }: CompletenessReply): void {
  if (sites.length > 1) {
    printTable(
      ['site', 'devices', 'expected', 'missing', 'complete (%)', 'why'],
      sites.map((site) => [
        site.site,
        site.devices,
        site.expected,
        site.missing,
        site.coverage_percent ?? '',
        causesText(site.causes),
      ]),
    );
    print();
  }
  printTable(
    ['device', 'site', 'every (s)', 'expected', 'stored', 'missing', 'complete (%)', 'why'],
    devices.map((row) => [
      `${row.gateway}/${row.device}`,
      row.site,
      row.interval_s ?? '',
      row.interval_s === null ? '' : row.expected,
      row.stored,
      row.interval_s === null ? '' : row.missing,
      row.coverage_percent ?? '',
      causesText(row.causes),
    ]),
  );
  print();
  for (const { gateway, device, note } of devices) if (note !== '') print(`${gateway}/${device}: ${note}`);
  if (left_off > 0) print(`${left_off} more devices are counted and not listed; --limit lists more.`);
}

function printSummary({ from_ms, to_ms, zone, total, causes, late, evidence }: CompletenessReply): void {
  const share = total.coverage_percent === null ? 'nothing is expected' : `${total.coverage_percent} % complete`;
  print(
    `From ${localIso(from_ms, zone)} to ${localIso(to_ms, zone)}, ${counted(total.devices, 'device')}: ${share}, ${total.missing} of ${total.expected} readings missing.`,
  );
  if (total.devices_without_interval > 0) {
    print(`${total.devices_without_interval} devices are not counted: the register does not say how often they speak.`);
  }
  for (const { cause, readings, certain, words } of causes) {
    print(`  ${readings} ${cause}${certain === readings ? '' : ` (${certain} for certain)`}: ${words}`);
  }
  const lateReadings = late.gateways.reduce((sum, { readings }) => sum + readings, 0);
  if (lateReadings > 0) {
    print(
      `${counted(lateReadings, 'reading')} of ${counted(late.gateways.length, 'gateway')} came more than ${late.after_minutes} minutes late.`,
    );
  }
  if (evidence.words !== '') print(evidence.words);
}

function causesText(causes: CompletenessReply['causes'] | CompletenessReply['sites'][number]['causes']): string {
  return causes.map(({ cause, readings }) => `${readings} ${cause}`).join(', ');
}
