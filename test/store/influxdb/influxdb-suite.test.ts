import { afterAll, beforeAll } from 'vitest';
import type { InfluxdbStore } from '../../../store/influxdb/influxdb-store.ts';
import { isLong } from '../../is-long.ts';
import { type Influxd, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { describeRollUpStore } from '../../suites/roll-up-store.ts';
import { describeTelemetryStore } from '../../suites/telemetry-store.ts';
import { anOpenStore, type StoreFixture } from './influxdb-fixture.ts';

describeWithServer('influxd')('on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  const fixtureOf = new Map<unknown, StoreFixture>();
  const remember = (fixture: StoreFixture): InfluxdbStore => {
    fixtureOf.set(fixture.store, fixture);
    return fixture.store;
  };

  const engine = {
    name: 'InfluxDB',
    create: async () => remember(await anOpenStore({ url: server.url })),
    reopen: async (store: { close(): Promise<void> }) => {
      await store.close();
      const { bucket, folder } = fixtureOf.get(store)!;
      return remember(await anOpenStore({ url: server.url, bucket }, folder));
    },
  };
  describeTelemetryStore(engine);
  describeRollUpStore({ ...engine, deletesNow: false, runs: isLong ? 40 : 12 });
});
