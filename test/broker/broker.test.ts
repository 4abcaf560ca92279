import { createServer } from 'node:net';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBroker } from '../../broker/broker.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import {
  aBroker,
  aClient,
  aSignedInSocket,
  aSocket,
  bytesOf,
  closed,
  HandWrittenRegister,
  inboxOf,
  publishBytes,
} from './broker-fixture.ts';

describe('in-process link', () => {
  it('carries readings in and acknowledgements out', async () => {
    const { broker } = await aBroker();
    await broker.link.subscribe('city/v1/+/readings', (topic, payload) => {
      const ack = topic.replace('readings', 'ack');
      broker.link.publish({ topic: ack, payload: `stored ${payload}`, qos: 0, retain: false });
    });
    const gateway = await aClient(broker, 'library');
    const inbox = inboxOf(gateway);
    await gateway.subscribeAsync('city/v1/library/ack');
    gateway.publish('city/v1/library/readings', '1');
    gateway.publish('city/v1/library/readings', '2');
    await expect.poll(() => inbox.map((message) => message.payload)).toEqual(['stored 1', 'stored 2']);
    expect(broker.stats()).toMatchObject({ messagesIn: 2, messagesOut: 2, sessions: 1, subscriptions: 1 });
  });

  it('is unharmed by a handler that throws, and counts it', async () => {
    const { broker } = await aBroker();
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/readings', () => {
      throw new Error('defect');
    });
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(payload.toString()));
    const gateway = await aClient(broker, 'library');
    await gateway.publishAsync('city/v1/library/readings', '1', { qos: 1 });
    await gateway.publishAsync('city/v1/library/readings', '2', { qos: 1 });
    expect(heard).toEqual(['1', '2']);
    expect(broker.stats().refused).toEqual({ 'handler-failed': 2 });
  });

  it('keeps subscriptions made before the start and over restarts; says when it is not connected', async () => {
    const { broker } = await aBroker();
    const heard: string[] = [];
    const connects: boolean[] = [];
    await broker.stop();
    expect(broker.link.connected).toBe(false);
    const message = { topic: 'city/v1/library/readings', payload: 'x', qos: 0, retain: false } as const;
    expect(broker.link.publish(message)).toBe(false);
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(payload.toString()));
    broker.link.onConnect(() => connects.push(broker.link.connected));
    await broker.start();
    expect(connects).toEqual([true]);
    expect(broker.link.publish(message)).toBe(true);
    await broker.stop();
    await broker.start();
    expect(broker.link.publish(message)).toBe(true);
    expect(heard).toEqual(['x', 'x']);
  });

  it('hands a late subscriber the retained messages, as MQTT does', async () => {
    const { broker } = await aBroker();
    broker.link.publish({ topic: 'city/v1/library/presence', payload: 'here', qos: 1, retain: true });
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/presence', (topic, payload) => heard.push(`${topic} ${payload}`));
    expect(heard).toEqual(['city/v1/library/presence here']);
  });
});

