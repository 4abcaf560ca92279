import { Command } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { boundHeapGrowth } from '../heap-growth.ts';
import { showHistory } from '../history-bar.ts';
import { print } from '../print.ts';
import { readSettings, wordsOfFaults } from '../read-settings.ts';
import { isSplit, STORING_ROLES } from '../roles/role-names.ts';
import { isSecret, SETTING_KEYS, SETTINGS, type SettingKey, type Settings, variableOf } from '../settings.ts';
import { untilSignal } from '../until-signal.ts';
import { VERSION } from '../version.ts';
import { settingOption } from './setting-option.ts';

export function startCommand(): Command {
  const command = new Command('start')
    .description('run the server: broker, ingest, analysis and console, all in this process or some of them')
    .option('--config <file>', 'YAML file with any of the settings below, written with "_": mqtt_port: 1883');
  for (const key of SETTING_KEYS) {
    if (!isSecret(key)) command.addOption(settingOption(key));
  }
  command.addHelpText('after', () => {
    const secrets = SETTING_KEYS.filter(isSecret).map((key) => `  ${variableOf(key)}: ${SETTINGS[key].help}`);
    return [
      '',
      'Every setting can also be an environment variable: LAMPLIGHTER_ and its name in capitals, such as',
      'LAMPLIGHTER_MQTT_PORT. Flags win over the environment, the environment over the file. Secrets are never flags:',
      ...secrets,
      '',
      'Examples:',
      '  lamplighter start                                           the simulated city',
      '  lamplighter start --city city.yaml --data /var/lib/city     your own, from a manifest',
      '  lamplighter start --store influxdb --influx-url http://127.0.0.1:8086',
    ].join('\n');
  });
  return command.action(async (flags: Record<string, string | undefined>) => {
    const result = readSettings({ flags: keyed(flags), env: process.env });
    if (!result.ok) throw new LamplighterError('bad-request', wordsOfFaults(result.faults));
    await runServer(result.settings);
  });
}

/** The parser names `--mqtt-port` mqttPort, `--retention-15m-days` retention15mDays; the settings have mqtt_port. */
function keyed(flags: Record<string, string | undefined>): Partial<Record<SettingKey | 'config', string | undefined>> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replace(/[A-Z]|(?<=[a-z])\d/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** Where readings are stored, if a role of this process reads or writes them. */
function storeWords({ roles, store, influx_url }: Settings): string {
  if (!roles.some((role) => STORING_ROLES.includes(role))) return '';
  return store === 'duckdb' ? ' (DuckDB)' : ` (InfluxDB at ${new URL(influx_url ?? '').host})`;
}

async function runServer(settings: Settings): Promise<void> {
  boundHeapGrowth();
  // The server's modules take half a second and 40 MB to load, which no other command should pay.
  const log = createLog({ level: settings.log_level, name: 'lamplighter' });
  const server = isSplit(settings.roles)
    ? await (await import('../server-part.ts')).startServerPart(settings, log)
    : await (await import('../server.ts')).startServer(settings, log);
  print(`Lamplighter ${VERSION} is running.`);
  if (isSplit(settings.roles)) print(`  Roles    ${server.roles.join(', ')}, for the others at ${server.internal}`);
  if (server.console !== undefined) print(`  Console  ${server.console}`);
  if (server.mqtt !== undefined) print(`  MQTT     ${server.mqtt}`);
  print(`  Data     ${settings.data}${storeWords(settings)}`);
  print(`  City     ${server.city}`);
  print('Stop with Ctrl-C.');
  const progress = server.history === undefined ? undefined : showHistory(server.history, systemClock, process.stdout);
  await untilSignal(async () => {
    progress?.cancel();
    await server.stop();
  }, log);
}
