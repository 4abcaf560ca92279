import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { MqttClient } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { Broker } from '../../broker/broker.ts';
import type { BrokerLimits } from '../../broker/limits.ts';
import { ManualClock } from '../manual-clock.ts';
import { aBroker, aClient, closed, connectPacket, inboxOf, publishBytes } from './broker-fixture.ts';
import { aTlsBroker } from './tls-fixture.ts';

const aWebSocketBroker = (change: { limits?: Partial<BrokerLimits>; clock?: ManualClock } = {}) =>
  aBroker({
    options: {
      listeners: [{ kind: 'ws', host: '127.0.0.1', port: 0 }],
      ...(change.limits && { limits: change.limits }),
    },
    ...(change.clock && { clock: change.clock }),
  });

const overWebSocket = (broker: Broker, user: string, change: object = {}): Promise<MqttClient> =>
  aClient(broker, user, { protocol: 'ws', path: '/mqtt', ...change });

interface Opening {
  readonly path?: string;
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
}

async function aWebSocket(broker: Broker, opening: Opening = {}): Promise<WebSocket> {
  const { path = '/mqtt', protocols = ['mqtt'], headers = {} } = opening;
  const socket = new WebSocket(`ws://127.0.0.1:${broker.address.port}${path}`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

describe('MQTT over WebSocket', () => {
  it('carries messages both ways, up to the largest batch', async () => {
    const { broker } = await aWebSocketBroker();
    const heard: Buffer[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(Buffer.from(payload)));
    const gateway = await overWebSocket(broker, 'library');
    const inbox = inboxOf(gateway);
    await gateway.subscribeAsync('city/v1/library/ack');
    broker.link.publish({ topic: 'city/v1/library/ack', payload: 'stored', qos: 0, retain: false });
    await expect.poll(() => inbox.map(({ payload }) => payload)).toEqual(['stored']);
    const batch = Buffer.alloc(256 * 1024, 'x');
    await gateway.publishAsync('city/v1/library/readings', batch, { qos: 1 });
    for (let i = 0; i < 2_000; i++) gateway.publish('city/v1/library/readings', String(i));
    await expect.poll(() => heard.length).toBe(2_001);
    expect(heard[0]?.equals(batch)).toBe(true);
    expect(heard.slice(1).map(String)).toEqual(Array.from({ length: 2_000 }, (_, i) => String(i)));
    await gateway.endAsync();
    await expect.poll(() => broker.stats().connections).toBe(0);
    expect(broker.stats()).toMatchObject({ sessions: 0, refused: {} });
  });

  it('does so over TLS', async () => {
    const city = await aTlsBroker({ kind: 'wss' });
    const ca = readFileSync(city.authority.caFile);
    const gateway = await overWebSocket(city.broker, 'library', { protocol: 'wss', host: 'localhost', ca });
    await gateway.publishAsync('city/v1/library/readings', 'x', { qos: 1 });
    expect(city.broker.stats()).toMatchObject({ messagesIn: 1, refused: {} });
  });

  it('reads packets that begin and end anywhere in the frames', async () => {
    const { broker } = await aWebSocketBroker();
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(String(payload)));
    const socket = await aWebSocket(broker);
    const bytes = Buffer.concat([
      connectPacket('library'),
      publishBytes('city/v1/library/readings', 'one'),
      publishBytes('city/v1/library/readings', 'two'),
    ]);
    for (let at = 0; at < bytes.length; at += 7) socket.send(bytes.subarray(at, at + 7));
    await expect.poll(() => heard).toEqual(['one', 'two']);
    expect(socket.protocol).toBe('mqtt');
  });

  it('sends the last will of a connection that breaks', async () => {
    const { broker } = await aWebSocketBroker();
    const wills: string[] = [];
    await broker.link.subscribe('city/v1/+/presence', (_topic, payload) => wills.push(String(payload)));
    const will = { topic: 'city/v1/library/presence', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
    const gateway = await overWebSocket(broker, 'library', { will });
    gateway.stream.destroy();
    await expect.poll(() => wills).toEqual(['gone']);
    await expect.poll(() => broker.stats().connections).toBe(0);
  });
});

describe('what is refused over WebSocket', () => {
  it.each<[string, Opening, string, number]>([
    ['another path', { path: '/' }, 'not-websocket', 404],
    ['another subprotocol', { protocols: ['chat'] }, 'not-websocket', 400],
    ['no subprotocol', { protocols: [] }, 'not-websocket', 400],
    ['a page of another host', { headers: { origin: 'https://evil.example' } }, 'websocket-origin', 403],
    ['a page without a host', { headers: { origin: 'null' } }, 'websocket-origin', 403],
  ])('%s', async (_name, opening, reason, status) => {
    const { broker } = await aWebSocketBroker();
    await expect(aWebSocket(broker, opening)).rejects.toThrow(`Unexpected server response: ${status}`);
    await expect.poll(() => broker.stats()).toMatchObject({ connections: 0, refused: { [reason]: 1 } });
  });

  it('but not a page of the same host on another port', async () => {
    const { broker } = await aWebSocketBroker();
    await aWebSocket(broker, { headers: { origin: 'http://127.0.0.1:8080' } });
    expect(broker.stats().refused).toEqual({});
  });

  it.each([
    ['garbage', Buffer.from([0, 1, 2, 3, 13, 10, 13, 10])],
    ['MQTT without WebSocket', connectPacket('library')],
    ['a plain request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['an endless header', Buffer.from(`GET /mqtt HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`)],
    [
      'an upgrade without a key',
      Buffer.from(
        'GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
      ),
    ],
  ])('%s', async (_name, bytes) => {
    const { broker } = await aWebSocketBroker();
    const socket = connect(broker.address.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    await expect.poll(() => broker.stats()).toMatchObject({ connections: 0, refused: { 'not-websocket': 1 } });
    await overWebSocket(broker, 'library');
  });

  it('text frames', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    socket.send('hello');
    await closed(socket);
    expect(broker.stats().refused).toEqual({ 'websocket-text': 1 });
  });

  it('what is no MQTT inside the frames, and too much of it', async () => {
    const { broker } = await aWebSocketBroker();
    for (const [bytes, reason] of [
      [Buffer.from('GET /'), 'not-mqtt'],
      [Buffer.from([0x10, 0x81, 0x80, 0x01, 0, 4]), 'connect-too-large'],
    ] as const) {
      const socket = await aWebSocket(broker);
      socket.send(bytes);
      await closed(socket);
      expect(broker.stats().refused[reason]).toBe(1);
    }
  });

  it('a frame before CONNECT that would have to be kept', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    // a frame of 300 KB is allowed later: here it ends at the limit, before it is whole
    socket.send(Buffer.alloc(300_000));
    await closed(socket);
    expect(broker.stats().refused).toEqual({ 'connect-too-large': 1 });
  });

  it('a frame larger than any message', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    socket.send(connectPacket('library'));
    await expect.poll(() => broker.stats().sessions).toBe(1);
    socket.send(Buffer.alloc(1_000_000));
    await closed(socket);
    await expect.poll(() => broker.stats()).toMatchObject({ sessions: 0, refused: { 'packet-too-large': 1 } });
  });

  it('frames that break the protocol', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    // clients must mask their frames (RFC 6455 §5.1)
    socket.send(connectPacket('library'), { mask: false });
    await closed(socket);
    await expect.poll(() => broker.stats()).toMatchObject({ connections: 0, refused: { malformed: 1 } });
  });

  it('a flood of pings', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    let pongs = 0;
    socket.on('pong', () => pongs++);
    for (let i = 0; i < 30; i++) socket.ping();
    await closed(socket);
    expect(pongs).toBeLessThanOrEqual(20);
    expect(broker.stats().refused).toEqual({ 'websocket-flood': 1 });
  });

  it('who takes too long, from accept to CONNECT', async () => {
    const clock = new ManualClock();
    const { broker } = await aWebSocketBroker({ clock });
    const silent = connect(broker.address.port, '127.0.0.1');
    silent.on('error', () => {});
    silent.write('GET /mqtt HTTP/1.1\r\n');
    const upgraded = await aWebSocket(broker);
    await expect.poll(() => broker.stats().connections).toBe(2);
    await clock.advance(9_999);
    expect(broker.stats().connections).toBe(2);
    const gone = Promise.all([closed(silent.resume()), closed(upgraded)]);
    await clock.advance(1);
    await gone;
    expect(broker.stats().refused).toEqual({ 'connect-timeout': 2 });
  });

  it('pauses who sends too many bytes, and loses nothing', async () => {
    const clock = new ManualClock();
    const { broker } = await aWebSocketBroker({ clock, limits: { byteRate: { perSecond: 1_000, burst: 1_000 } } });
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(String(payload).trim()));
    const socket = await aWebSocket(broker);
    socket.send(connectPacket('library'));
    await expect.poll(() => broker.stats().sessions).toBe(1);
    for (let i = 0; i < 80; i++) socket.send(publishBytes('city/v1/library/readings', `${i}`.padEnd(70)));
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return heard.length;
      })
      .toBe(80);
    expect(heard).toEqual(Array.from({ length: 80 }, (_, i) => `${i}`));
    expect(broker.stats().refused).toEqual({});
  });

  it('stops while connections are open', async () => {
    const { broker } = await aWebSocketBroker();
    const socket = await aWebSocket(broker);
    await overWebSocket(broker, 'library');
    await Promise.all([closed(socket), broker.stop()]);
    expect(broker.stats().connections).toBe(0);
  });
});