describe('a slow reader', () => {
  const limits = { maxBacklogBytes: 64 * 1024, byteRate: { perSecond: 1e9, burst: 1e9 } };

  it('delays nobody else, gets what fits, and is closed when it takes nothing', async () => {
    const clock = new ManualClock();
    const { broker } = await aBroker({ clock, options: { limits } });
    let ingested = 0;
    await broker.link.subscribe('city/v1/+/readings', () => ingested++);
    const slow = await aSignedInSocket(broker, 'technician');
    slow.pause();
    slow.write(bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'city/v1/#', qos: 0 }] }));
    await expect.poll(() => broker.stats().subscriptions).toBe(1);
    const quick = await aClient(broker, 'journalist');
    await quick.subscribeAsync('city/v1/+/readings');
    let seen = 0;
    quick.on('message', () => seen++);

    // more than the kernel's buffers and the broker's backlog hold; the clock stands still, so no time-out can help
    const gateway = await aSignedInSocket(broker, 'library');
    const perBurst = 20;
    const burst = Buffer.concat(Array(perBurst).fill(publishBytes('city/v1/library/readings', Buffer.alloc(2_000))));
    for (let i = 1; i <= 400; i++) {
      gateway.write(burst);
      await expect.poll(() => seen, { interval: 1 }).toBe(i * perBurst);
    }
    expect(ingested).toBe(400 * perBurst);
    expect(broker.stats().refused['slow-reader-dropped']).toBeGreaterThan(50);
    expect(broker.stats().refused['slow-reader-closed']).toBeUndefined();
    const gone = closed(slow);
    await clock.advance(10_000);
    await clock.advance(10_000);
    slow.resume();
    await gone;
    expect(broker.stats().refused).toMatchObject({ 'slow-reader-closed': 1 });
    expect(broker.stats().sessions).toBe(2);
  });

  it('is closed when messages that may not be dropped pile up, and gets them when it comes back', async () => {
    const clock = new ManualClock();
    const { broker } = await aBroker({ clock, options: { limits } });
    const slow = await aSignedInSocket(broker, 'library');
    slow.pause();
    const topic = 'city/v1/library/config';
    slow.write(bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] }));
    await expect.poll(() => broker.stats().subscriptions).toBe(1);
    const payload = Buffer.alloc(100 * 1024, 'x');
    const message = { topic, payload, qos: 1, retain: true } as const;
    await expect
      .poll(
        () => {
          broker.link.publish(message);
          return broker.stats().sessions;
        },
        { interval: 1 },
      )
      .toBe(0);
    expect(broker.stats().refused).toEqual({ 'slow-reader-closed': 1 });
    const again = await aClient(broker, 'library');
    const inbox = inboxOf(again);
    await again.subscribeAsync(topic, { qos: 1 });
    await expect.poll(() => inbox.map((received) => received.payload.length)).toEqual([payload.length]);
  });

  it('is not sent more retained messages than it reads', async () => {
    const { broker } = await aBroker({ options: { limits } });
    const count = 300;
    for (let i = 0; i < count; i++) {
      broker.link.publish({ topic: `city/v1/g${i}/config`, payload: Buffer.alloc(50 * 1024), qos: 1, retain: true });
    }
    const slow = await aSignedInSocket(broker, 'technician');
    slow.pause();
    slow.write(bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'city/v1/#', qos: 0 }] }));
    let before = -1;
    const hasStopped = (): boolean => {
      const sent = broker.stats().messagesOut;
      const same = sent === before && sent > 0;
      before = sent;
      return same;
    };
    await expect.poll(hasStopped, { interval: 200 }).toBe(true);
    expect(broker.stats().messagesOut).toBeLessThan(count);
    slow.resume();
    await expect.poll(() => broker.stats().messagesOut).toBe(count);
    expect(broker.stats().refused).toEqual({});
  });
});

describe('start and stop', () => {
  it('closes every connection, signed in or not, and the port', async () => {
    const { broker } = await aBroker();
    const { host, port } = broker.address;
    const connections = [
      await aSocket(broker),
      await aSignedInSocket(broker, 'library'),
      await aClient(broker, 'depot'),
    ];
    const gone = Promise.all(connections.map((connection) => closed(connection)));
    for (const connection of connections.slice(0, 2)) connection.on('data' as 'close', () => {});
    await broker.stop();
    expect(broker.stats()).toMatchObject({ connections: 0, sessions: 0, subscriptions: 0 });
    await gone;
    const other = createServer().listen(port, host);
    await new Promise((resolve) => other.once('listening', resolve));
    other.close();
  });

  it('says which port is in use and how to choose another', async () => {
    const { broker } = await aBroker();
    const { port } = broker.address;
    const second = createBroker({
      options: { port },
      register: HandWrittenRegister.ofCity(),
      clock: systemClock,
      log: silentLog,
      registry: new Registry(),
    });
    onTestFinished(() => second.stop());
    const expected = `The MQTT port ${port} on 127.0.0.1 is in use. Stop the other program, or choose another port with --mqtt-port.`;
    await expect(second.start()).rejects.toMatchObject({ code: 'conflict', message: expected });
    expect(second.link.connected).toBe(false);
    await second.stop();
    expect(() => second.address).toThrow('start it first');
  });

  it('may be stopped without having been started, and twice', async () => {
    const { broker } = await aBroker();
    await broker.stop();
    await broker.stop();
  });

  it('exports its counters', async () => {
    const clock = new ManualClock();
    const { broker, registry } = await aBroker({ clock });
    const gateway = await aClient(broker, 'library');
    gateway.publish('city/v1/depot/readings', 'x');
    await gateway.publishAsync('city/v1/library/readings', 'x', { qos: 1 });
    await clock.advance(1_000);
    const text = await registry.metrics();
    expect(text).toContain('lamplighter_broker_messages_total{direction="in"} 2');
    expect(text).toContain('lamplighter_broker_held{of="sessions"} 1');
    expect(text).toContain('lamplighter_broker_refused_total{reason="publish-foreign"} 1');
    expect(text).toMatch(/lamplighter_broker_bytes_total\{direction="out"\} [1-9]/);
  });
});
