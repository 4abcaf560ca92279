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
      const isSecure = server.mqtt.protocol === 'mqtts:';
      const cafile = isSecure ? ` --cafile ${server.ca ?? '/etc/ssl/certs/ca-certificates.crt'}` : '';
      print(
        `  mosquitto_sub -h ${server.mqtt.hostname} -p ${server.mqtt.port || (isSecure ? '8883' : '1883')}${cafile} -u ${id} -P '${token}' -v -t 'city/v1/#'`,
      );
    });
  return command;
}
