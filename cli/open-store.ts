/** Settings → the store they name. */
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { DuckDBStore } from '../store/duckdb/duckdb-store.ts';
import { InfluxdbStore } from '../store/influxdb/influxdb-store.ts';
import type { RollUpStore } from '../store/roll-up-store.ts';
import type { TelemetryStore } from '../store/telemetry-store.ts';
import { secret } from './secret.ts';
import type { Settings } from './settings.ts';

/** All that the roles ask of the store. */
export type CityStore = TelemetryStore & RollUpStore;

export function createStore(settings: Settings, deps: { clock: Clock; random: Random; log: Log }): CityStore {
  if (settings.store === 'duckdb') {
    return new DuckDBStore({
      options: {
        path: join(settings.data, 'telemetry.duckdb'),
        threads: settings.duckdb_threads,
        memoryLimit: `${settings.duckdb_memory_mb}MB`,
      },
      log: deps.log,
    });
  }
  return new InfluxdbStore({
    ...deps,
    folder: settings.data,
    options: {
      url: settings.influx_url ?? '',
      version: settings.influx_version,
      bucket: settings.influx_database,
      org: settings.influx_org,
      token: secret(settings.influx_token, settings.influx_token_file),
      username: settings.influx_username,
      password: secret(settings.influx_password, settings.influx_password_file),
    },
  });
}
