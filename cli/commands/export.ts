import { Command } from 'commander';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

export function exportCommand(): Command {
  const command = new Command('export').description('write down what the register holds');
  command
    .command('manifest')
    .description('print the register as a manifest (YAML, without secrets)')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const server = await connectToServer(data);
      process.stdout.write(await server.text('/api/export/manifest'));
    });
  return command;
}
