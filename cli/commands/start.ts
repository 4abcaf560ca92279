import { Command, Option } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { createLog, type Log } from '../../runtime/log.ts';
import { print, printError } from '../print.ts';
import { readSettings, wordsOfFaults } from '../read-settings.ts';
import { type RunningServer, startServer } from '../server.ts';
import { flagOf, isSecret, SETTING_KEYS, SETTINGS, type SettingKey, type Settings, variableOf } from '../settings.ts';
import { VERSION } from '../version.ts';

/** A stop that takes longer is ended, and says so. */
const STOP_WITHIN_MS = 4_500;

export function startCommand(): Command {
  const command = new Command('start')
    .description('run the whole server: broker, ingest, store and console')
    .option('--config <file>', 'YAML file with any of the settings below, written with "_": mqtt_port: 1883');
  for (const key of SETTING_KEYS) {
    if (isSecret(key)) continue;
    const { help, value, schema } = SETTINGS[key];
    const standard = schema.safeParse(undefined).data;
    command.addOption(
      new Option(`${flagOf(key)} <${value}>`, standard === undefined ? help : `${help} (default: ${standard})`),
    );
  }
  command.addHelpText('after', () => {
    const secrets = SETTING_KEYS.filter(isSecret).map((key) => `  ${variableOf(key)}: ${SETTINGS[key].help}`);
    return [
      '',
      'Every setting can be given as an environment variable too: LAMPLIGHTER_ and its name in capitals, such as',
      'LAMPLIGHTER_MQTT_PORT. Flags win over the environment, the environment over the file. Secrets are never flags:',
      ...secrets,
    ].join('\n');
  });
  return command.action(async (flags: Record<string, string | undefined>) => {
    const result = readSettings({ flags: keyed(flags), env: process.env });
    if (!result.ok) throw new LamplighterError('bad-request', wordsOfFaults(result.faults));
    await runServer(result.settings);
  });
}

/** The parser names `--mqtt-port` mqttPort; the settings call it mqtt_port. */
function keyed(flags: Record<string, string | undefined>): Partial<Record<SettingKey | 'config', string | undefined>> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

async function runServer(settings: Settings): Promise<void> {
  const log = createLog({ level: settings.log_level, name: 'lamplighter' });
  const server = await startServer(settings, log);
  print(`Lamplighter ${VERSION} is running.`);
  print(`  Console  ${server.console}`);
  print(`  MQTT     ${server.mqtt}`);
  print(
    `  Data     ${settings.data} (${settings.store === 'duckdb' ? 'DuckDB' : `InfluxDB at ${new URL(settings.influx_url ?? '').host}`})`,
  );
  print(`  City     ${server.city}`);
  print('Stop with Ctrl-C.');
  await stopOnSignal(server, log);
}

async function stopOnSignal(server: RunningServer, log: Log): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, resolve);
  });
  print(`\nStopping (${signal}) …`);
  const giveUp = (why: string): void => {
    printError(`${why}; what was not stored stays on the gateways.`);
    process.exit(1);
  };
  const watchdog = setTimeout(
    () => giveUp(`Not everything stopped within ${STOP_WITHIN_MS / 1_000} s`),
    STOP_WITHIN_MS,
  );
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => giveUp('Stopped at once'));
  try {
    await server.stop();
    print('Stopped.');
  } catch (error) {
    log.error({ error }, 'stopping failed');
    process.exitCode = 1;
  }
  clearTimeout(watchdog);
  // Nothing may hold the process open once every service has stopped.
  process.exit();
}
