import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { isLong } from '../../is-long.ts';
import { type Influxd, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { anOpenStore } from '../../store/influxdb/influxdb-fixture.ts';
import { describeRollUpWorker } from '../../suites/rollup-worker.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

describeRollUpWorker({
  name: 'DuckDB',
  create: async () => {
    const store = new DuckDBStore({ options: { path: `${temporaryFolder()}/telemetry.duckdb` }, log: silentLog });
    onTestFinished(() => store.close());
    await store.open();
    await store.init();
    return store;
  },
  runs: isLong ? 12 : 5,
  isAtomic: true,
});

describeWithServer('influxd')('on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  describeRollUpWorker({
    name: 'InfluxDB',
    create: async () => (await anOpenStore({ url: server.url })).store,
    runs: isLong ? 6 : 3,
    isAtomic: false,
  });
});
