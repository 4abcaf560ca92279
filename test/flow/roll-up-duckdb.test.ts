import { join } from 'node:path';
import { test } from 'vitest';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { isLong } from '../is-long.ts';
import { tellRollUpStory } from './roll-up-story.ts';

test.runIf(isLong)('kills while DuckDB rolls up change nothing in the end', { timeout: 480_000 }, async () => {
  await tellRollUpStory(async () => ({
    args: [],
    open: async (data) => {
      const store = new DuckDBStore({ options: { path: join(data, 'telemetry.duckdb') }, log: silentLog });
      await store.open();
      return store;
    },
  }));
});
