import { existsSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import type { sitesReply } from '../../console/api/replies.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { REPORT_PARTS } from '../../reports/energy-report-tables.ts';
import { print, printError } from '../print.ts';
import { connectToServer, type ServerClient } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface Options {
  readonly site?: string;
  readonly allSites?: true;
  readonly month?: string;
  readonly format: 'csv' | 'xlsx' | 'json';
  readonly part?: string;
  readonly gwp?: string;
  readonly output?: string;
  readonly force?: true;
  readonly data: string;
}

const EXAMPLES = `
A figure that is not known is empty, beside the reason; see docs/reports.md.

Examples:
  lamplighter report energy --site city-hall
  lamplighter report energy --site city-hall --month 2026-10 --format csv --part cost --output -
  lamplighter report energy --all-sites --month 2026-10`;

export function reportCommand(): Command {
  return new Command('report').description('write a report as a document').addCommand(energyReportCommand());
}

function energyReportCommand(): Command {
  return new Command('energy')
    .description('what a site used in a month: consumption, cost, peak, emissions and how complete that is')
    .option('--site <id>', 'site of the register')
    .option('--all-sites', 'a file for each site that is in use')
    .option('--month <month>', 'civil month of the site, such as 2026-10 (default: the last one that is over)', month)
    .addOption(new Option('--format <format>', 'kind of document').choices(['xlsx', 'csv', 'json']).default('xlsx'))
    .addOption(new Option('--part <part>', 'which table, of CSV (default: days)').choices(REPORT_PARTS))
    .option('--gwp <id>', 'global warming potentials: AR4, AR5 or AR6 (default: AR5)')
    .option('--output <file>', 'file to write; - for standard output (default: <site>-<month>.xlsx, here)')
    .option('--force', 'overwrite a file that is there')
    .addOption(dataOption())
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => {
      checkTogether(options);
      const server = await connectToServer(options.data);
      if (options.site !== undefined) await writeReport(server, options.site, options);
      else await writeAll(server, options);
    });
}

/** Throws `bad-request` for options that do not go together. */
function checkTogether({ site, allSites, part, format, output }: Options): void {
  if ((site === undefined) === (allSites === undefined)) {
    throw new LamplighterError('bad-request', 'say which site: --site ID, or --all-sites for a file each.');
  }
  if (allSites && output !== undefined) {
    throw new LamplighterError(
      'bad-request',
      '--output names one file, and --all-sites writes several. Leave one out.',
    );
  }
  if (part !== undefined && format !== 'csv') {
    throw new LamplighterError('bad-request', `--part is of CSV; ${format} holds all tables. Add --format csv.`);
  }
}

async function writeAll(server: ServerClient, options: Options): Promise<void> {
  const { sites } = await server.get<z.infer<typeof sitesReply>>('/api/sites');
  const wanted = sites.filter(({ retired }) => retired !== true).sort((one, other) => (one.id < other.id ? -1 : 1));
  let failed = 0;
  for (const [place, { id }] of wanted.entries()) {
    const progress = `[${place + 1}/${wanted.length}]`;
    try {
      await writeReport(server, id, options, `${progress} `);
    } catch (error) {
      // Of one site a fault is told, and the others are still written.
      if (!(error instanceof LamplighterError)) throw error;
      failed++;
      printError(`${progress} ${id}: ${error.message}`);
    }
  }
  if (failed === 0) return;
  throw new LamplighterError(
    'conflict',
    `${failed} of ${wanted.length} reports were not written; the lines above say why.`,
  );
}

async function writeReport(server: ServerClient, site: string, options: Options, progress = ''): Promise<void> {
  const { month: wanted, format, part, gwp, output, force } = options;
  // A file that may not be overwritten is told before the work, where its name is known already.
  if (output !== undefined && output !== '-' && !force && existsSync(output)) throw isThere(output, options);
  const { name, bytes, headers } = await server.file('/api/reports/energy', { site, month: wanted, format, part, gwp });
  if (options.allSites && headers.get('x-lamplighter-carriers') === '') {
    print(`${progress}${site}: no meters, no report`);
    return;
  }
  if (output === '-') {
    process.stdout.write(bytes);
    return;
  }
  const file = output ?? name ?? `${site}.${format}`;
  try {
    writeFileSync(file, bytes, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw isThere(file, options);
    throw new LamplighterError('bad-request', `cannot write ${file}: ${(error as Error).message}.`);
  }
  print(`${progress}${file}`);
}

function isThere(file: string, { site }: Options): LamplighterError {
  const other = site === undefined ? '' : ', or name another with --output';
  return new LamplighterError('conflict', `${file} is there already. Add --force to overwrite it${other}.`);
}

function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('must be a month such as 2026-10');
  return text;
}
