import { basename } from 'node:path';
import { Command } from 'commander';
import type { ManifestReply } from '../../console/api/import-replies.ts';
import { COLUMNS, IMPORT_KINDS } from '../../register/import/columns.ts';
import { fileContent } from '../import/file-content.ts';
import { importList, type ListOptions } from '../import/list-import.ts';
import { confirm, counted, print } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { delimiterOption, gathered } from './import-options.ts';
import { importReadingsCommand } from './import-readings.ts';
import { dataOption } from './server-option.ts';

const MOST_SHOWN = 50;

const EXAMPLE = {
  sites: '\nExample:\n  lamplighter import sites sites.csv --dry-run',
  gateways: '\nExample:\n  lamplighter import gateways gateways.csv --tokens tokens.csv --out-dir gateways/',
  devices: '\nExample:\n  lamplighter import devices devices.csv --dry-run',
} as const;

export function importCommand(): Command {
  const command = new Command('import').description('bring a city in: its sites, gateways, devices and past readings');

  for (const kind of IMPORT_KINDS) {
    const list = command
      .command(kind)
      .argument('<file.csv>', 'the list, one entry a line, with a header')
      .description(`add and change ${kind} by a CSV file; shows what would change, then asks`)
      .addHelpText('after', `\nColumns, in any order:\n${columnHelp(kind)}\n${EXAMPLE[kind]}`)
      .option('--dry-run', 'only show what would change')
      .option('--yes', 'do not ask')
      .addOption(delimiterOption())
      .option('--ignore <column>', 'pass over a column; can be repeated', gathered)
      .addOption(dataOption());
    if (kind === 'gateways') {
      list
        .option('--tokens <file>', 'write the tokens of new gateways there (CSV, mode 600); they are shown this once')
        .option('--out-dir <folder>', 'write a ready <id>.yaml for each of them there (mode 600)')
        .option('--renew-tokens', 'also new tokens for gateways of the file that are there already');
    }
    list.action(async (file: string, options: ListOptions) => importList(kind, file, options));
  }

  command
    .command('manifest')
    .argument('<file.yaml>', 'the manifest, as lamplighter export manifest writes it')
    .description('make the register follow a manifest; shows what would change, then asks')
    .option('--dry-run', 'only show what would change')
    .option('--yes', 'do not ask')
    .addOption(dataOption())
    .action(importManifest);

  command.addCommand(importReadingsCommand());
  return command;
}

async function importManifest(file: string, options: { dryRun?: boolean; yes?: boolean; data: string }): Promise<void> {
  const text = fileContent(file);
  const server = await connectToServer(options.data);
  const post = async (dry_run: boolean) =>
    await server.postFile<ManifestReply>(
      '/api/import/manifest',
      { dry_run, file: basename(file) },
      'application/yaml',
      text,
    );
  const { changes, conflicts } = await post(true);
  for (const { action, kind, id, words } of changes.slice(0, MOST_SHOWN)) print(`${action} ${kind} ${id}: ${words}`);
  if (changes.length > MOST_SHOWN) print(`… and ${changes.length - MOST_SHOWN} more.`);
  for (const { kind, id, words } of conflicts) print(`conflict: ${kind} '${id}' ${words}`);
  print(`${counted(changes.length, 'change')}, ${counted(conflicts.length, 'conflict')}.`);
  if (changes.length === 0 || options.dryRun === true) return;
  if (options.yes !== true && !(await confirm('Do it?'))) {
    process.exitCode = 1;
    return;
  }
  const done = await post(false);
  print(`Done: ${counted(done.changes.length, 'change')}. Conflicts stay as they are at the console.`);
}

function columnHelp(kind: keyof typeof COLUMNS): string {
  const width = Math.max(...COLUMNS[kind].map(({ name }) => name.length));
  return COLUMNS[kind]
    .map(({ name, needed, words }) => `  ${name.padEnd(width)}  ${words}${needed === true ? ' (needed)' : ''}`)
    .join('\n');
}
