import mqtt from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { startMosquitto } from './mosquitto.ts';
import { describeWithServer } from './needs-server.ts';

async function connection(
  url: string,
  credentials: { username?: string; password?: string } = {},
): Promise<mqtt.MqttClient> {
  const client = await mqtt.connectAsync(url, { ...credentials, reconnectPeriod: 0, protocolVersion: 4 }, false);
  client.on('error', () => {});
  onTestFinished(() => {
    client.end(true);
  });
  return client;
}

describeWithServer('mosquitto')('a real mosquitto', () => {
  it('lets anybody in when there are no users', async () => {
    const broker = await startMosquitto({ maxQueuedMessages: 10 });
    onTestFinished(() => broker.remove());
    const client = await connection(broker.url);
    const heard = new Promise((resolve) => client.on('message', (topic, payload) => resolve(`${topic} ${payload}`)));
    await client.subscribeAsync('a/+');
    await client.publishAsync('a/b', 'hello');
    expect(await heard).toBe('a/b hello');
  });

  it('asks for passwords and keeps to its access list', async () => {
    const broker = await startMosquitto({
      users: { library: 'open sesame', museum: 'rosebud' },
      acl: 'user library\ntopic readwrite city/library/#\n\nuser museum\ntopic read city/#\n',
    });
    onTestFinished(() => broker.remove());
    await expect(connection(broker.url)).rejects.toThrow(/Not authorized/);
    await expect(connection(broker.url, { username: 'library', password: 'wrong' })).rejects.toThrow(/Not authorized/);
    const library = await connection(broker.url, { username: 'library', password: 'open sesame' });
    const museum = await connection(broker.url, { username: 'museum', password: 'rosebud' });
    const heard: string[] = [];
    museum.on('message', (topic) => heard.push(topic));
    await museum.subscribeAsync('city/#');
    await library.publishAsync('city/museum/readings', '', { qos: 1 });
    await library.publishAsync('city/library/readings', '', { qos: 1 });
    await expect.poll(() => heard).toEqual(['city/library/readings']);
  });

  it('is killed and comes back on its port with what it kept', async () => {
    const broker = await startMosquitto({ persistent: true });
    onTestFinished(() => broker.remove());
    const before = await connection(broker.url);
    await before.publishAsync('kept', 'yes', { qos: 1, retain: true });
    before.end(true);
    await broker.stop();
    await expect(connection(broker.url)).rejects.toThrow();
    await broker.restart();
    const after = await connection(broker.url);
    const heard = new Promise((resolve) => after.on('message', (_, payload) => resolve(String(payload))));
    await after.subscribeAsync('kept');
    expect(await heard).toBe('yes');
    await broker.kill();
    expect(broker.pid).toBeUndefined();
  });

  it('that does not understand its configuration says so', async () => {
    await expect(startMosquitto({ config: ['no_such_setting 1'] })).rejects.toThrow(/no_such_setting/);
  });
});
