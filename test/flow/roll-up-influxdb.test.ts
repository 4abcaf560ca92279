import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import { isLong } from '../is-long.ts';
import { startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { tellRollUpStory } from './roll-up-story.ts';

describeWithServer('influxd')('InfluxDB', () => {
  test.runIf(isLong)('kills while it rolls up change nothing in the end', { timeout: 600_000 }, async () => {
    await tellRollUpStory(async () => {
      const influxd = await startInfluxd();
      onTestFinished(() => influxd.remove());
      return {
        args: ['--store', 'influxdb', '--influx-url', influxd.url],
        prepare: (server) => server.api.post('/api/store/init'),
        open: async (data) => {
          const common = { clock: systemClock, random: Math.random, log: silentLog };
          const store = new InfluxdbStore({
            ...common,
            options: { url: influxd.url },
            folder: join(data, 'read-back'),
          });
          await store.open();
          return store;
        },
      };
    });
  });
});
