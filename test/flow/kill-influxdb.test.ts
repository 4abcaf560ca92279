import { onTestFinished, test } from 'vitest';
import { isLong } from '../is-long.ts';
import { startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { tellKillStory } from './kill-story.ts';

describeWithServer('influxd')('with InfluxDB', () => {
  test.runIf(isLong)(
    '20 gateways publish while server, gateways and InfluxDB are killed: it holds exactly what was produced',
    {
      timeout: 300_000,
    },
    async () => {
      const influxd = await startInfluxd();
      onTestFinished(() => influxd.remove());
      await tellKillStory({
        args: ['--store', 'influxdb', '--influx-url', influxd.url],
        victims: [{ name: 'InfluxDB', kill: () => influxd.kill(), restart: () => influxd.restart() }],
        prepare: async (server) => {
          await server.api.post('/api/store/init');
        },
      });
    },
  );
});
