import { Command } from 'commander';
import { print } from '../print.ts';
import { connectToServer, type ServerClient } from '../server-client.ts';
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
      print(`  ${watchWords(server, { id, token })}`);
    });
  return command;
}

type Broker = Pick<ServerClient, 'mqtt' | 'ca' | 'topicPrefix'>;

/** A ready mosquitto_sub line; mosquitto_sub speaks no WebSocket before 2.1, so there it is what any client needs. */
export function watchWords({ mqtt, ca, topicPrefix }: Broker, { id, token }: { id: string; token: string }): string {
  const topics = `${topicPrefix}/#`;
  if (!/^mqtts?:$/.test(mqtt.protocol))
    return `an MQTT client that speaks WebSocket, at ${mqtt.href}, topics ${topics}`;
  const isSecure = mqtt.protocol === 'mqtts:';
  const cafile = isSecure ? ` --cafile ${ca ?? '/etc/ssl/certs/ca-certificates.crt'}` : '';
  const port = mqtt.port || (isSecure ? '8883' : '1883');
  return `mosquitto_sub -h ${mqtt.hostname} -p ${port}${cafile} -u ${id} -P '${token}' -v -t '${topics}'`;
}
