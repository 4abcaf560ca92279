import { afterAll, beforeAll } from 'vitest';
import type { TelemetryStore } from '../../../store/telemetry-store.ts';
import { type Influxd, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { describeTelemetryStore } from '../../suites/telemetry-store.ts';
import { anOpenStore, type StoreFixture } from './influxdb-fixture.ts';

describeWithServer('influxd')('on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  const fixtureOf = new Map<TelemetryStore, StoreFixture>();
  const remember = (fixture: StoreFixture): TelemetryStore => {
    fixtureOf.set(fixture.store, fixture);
    return fixture.store;
  };

  describeTelemetryStore({
    name: 'InfluxDB',
    create: async () => remember(await anOpenStore({ url: server.url })),
    reopen: async (store) => {
      await store.close();
      const { bucket, folder } = fixtureOf.get(store)!;
      return remember(await anOpenStore({ url: server.url, bucket }, folder));
    },
  });
});
