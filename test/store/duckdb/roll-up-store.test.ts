import { onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { isLong } from '../../is-long.ts';
import { type BothStores, describeRollUpStore } from '../../suites/roll-up-store.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const paths = new WeakMap<BothStores, string>();

describeRollUpStore({
  name: 'DuckDB',
  create: () => openStore(`${temporaryFolder()}/telemetry.duckdb`),
  async reopen(store) {
    await store.close();
    return openStore(paths.get(store)!);
  },
  deletesNow: true,
  runs: isLong ? 100 : 25,
});

async function openStore(path: string): Promise<BothStores> {
  const store = new DuckDBStore({ options: { path }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  await store.init();
  paths.set(store, path);
  return store;
}
