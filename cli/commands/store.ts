import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import type { StoreCheck, TelemetryStore } from '../../store/telemetry-store.ts';
import { STORE_FILE } from '../backup/kept-files.ts';
import { DataFolder, runningServer } from '../data-folder.ts';
import { print } from '../print.ts';
import { readSettings, wordsOfFaults } from '../read-settings.ts';
import { connectToServer } from '../server-client.ts';
import type { SettingKey, Settings } from '../settings.ts';
import { settingOption } from './setting-option.ts';

const STORE_SETTINGS: readonly SettingKey[] = [
  'data',
  'store',
  'influx_url',
  'influx_version',
  'influx_database',
  'influx_org',
  'influx_token_file',
  'influx_username',
  'influx_password_file',
];

export function storeCommand(): Command {
  const command = new Command('store').description('make and check the place where readings are stored');
  const add = (name: 'init' | 'check', description: string): void => {
    const sub = command
      .command(name)
      .description(description)
      .option('--config <file>', 'YAML file with the settings of the server');
    for (const key of STORE_SETTINGS) sub.addOption(settingOption(key));
    sub.action(async (flags: Record<string, string | undefined>) => {
      const given = Object.fromEntries(
        STORE_SETTINGS.map((key) => [key, flags[key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())]]),
      );
      const result = readSettings({ flags: { ...given, config: flags.config }, env: process.env });
      if (!result.ok) throw new LamplighterError('bad-request', wordsOfFaults(result.faults));
      const check = await ask(name, result.settings);
      print(`${check.engine} ${check.version}: ${check.words}`);
      if (!check.ok) process.exitCode = 1;
    });
  };
  add('init', 'create what is missing (tables; database or bucket), without touching what is there');
  add('check', 'say whether the store can be reached, read and written, and what to do if not');
  return command;
}

/** A running server is asked, since its files have one owner; otherwise the store is opened here. */
async function ask(name: 'init' | 'check', settings: Settings): Promise<StoreCheck> {
  if ((await runningServer(settings.data)) !== undefined) {
    const server = await connectToServer(settings.data);
    return name === 'init' ? await server.post('/api/store/init') : await server.get('/api/store/check');
  }
  const file = join(settings.data, STORE_FILE);
  if (name === 'check' && settings.store === 'duckdb' && !existsSync(file)) {
    throw new LamplighterError(
      'not-found',
      `there is no store at ${file}. Name another folder with --data, or make one with: lamplighter store init --data ${settings.data}`,
    );
  }
  // Loading the engines takes a moment that no other command should wait.
  const { createStore } = await import('../open-store.ts');
  const log = createLog({ level: 'warn', name: 'lamplighter' });
  const store = createStore(settings, { clock: systemClock, random: Math.random, log });
  if (settings.store === 'influxdb') return await store[name]();
  return await withOpen(store, settings.data, () => store[name]());
}

async function withOpen<T>(store: TelemetryStore, data: string, act: () => Promise<T>): Promise<T> {
  const folder = new DataFolder(data);
  await folder.start();
  try {
    await store.open();
    return await act();
  } finally {
    await store.close();
    await folder.stop();
  }
}
