import { onTestFinished, test } from 'vitest';
import { isLong } from '../is-long.ts';
import { startMosquitto } from '../real-servers/mosquitto.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { tellKillStory } from './kill-story.ts';

describeWithServer('mosquitto')('with Mosquitto in place of the built-in broker', () => {
  test.runIf(isLong)(
    '20 gateways publish while ingest, gateways and the broker are killed: nothing is lost',
    {
      timeout: 300_000,
    },
    async () => {
      const mosquitto = await startMosquitto();
      onTestFinished(() => mosquitto.remove());
      await tellKillStory({
        args: ['--broker-url', mosquitto.url],
        victims: [{ name: 'Mosquitto', kill: () => mosquitto.kill(), restart: () => mosquitto.restart() }],
      });
    },
  );
});
