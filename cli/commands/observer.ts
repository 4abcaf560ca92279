import { Command } from 'commander';
import { print } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

export function observerCommand(): Command {
  const command = new Command('observer').description('credentials that may watch every topic and publish nothing');
  command
    .command('add')
    .argument('<name>', 'whose it is, such as "anna"')
    .description('make a read-only MQTT credential; the token is shown once')
    .addOption(dataOption())
    .action(async (name: string, options: { data: string }) => {
      const server = await connectToServer(options.data);
      const { id, token } = await server.post<{ id: string; token: string }>('/api/observers', { name });
      print(`user name  ${id}`);
      print(`password   ${token}`);
      print();
      print('The password is not kept: write it down now. Watch with:');
      print(
        `  mosquitto_sub -h ${server.mqtt.hostname} -p ${server.mqtt.port || '1883'} -u ${id} -P '${token}' -v -t 'city/v1/#'`,
      );
    });
  return command;
}
