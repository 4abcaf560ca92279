/**
 * Bad input of every kind reaches the real server over MQTT: each ends as the outcome the contract names, and the next
 * good reading of the same gateway is stored.
 */
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aServer, connected, countsOf, enrol, eventually, isBalanced } from './story.ts';

interface Scene {
  readonly server: ServerProcess;
  readonly client: MqttClient;
  readonly token: string;
  readonly acks: Acknowledgement[];
  /** Sends a body on a topic, by default the gateway's readings. */
  send(body: unknown, topic?: string): void;
  /** Sends a good batch and waits until it is stored. */
  goodReadingIsStored(): Promise<void>;
}

async function scene(): Promise<Scene> {
  const folder = temporaryFolder();
  const server = await aServer({ data: join(folder, 'data') });
  const { token } = await enrol(server.api, folder, 'library', '');
  await enrol(server.api, folder, 'school', '');
  const client = await connected(server, { clientId: 'library', username: 'library', password: token });
  const acks: Acknowledgement[] = [];
  client.on('message', (_, payload) => acks.push(JSON.parse(String(payload)) as Acknowledgement));
  await client.subscribeAsync('city/v1/library/ack');
  const send = (body: unknown, topic = 'city/v1/library/readings'): void => {
    const payload = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    client.publish(topic, payload, { qos: 0 });
  };
  let seq = 1_000;
  const goodReadingIsStored = async (): Promise<void> => {
    const mine = ++seq;
    send(batch(mine, [reading()]));
    await eventually(
      () => acks.flatMap(({ stored }) => stored),
      (stored) => stored.some(([first, last]) => first <= mine && mine <= last),
    );
  };
  await goodReadingIsStored();
  return { server, client, token, acks, send, goodReadingIsStored };
}

function event(client: MqttClient, name: 'connect' | 'close'): Promise<void> {
  return new Promise((resolve) => client.once(name, () => resolve()));
}

let time = Date.now() - 60_000;
const reading = (change: object = {}): object => ({
  device: 'main-meter',
  time: ++time,
  values: { active_power_kw: 1 },
  ...change,
});
const batch = (seq: number, readings: object[], change: object = {}): object => ({
  v: 1,
  epoch: 'a',
  seq,
  readings,
  ...change,
});

test('each kind of bad batch ends as the contract says', async () => {
  const { server, acks, send, goodReadingIsStored } = await scene();
  const before = await countsOf(server.api, 'library');
  send('this is not JSON');
  send(Buffer.from([0xff, 0xfe, 0x00]));
  send('{"v":1,"epoch":"a","seq":1,"readings":[{"device":"m","time":1,"values":{"active_power_kw":NaN}}]}');
  send(batch(1, [reading()], { colour: 'red' }));
  send(batch(2, [reading({ colour: 'red' }), reading()]));
  send(batch(3, [reading({ values: { smell: 1 } })]));
  send(batch(4, [reading({ values: { humidity_percent: 101 } })]));
  send(batch(5, [reading({ values: { active_power_kw: 'much' } })]));
  send(batch(6, [reading({ time: 0 })]));
  send(batch(7, [reading({ time: Date.now() + 86_400_000 })]));
  send(batch(8, [reading()], { v: 2 }));
  send(
    batch(
      9,
      Array.from({ length: 1_001 }, () => reading()),
    ),
  );
  send(batch(10, [reading({ device: 'new-device' })]));
  await goodReadingIsStored();
  const counts = await eventually(
    () => countsOf(server.api, 'library'),
    (c) => c.stored === before.stored + 3 && c.queued === 0,
  );
  expect(counts.rejected).toEqual({
    'unknown-key': 2,
    'unknown-metric': 1,
    'value-out-of-range': 1,
    'invalid-reading': 1,
    'too-old': 1,
    'too-large': 1_001,
  });
  expect(counts.later).toEqual({ 'clock-ahead': 1, 'version-unknown': 1 });
  expect(isBalanced(counts)).toBe(true);
  expect((await server.api.get<{ undecodable: number }>('/api/ingest')).undecodable).toBe(3);
  expect(acks.flatMap(({ later }) => later).toSorted()).toEqual([
    [7, 'clock-ahead'],
    [8, 'version-unknown'],
  ]);

  const letters = await server.api.get<{ letters: { reason: string; detail: string }[] }>('/api/dead-letters');
  expect(letters.letters.length).toBe(3 + 7);
  for (const { detail } of letters.letters) expect(detail).not.toBe('');
  const { devices } = await server.api.get<{ devices: { id: string; is_new: boolean }[] }>(
    '/api/devices?gateway=library',
  );
  expect(devices.find(({ id }) => id === 'new-device')).toMatchObject({ is_new: true });
});

test('a message on a topic that is not its own goes nowhere', async () => {
  const { server, send, goodReadingIsStored } = await scene();
  send(batch(1, [reading()]), 'city/v1/school/readings');
  send(
    { session: 'x', accepting: true, epoch: 'a', stored: [[1, 99]], rejected: [], later: [], at: 1 },
    'city/v1/school/ack',
  );
  send(batch(1, [reading()]), 'elsewhere');
  await goodReadingIsStored();
  expect(await countsOf(server.api, 'school')).toMatchObject({ received: 0 });
});

test('a message that announces too much ends its connection before it is read; the gateway comes back', async () => {
  const { client, send, goodReadingIsStored } = await scene();
  const closed = event(client, 'close');
  send(Buffer.alloc(5_000_000, 0x20));
  await closed;
  await event(client, 'connect');
  await client.subscribeAsync('city/v1/library/ack');
  await goodReadingIsStored();
});

describe('at the door', () => {
  test.each<[string, (token: string) => IClientOptions]>([
    ['a wrong token', () => ({ clientId: 'library', username: 'library', password: 'wrong' })],
    ['no credential', () => ({ clientId: 'library' })],
    ['a foreign client id', (token) => ({ clientId: 'school', username: 'library', password: token })],
    [
      'a foreign will',
      (token) => ({
        clientId: 'library',
        username: 'library',
        password: token,
        will: { topic: 'city/v1/school/presence', payload: Buffer.from('{}'), qos: 1, retain: true },
      }),
    ],
  ])('%s is refused', async (_, options) => {
    const { server, token, goodReadingIsStored } = await scene();
    const intruder = mqtt.connect(`mqtt://127.0.0.1:${server.mqttPort}`, { reconnectPeriod: 0, ...options(token) });
    onTestFinished(() => intruder.endAsync(true).then(() => {}));
    const refusal = await new Promise<Error>((resolve) => intruder.once('error', resolve));
    expect([2, 4, 5]).toContain((refusal as Error & { code: number }).code);
    await goodReadingIsStored();
  });
});

test('a flood of garbage leaves the memory flat and the good reading stored', async () => {
  const { server, send, goodReadingIsStored } = await scene();
  for (let i = 0; i < 500; i++) send(Buffer.alloc(10_000, i % 256));
  const socket = connectTcp(server.mqttPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.alloc(100_000, 0xff));
  await goodReadingIsStored();
  const settled = server.peakMiB();
  for (let i = 0; i < 3_000; i++) send(Buffer.alloc(10_000, i % 256));
  await goodReadingIsStored();
  expect(server.peakMiB() - settled).toBeLessThan(150);
  socket.destroy();
});
