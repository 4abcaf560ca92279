import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type BrokerLimits, ConnectionLimits, DEFAULT_LIMITS } from '../../broker/limits.ts';
import { ManualClock } from '../manual-clock.ts';
import { aBroker, aClient, aSignedInSocket, aSocket, closed, connectPacket, publishBytes } from './broker-fixture.ts';

const withLimits = (limits: Partial<BrokerLimits>): { options: { limits: Partial<BrokerLimits> } } => ({
  options: { limits },
});

describe('connection limits', () => {
  const aLimit = (change: Partial<BrokerLimits>): ConnectionLimits =>
    new ConnectionLimits({ ...DEFAULT_LIMITS, ...change }, new ManualClock());

  it('counts in all and by address, and gives places back', () => {
    const limits = aLimit({ maxConnections: 3, maxConnectionsPerAddress: 2 });
    expect(limits.admit('a')).toBeUndefined();
    expect(limits.admit('a')).toBeUndefined();
    expect(limits.admit('a')).toBe('too-many-from-address');
    expect(limits.admit('b')).toBeUndefined();
    expect(limits.admit('c')).toBe('too-many-connections');
    limits.release('a');
    expect(limits.total).toBe(2);
    expect(limits.admit('a')).toBeUndefined();
  });

  it('lets 10,000 gateways come back at once by default', () => {
    const limits = aLimit({});
    for (let i = 0; i < 10_000; i++) expect(limits.admit('a')).toBeUndefined();
  });

  it('bounds new connections a second', async () => {
    const clock = new ManualClock();
    const rate = { perSecond: 10, burst: 2 };
    const limits = new ConnectionLimits({ ...DEFAULT_LIMITS, connectionRate: rate }, clock);
    expect([limits.admit('a'), limits.admit('a'), limits.admit('a')]).toEqual([
      undefined,
      undefined,
      'connection-rate',
    ]);
    await clock.advance(100);
    expect(limits.admit('a')).toBeUndefined();
  });
});

describe('limits before authentication', () => {
  it('closes what exceeds the number of connections, and takes one again when one has left', async () => {
    const { broker } = await aBroker(withLimits({ maxConnections: 2 }));
    const first = await aSocket(broker);
    await aSocket(broker);
    await closed(await aSocket(broker));
    expect(broker.stats()).toMatchObject({ connections: 2, refused: { 'too-many-connections': 1 } });
    first.destroy();
    await expect.poll(() => broker.stats().connections).toBe(1);
    await aClient(broker, 'library');
  });

  it('closes what exceeds the connections of one address, and the rate', async () => {
    const few = await aBroker(withLimits({ maxConnectionsPerAddress: 1 }));
    await aSocket(few.broker);
    await closed(await aSocket(few.broker));
    expect(few.broker.stats().refused).toEqual({ 'too-many-from-address': 1 });

    const slow = await aBroker(withLimits({ connectionRate: { perSecond: 0.001, burst: 1 } }));
    await aSocket(slow.broker);
    await closed(await aSocket(slow.broker));
    expect(slow.broker.stats().refused).toEqual({ 'connection-rate': 1 });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a CONNECT', connectPacket('library').subarray(0, 10)],
  ])('closes a connection that sends %s and waits', async (_name, bytes) => {
    const clock = new ManualClock();
    const { broker } = await aBroker({ clock });
    const socket = await aSocket(broker);
    socket.write(bytes);
    await expect.poll(() => broker.stats().bytesIn).toBe(bytes.length);
    await expect.poll(() => broker.stats().connections).toBe(1);
    const gone = closed(socket);
    await clock.advance(9_999);
    expect(broker.stats().connections).toBe(1);
    await clock.advance(1);
    await gone;
    expect(broker.stats().refused).toEqual({ 'connect-timeout': 1 });
  });

  it('has no such hurry once a client is signed in', async () => {
    const clock = new ManualClock();
    const { broker } = await aBroker({ clock });
    const socket = await aSignedInSocket(broker, 'library');
    await clock.advance(3_600_000);
    expect(socket.closed).toBe(false);
    expect(broker.stats().sessions).toBe(1);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'not-mqtt'],
    ['zeros', Buffer.alloc(1_000), 'not-mqtt'],
    ['a PUBLISH without a CONNECT', publishBytes('city/v1/library/readings', 'x'), 'not-mqtt'],
    ['a CONNECT of garbage', Buffer.from([0x10, 0x05, 1, 2, 3, 4, 5]), 'malformed'],
    ['a CONNECT of MQTT 5', connectPacket('library', { protocolVersion: 5 }), 'protocol-version'],
    ['a huge CONNECT', Buffer.from([0x10, 0x81, 0x80, 0x01, 0, 4]), 'connect-too-large'],
  ])('closes a connection that sends %s', async (_name, bytes, reason) => {
    const { broker } = await aBroker();
    const socket = await aSocket(broker);
    const gone = closed(socket);
    socket.resume();
    socket.write(bytes);
    await gone;
    expect(broker.stats().refused).toEqual({ [reason]: 1 });
    await aClient(broker, 'library');
  });
});

