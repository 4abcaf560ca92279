import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MqttSource, type MqttSubscription } from '../../../edge/sources/mqtt.ts';
import type { SourceReading } from '../../../edge/sources/source.ts';
import { systemClock as clock } from '../../../runtime/clock.ts';
import { silentLog } from '../../../runtime/log.ts';

const random = () => 0.02;
const subscription: MqttSubscription = {
  topic: 'tele/+/SENSOR',
  codec: 'tasmota',
  device: '{1}',
  zone: 'America/New_York',
};

async function aSite() {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    await new Promise<void>((resolve) => aedes.close(() => server.close(() => resolve())));
  });
  const say = (topic: string, body: unknown, retain = false) =>
    new Promise<void>((resolve) => {
      const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain, dup: false }, () => resolve());
    });
  return { say, url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function aSource(url: string, written: SourceReading[]): Promise<MqttSource> {
  const options = { name: 'plugs', url, clientId: 'lamplighter', subscriptions: [subscription] };
  const source = new MqttSource({ options, clock, random, log: silentLog });
  onTestFinished(() => source.stop());
  await source.start({ append: async (readings) => void written.push(...readings), cursor: () => undefined });
  return source;
}

test('messages become readings, the others are counted with the reason and an example', async () => {
  const site = await aSite();
  const written: SourceReading[] = [];
  const source = await aSource(site.url, written);
  await vi.waitFor(() => expect(source.state().state).toBe('running'));
  await site.say('tele/Plug_1/SENSOR', { Time: '2026-07-15T12:00:00', ENERGY: { Power: 1200 } });
  await site.say('tele/Plug_1/SENSOR', 'Online');
  await site.say('tele/%/SENSOR', { ENERGY: { Power: 1 } });
  await site.say('tele/Plug_1/STATE', 'not ours');
  await vi.waitFor(() => expect(source.state()).toMatchObject({ readings: 1, refused: 2, lost: 0, detail: '' }));
  expect(written).toEqual([
    { device: 'plug-1', time: Date.parse('2026-07-15T16:00:00Z'), values: { active_power_kw: 1.2 } },
  ]);
  expect(source.refusedExamples()).toMatchObject([
    { topic: 'tele/Plug_1/SENSOR', words: 'the payload is not JSON. Is this a SENSOR topic?', excerpt: 'Online' },
    { topic: 'tele/%/SENSOR', words: expect.stringContaining('cannot be made a device id') },
  ]);
});

test('a retained message counts only if it says of when it speaks', async () => {
  const site = await aSite();
  await site.say('tele/Plug_1/SENSOR', { Time: '2026-07-15T12:00:00', ENERGY: { Power: 1200 } }, true);
  await site.say('tele/Plug_2/SENSOR', { ENERGY: { Power: 1300 } }, true);
  const written: SourceReading[] = [];
  const source = await aSource(site.url, written);
  await vi.waitFor(() => expect(source.state()).toMatchObject({ readings: 1, refused: 1 }));
  expect(written[0]?.device).toBe('plug-1');
  await site.say('tele/Plug_2/SENSOR', { ENERGY: { Power: 1300 } });
  await vi.waitFor(() => expect(written.length).toBe(2));
  expect(written[1]).toMatchObject({ device: 'plug-2', values: { active_power_kw: 1.3 } });
});

test('a broker that is not there is told and tried again', async () => {
  const source = await aSource('mqtt://127.0.0.1:1', []);
  await vi.waitFor(() =>
    expect(source.state()).toMatchObject({
      state: 'failing',
      detail: expect.stringMatching(/nothing listens at 127\.0\.0\.1:1/),
    }),
  );
  await source.stop();
  expect(source.state()).toMatchObject({ state: 'stopped', detail: '' });
});

test('a codec that does not exist is told before anything starts', () => {
  const options = { name: 'x', url: 'mqtt://b', clientId: 'x', subscriptions: [{ ...subscription, codec: 'shelly' }] };
  expect(() => new MqttSource({ options, clock, random, log: silentLog })).toThrow('there is no codec "shelly"');
});
