import type { AedesPublishPacket } from 'aedes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetainedStore } from '../../broker/retained-store.ts';
import { matchesFilter } from '../../runtime/mqtt-link.ts';
import { aBroker, aClient, inboxOf } from './broker-fixture.ts';

function aPacket(topic: string, payload: string): AedesPublishPacket {
  return {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: true,
    dup: false,
  } as AedesPublishPacket;
}

function aStore(most = 1_000): { store: RetainedStore; refused: string[] } {
  const refused: string[] = [];
  return { store: new RetainedStore({ most, refuse: (topic) => refused.push(topic) }), refused };
}

const found = (store: RetainedStore, filter: string): string[] =>
  [...store.matching(filter)].map((packet) => `${packet.topic}=${packet.payload}`);

describe('retained store', () => {
  it('finds by exact topic and by wildcard, replaces and forgets', () => {
    const { store } = aStore();
    store.keep(aPacket('city/v1/a/presence', '1'));
    store.keep(aPacket('city/v1/b/presence', '2'));
    store.keep(aPacket('city/v1/b/presence', '3'));
    expect(found(store, 'city/v1/b/presence')).toEqual(['city/v1/b/presence=3']);
    expect(found(store, 'city/v1/c/presence')).toEqual([]);
    expect(found(store, 'city/v1/+/presence')).toHaveLength(2);
    expect(found(store, 'city/#')).toHaveLength(2);
    store.keep(aPacket('city/v1/b/presence', ''));
    expect(found(store, 'city/#')).toEqual(['city/v1/a/presence=1']);
    expect(store.size).toBe(1);
  });

  it('finds what a scan finds', () => {
    const level = fc.constantFrom('a', 'b', '');
    const topic = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'));
    const wild = fc.constantFrom('a', 'b', '', '+');
    const filter = fc
      .tuple(fc.array(wild, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/'));
    fc.assert(
      fc.property(fc.array(topic), filter, (topics, wanted) => {
        const { store } = aStore();
        for (const name of topics) store.keep(aPacket(name, 'x'));
        const expected = [...new Set(topics)].filter((name) => matchesFilter(wanted, name));
        expect(found(store, wanted).sort()).toEqual(expected.map((name) => `${name}=x`).sort());
      }),
    );
  });

  it('keeps its own copy of a payload, so that a chunk of the socket is not kept with it', () => {
    const { store } = aStore();
    const chunk = Buffer.alloc(64 * 1024, 'a');
    store.keep({ ...aPacket('t', ''), payload: chunk.subarray(10, 20) } as AedesPublishPacket);
    const [packet] = [...store.matching('t')];
    expect((packet!.payload as Buffer).buffer.byteLength).toBe(10);
  });

  it('says when it is full, and still replaces', () => {
    const { store, refused } = aStore(1);
    store.keep(aPacket('a', '1'));
    store.keep(aPacket('b', '1'));
    store.keep(aPacket('a', '2'));
    expect(refused).toEqual(['b']);
    expect(found(store, '#')).toEqual(['a=2']);
  });
});

describe('retained messages on the wire', () => {
  it('reach a later subscriber with the retain flag, a present one without', async () => {
    const { broker } = await aBroker();
    const early = inboxOf(await subscribed('technician'));
    const gateway = await aClient(broker, 'library');
    await gateway.publishAsync('city/v1/library/presence', 'here', { qos: 1, retain: true });
    await expect.poll(() => early).toEqual([{ topic: 'city/v1/library/presence', payload: 'here', retain: false }]);
    const late = inboxOf(await subscribed('journalist'));
    await expect.poll(() => late).toEqual([{ topic: 'city/v1/library/presence', payload: 'here', retain: true }]);

    async function subscribed(user: string): ReturnType<typeof aClient> {
      const client = await aClient(broker, user);
      await client.subscribeAsync('city/v1/#', { qos: 1 });
      return client;
    }
  });

  it('come at the lower of both qualities', async () => {
    const { broker } = await aBroker();
    broker.link.publish({ topic: 'city/v1/library/config', payload: '{}', qos: 1, retain: true });
    const observer = await aClient(broker, 'technician');
    const qualities: number[] = [];
    observer.on('message', (_topic, _payload, packet) => qualities.push(packet.qos));
    await observer.subscribeAsync('city/v1/+/config', { qos: 0 });
    await observer.subscribeAsync('city/v1/library/config', { qos: 1 });
    await expect.poll(() => qualities).toEqual([0, 1]);
  });

  it('are not overtaken and lost when several are published in one turn', async () => {
    const { broker } = await aBroker();
    const gateway = await aClient(broker, 'library');
    const inbox = inboxOf(gateway);
    const channels = ['ack', 'config', 'command'];
    await gateway.subscribeAsync(
      channels.map((channel) => `city/v1/library/${channel}`),
      { qos: 1 },
    );
    broker.link.publish({ topic: 'city/v1/library/config', payload: 'config', qos: 1, retain: true });
    broker.link.publish({ topic: 'city/v1/library/command', payload: 'command', qos: 1, retain: false });
    broker.link.publish({ topic: 'city/v1/library/ack', payload: 'ack', qos: 0, retain: false });
    await expect.poll(() => inbox.map((message) => message.payload)).toEqual(['config', 'command', 'ack']);
  });

  it('reach a technician who asks for the whole city', async () => {
    const { broker } = await aBroker();
    const topics = Array.from({ length: 2_000 }, (_, i) => `city/v1/g${i}/config`);
    for (const topic of topics) broker.link.publish({ topic, payload: 'x'.repeat(2_000), qos: 1, retain: true });
    const observer = await aClient(broker, 'technician');
    const inbox = inboxOf(observer);
    await observer.subscribeAsync('city/v1/#', { qos: 0 });
    await expect.poll(() => inbox.length, { timeout: 10_000 }).toBe(2_000);
    expect(inbox.map((message) => message.topic)).toEqual(topics);
  });

  it('are gone after a restart; who owns them is told to publish again', async () => {
    const { broker } = await aBroker();
    let connects = 0;
    broker.link.onConnect(() => connects++);
    expect(connects).toBe(1);
    broker.link.publish({ topic: 'city/v1/library/config', payload: '{}', qos: 1, retain: true });
    expect(broker.stats().retained).toBe(1);
    await broker.stop();
    await broker.start();
    expect(connects).toBe(2);
    expect(broker.stats().retained).toBe(0);
  });

  it('are the only thing kept: a session that asks to be remembered is not', async () => {
    const { broker } = await aBroker();
    const gateway = await aClient(broker, 'library', { clean: false });
    await gateway.subscribeAsync('city/v1/library/command', { qos: 1 });
    await gateway.endAsync();
    broker.link.publish({ topic: 'city/v1/library/command', payload: 'missed', qos: 1, retain: false });
    const again = await aClient(broker, 'library', { clean: false });
    const inbox = inboxOf(again);
    await again.subscribeAsync('city/v1/library/command', { qos: 1 });
    broker.link.publish({ topic: 'city/v1/library/command', payload: 'heard', qos: 1, retain: false });
    await expect.poll(() => inbox.map((message) => message.payload)).toEqual(['heard']);
  });
});
