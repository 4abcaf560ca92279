import { afterAll, beforeAll } from 'vitest';
import { type Influxd, startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { anOpenStore } from '../store/influxdb/influxdb-fixture.ts';
import { describeRollUpReader } from '../suites/roll-up-reader.ts';

describeWithServer('influxd')('on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  describeRollUpReader({
    name: 'InfluxDB',
    runs: 40,
    create: async () => (await anOpenStore({ url: server.url })).store,
  });
});
