import { onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import type { TelemetryStore } from '../../../store/telemetry-store.ts';
import { describeTelemetryStore } from '../../suites/telemetry-store.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const paths = new WeakMap<TelemetryStore, string>();

describeTelemetryStore({
  name: 'DuckDB',
  create: () => openStore(`${temporaryFolder()}/telemetry.duckdb`),
  async reopen(store) {
    await store.close();
    return openStore(paths.get(store)!);
  },
});

async function openStore(path: string): Promise<TelemetryStore> {
  const store = new DuckDBStore({ options: { path }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  await store.init();
  paths.set(store, path);
  return store;
}