describe('limits of a signed-in connection', () => {
  it('closes it on the announcement of too large a message, before the body comes', async () => {
    const { broker } = await aBroker();
    const socket = await aSignedInSocket(broker, 'library');
    const gone = closed(socket);
    socket.resume();
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await gone;
    expect(broker.stats().refused).toEqual({ 'packet-too-large': 1 });
  });

  it('takes the largest batch of the contract', async () => {
    const { broker } = await aBroker();
    const lengths: number[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => lengths.push(payload.length));
    const gateway = await aClient(broker, 'library');
    await gateway.publishAsync('city/v1/library/readings', Buffer.alloc(256 * 1024), { qos: 1 });
    expect(lengths).toEqual([256 * 1024]);
  });

  it.each([
    ['bytes', { byteRate: { perSecond: 1_000, burst: 1_000 } }],
    ['packets', { packetRate: { perSecond: 10, burst: 10 } }],
  ])('pauses a sender of too many %s, and loses nothing', async (_name, limits) => {
    const clock = new ManualClock();
    const { broker } = await aBroker({ clock, ...withLimits(limits) });
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(payload.toString().trim()));
    const socket = await aSignedInSocket(broker, 'library');
    const send = async (from: number, to: number): Promise<void> => {
      const messages: Buffer[] = [];
      for (let i = from; i < to; i++) messages.push(publishBytes('city/v1/library/readings', `${i}`.padEnd(70)));
      await new Promise((resolve) => socket.write(Buffer.concat(messages), resolve));
    };
    await send(0, 40);
    await expect.poll(() => heard.length).toBe(40);
    // the bucket is now in debt: what follows waits in the socket
    await send(40, 80);
    await clock.advance(1_000);
    expect(heard).toHaveLength(40);
    await clock.advance(10_000);
    await expect.poll(() => heard.length).toBe(80);
    expect(heard).toEqual(Array.from({ length: 80 }, (_, i) => `${i}`));
    expect(broker.stats().refused).toEqual({});
    expect(socket.closed).toBe(false);
  });

  it('closes a connection on garbage after the CONNECT, and the gateway comes back', async () => {
    const { broker } = await aBroker();
    const socket = await aSignedInSocket(broker, 'library');
    const gone = once(socket, 'close');
    socket.resume();
    socket.write(Buffer.from([0xf7, 0x03, 9, 9, 9, 0x00]));
    await gone;
    expect(broker.stats().refused).toEqual({ malformed: 1 });
    const gateway = await aClient(broker, 'library');
    await gateway.publishAsync('city/v1/library/readings', 'good', { qos: 1 });
    expect(broker.stats().messagesIn).toBe(1);
  });
});
