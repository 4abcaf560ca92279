/** `lamplighter compose`: what docker-compose.yml needs beside itself. docs/operations.md tells the whole story. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { newToken } from '../../register/credentials.ts';
import { print, printError } from '../print.ts';

interface Line {
  readonly name: string;
  readonly value: string;
  readonly words: string;
}

export function composeCommand(): Command {
  const command = new Command('compose').description('the production stack in containers: docker-compose.yml');
  command
    .command('init')
    .description('make .env with random secrets (mode 600) beside docker-compose.yml; overwrites nothing')
    .option('--folder <folder>', 'folder of docker-compose.yml', '.')
    .option(
      '--bind <address>',
      'address of this machine on which the console, MQTT and Grafana are reached',
      '127.0.0.1',
    )
    .option('--gateway-url <url>', 'broker address for the files of new gateways (default: mqtt:// and --bind)')
    .action((options: { folder: string; bind: string; gatewayUrl?: string }) => init(options));
  return command;
}

function init({ folder, bind, gatewayUrl }: { folder: string; bind: string; gatewayUrl?: string }): void {
  const file = join(resolve(folder), '.env');
  if (existsSync(file)) {
    throw new LamplighterError(
      'conflict',
      `${file} is there already, with the secrets of this stack. To begin anew, take the stack down with its volumes (docker compose down --volumes), move .env away, and call this again.`,
    );
  }
  const lines = envLines(bind, gatewayUrl ?? `mqtt://${bind === '0.0.0.0' ? '127.0.0.1' : bind}:1883`);
  const text = lines.map(({ name, value, words }) => `# ${words}\n${name}=${value}\n`).join('\n');
  mkdirSync(resolve(folder), { recursive: true });
  if (!existsSync(join(resolve(folder), 'docker-compose.yml'))) {
    printError(`There is no docker-compose.yml in ${resolve(folder)}: it belongs beside .env, from the sources.`);
  }
  try {
    writeFileSync(file, `# Secrets and addresses of the stack. Keep it to yourself, and in your backups.\n\n${text}`, {
      mode: 0o600,
      flag: 'wx',
    });
  } catch (error) {
    throw new LamplighterError('bad-request', `cannot write ${file}: ${(error as Error).message}`);
  }
  print(`Wrote ${file} (mode 600), with random secrets. Next:`);
  print('  docker compose build                      # once, and after each upgrade');
  print('  docker compose up --detach --wait         # the city');
  print('  docker compose --profile demo up --detach # the same with simulated gateways');
  print(`Console  http://${bind}:8080, sign in with LAMPLIGHTER_OPERATOR_TOKEN of ${file}`);
  print(`Grafana  http://${bind}:3000, user admin, password GRAFANA_PASSWORD of the same file`);
}

/** What docker-compose.yml takes from .env. */
export function envLines(bind: string, gatewayUrl: string): Line[] {
  return [
    {
      name: 'LAMPLIGHTER_SERVICE_TOKEN',
      value: newToken(),
      words: 'What broker, ingest, analysis and console show each other.',
    },
    { name: 'LAMPLIGHTER_OPERATOR_TOKEN', value: newToken(), words: 'With it people sign in at the console.' },
    { name: 'INFLUX_TOKEN', value: newToken(), words: 'Of InfluxDB, for all of its organisation.' },
    { name: 'INFLUX_PASSWORD', value: password(), words: "Of the user lamplighter on InfluxDB's own page." },
    { name: 'GRAFANA_PASSWORD', value: password(), words: 'Of the user admin in Grafana.' },
    {
      name: 'BIND_ADDRESS',
      value: bind,
      words: 'Where console, MQTT and Grafana are reached; 0.0.0.0 is everywhere: read docs/operations.md first.',
    },
    { name: 'GATEWAY_URL', value: gatewayUrl, words: 'Address of the broker, for the files of new gateways.' },
  ];
}

/** 144 bits, without what a shell or a .env file would take for something else. */
function password(): string {
  return randomBytes(18).toString('base64url');
}
