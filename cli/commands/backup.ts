import { Command } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { systemClock } from '../../runtime/clock.ts';
import { takeBackup } from '../backup/take-backup.ts';
import { print, printError } from '../print.ts';
import { dataOption } from './server-option.ts';

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy everything that the running server keeps, without stopping it')
    .argument('<to>', 'a new folder, a new file that ends in .tar, or - for an archive on standard output')
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Examples:
  lamplighter backup backups/2026-11-23
  lamplighter backup - | ssh vault 'cat > lamplighter.tar'
`,
    )
    .action(async (to: string, { data }: { data: string }) => {
      if (to === '-' && process.stdout.isTTY) {
        throw new LamplighterError(
          'bad-request',
          'the archive is not for a terminal: send it to a file with > backup.tar',
        );
      }
      const stop = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.once(name, () =>
          stop.abort(new LamplighterError('conflict', 'stopped; nothing was kept of this backup.')),
        );
      }
      const { store } = await takeBackup({
        data,
        target: to === '-' ? process.stdout : to,
        clock: systemClock,
        say: (line) => printError(`  ${line}`),
        stopped: stop.signal,
      });
      const say = to === '-' ? printError : print;
      say(
        `Backed up ${to === '-' ? 'to standard output' : `to ${to}`}. It holds secrets: keep it as you keep a password.`,
      );
      if (store === 'influxdb') say(INFLUXDB_NEXT);
    });
}

const INFLUXDB_NEXT =
  'The readings are in InfluxDB: back that up now, after this and not before (docs/operations.md, "Backup and restore").';
