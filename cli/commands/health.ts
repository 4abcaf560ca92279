import { resolve } from 'node:path';
import { Command } from 'commander';
import { runningServer } from '../data-folder.ts';
import { print, printError } from '../print.ts';
import { dataOption } from './server-option.ts';

export function healthCommand(): Command {
  return new Command('health')
    .description('say whether the process on a data folder runs and has started: exit code 0 or 1, as containers ask')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const folder = resolve(data);
      const running = await runningServer(folder);
      if (running?.roles !== undefined) {
        print(`process ${running.pid} runs ${running.roles.join(', ')}`);
        return;
      }
      printError(
        running === undefined
          ? `no server runs on the data folder ${folder}`
          : `process ${running.pid || '(busy)'} on ${folder} is still starting`,
      );
      process.exitCode = 1;
    });
}
