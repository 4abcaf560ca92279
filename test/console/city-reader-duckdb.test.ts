import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { describeRollUpReader } from '../suites/roll-up-reader.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describeRollUpReader({
  name: 'DuckDB',
  runs: 60,
  create: async () => {
    const store = new DuckDBStore({ options: { path: join(temporaryFolder(), 'city.duckdb') }, log: silentLog });
    onTestFinished(() => store.close());
    await store.open();
    await store.init();
    return store;
  },
});
