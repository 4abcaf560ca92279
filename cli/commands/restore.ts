import { Command } from 'commander';
import { systemClock } from '../../runtime/clock.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { print, printError } from '../print.ts';
import { dataOption } from './server-option.ts';

export function restoreCommand(): Command {
  return new Command('restore')
    .description('put a backup into an empty data folder, checking every file')
    .argument('<from>', 'what lamplighter backup made: a folder, a .tar file, or - for an archive on standard input')
    .addOption(dataOption())
    .action(async (from: string, { data }: { data: string }) => {
      const { lamplighter, began, store, roles } = await restoreBackup({
        from: from === '-' ? process.stdin : from,
        data,
        clock: systemClock,
        say: (line) => printError(`  ${line}`),
      });
      const at = new Date(began).toISOString();
      print(`Restored ${data} as it was at ${at} (Lamplighter ${lamplighter}; ${roles.join(', ')}).`);
      if (store === 'influxdb')
        print('Restore the backup of InfluxDB that was made after it before you start the server.');
      print(`Start it with: lamplighter start --data ${data} — and the settings that it had before.`);
    });
}
