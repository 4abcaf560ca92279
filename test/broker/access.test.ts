import { describe, expect, it } from 'vitest';
import { Access } from '../../broker/access.ts';
import type { Session } from '../../broker/sessions.ts';
import { Topics } from '../../contract/topics.ts';
import type { Credential } from '../../register/model.ts';
import { aBroker, aClient, aCredential, closed, inboxOf, settled } from './broker-fixture.ts';

const topics = new Topics();
const access = new Access({ topics, maxPresenceBytes: 100 });

function aSession(role: Credential['role']): Session {
  const id = role === 'gateway' ? 'library' : role;
  const readingsTopic = role === 'gateway' ? topics.of(id, 'readings') : undefined;
  return { credential: aCredential(id, role), clientId: id, readingsTopic } as unknown as Session;
}

describe('who may publish', () => {
  const own = 'city/v1/library';
  const other = 'city/v1/depot';
  it.each<[topic: string, gateway: string, observer: string, service: string]>([
    [`${own}/readings`, 'may', 'publish-not-allowed', 'publish-not-allowed'],
    [`${own}/presence`, 'may', 'publish-not-allowed', 'publish-not-allowed'],
    [`${own}/health`, 'may', 'publish-not-allowed', 'publish-not-allowed'],
    [`${own}/reply`, 'may', 'publish-not-allowed', 'publish-not-allowed'],
    [`${own}/ack`, 'publish-not-allowed', 'publish-not-allowed', 'may'],
    [`${own}/config`, 'publish-not-allowed', 'publish-not-allowed', 'may'],
    [`${own}/command`, 'publish-not-allowed', 'publish-not-allowed', 'may'],
    [`${other}/readings`, 'publish-foreign', 'publish-not-allowed', 'publish-not-allowed'],
    [`${other}/ack`, 'publish-foreign', 'publish-not-allowed', 'may'],
    [`${own}/readings/more`, 'publish-outside', 'publish-not-allowed', 'publish-outside'],
    [`${own}/unheard-of`, 'publish-outside', 'publish-not-allowed', 'publish-outside'],
    ['city/v2/library/readings', 'publish-outside', 'publish-not-allowed', 'publish-outside'],
    ['city/v1/Library/readings', 'publish-outside', 'publish-not-allowed', 'publish-outside'],
    ['$SYS/x', 'publish-outside', 'publish-not-allowed', 'publish-outside'],
    ['', 'publish-outside', 'publish-not-allowed', 'publish-outside'],
  ])('%s', (topic, gateway, observer, service) => {
    const verdict = (role: Credential['role']): string =>
      access.publishRefusal(aSession(role), { topic, payload: Buffer.alloc(1) }) ?? 'may';
    expect([verdict('gateway'), verdict('observer'), verdict('service')]).toEqual([gateway, observer, service]);
  });

  it('bounds presence, since it is retained', () => {
    const payload = Buffer.alloc(101);
    expect(access.publishRefusal(aSession('gateway'), { topic: `${own}/presence`, payload })).toBe(
      'presence-too-large',
    );
  });

  it('lets only presence and config be retained', () => {
    const retained = ['readings', 'ack', 'presence', 'health', 'config', 'command', 'reply'].filter((channel) =>
      access.mayRetain(`${own}/${channel}`),
    );
    expect(retained).toEqual(['presence', 'config']);
  });
});

describe('who may read', () => {
  it.each<[filter: string, gateway: boolean, others: boolean]>([
    ['city/v1/library/ack', true, true],
    ['city/v1/library/config', true, true],
    ['city/v1/library/command', true, true],
    ['city/v1/library/presence', true, true],
    ['city/v1/library/readings', false, true],
    ['city/v1/depot/ack', false, true],
    ['city/v1/library/+', false, true],
    ['city/v1/+/ack', false, true],
    ['city/v1/#', false, true],
    ['city/v1', false, false],
    ['city/#', false, false],
    ['+/v1/#', false, false],
    ['#', false, false],
    ['$SYS/#', false, false],
    ['$share/ingest/city/v1/#', false, false],
    ['city/v10/#', false, false],
  ])('%s', (filter, gateway, others) => {
    expect(access.maySubscribe(aSession('gateway'), filter)).toBe(gateway);
    expect(access.maySubscribe(aSession('observer'), filter)).toBe(others);
    expect(access.maySubscribe(aSession('service'), filter)).toBe(others);
  });
});

describe('access on the wire', () => {
  it('drops and counts what a gateway may not publish, and takes its next good message', async () => {
    const { broker } = await aBroker();
    const heard: string[] = [];
    await broker.link.subscribe('#', (topic, payload) => heard.push(`${topic} ${payload}`));
    const gateway = await aClient(broker, 'library');
    gateway.publish('city/v1/depot/readings', 'foreign');
    gateway.publish('elsewhere', 'lost', { retain: true });
    await gateway.publishAsync('city/v1/library/ack', 'forged', { qos: 1 });
    await gateway.publishAsync('city/v1/library/config', 'forged', { qos: 2 });
    await gateway.publishAsync('city/v1/library/readings', 'good');
    await settled(gateway);
    expect(heard.filter((line) => line.startsWith('city'))).toEqual(['city/v1/library/readings good']);
    expect(gateway.connected).toBe(true);
    expect(broker.stats().retained).toBe(0);
    expect(broker.stats().refused).toMatchObject({
      'publish-foreign': 1,
      'publish-outside': 1,
      'publish-not-allowed': 2,
    });
  });

  it('delivers each QoS 2 message once', async () => {
    const { broker } = await aBroker();
    const observer = await aClient(broker, 'technician');
    const inbox = inboxOf(observer);
    await observer.subscribeAsync('city/v1/#', { qos: 2 });
    const gateway = await aClient(broker, 'library');
    for (let i = 0; i < 3; i++) await gateway.publishAsync('city/v1/library/reply', `${i}`, { qos: 2 });
    await expect.poll(() => inbox.map((message) => message.payload)).toEqual(['0', '1', '2']);
  });

  it('closes a connection that goes on and on', async () => {
    const { broker } = await aBroker({ options: { limits: { forbiddenRate: { perSecond: 1, burst: 5 } } } });
    const gateway = await aClient(broker, 'library');
    const gone = closed(gateway);
    for (let i = 0; i < 10; i++) gateway.publish('city/v1/depot/readings', `${i}`);
    await gone;
    expect(broker.stats().refused).toMatchObject({ abuse: 1, 'publish-foreign': 6 });
    const again = await aClient(broker, 'library');
    expect(again.connected).toBe(true);
  });

  it('takes the retain flag off a reading', async () => {
    const { broker } = await aBroker();
    const gateway = await aClient(broker, 'library');
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(payload.toString()));
    await gateway.publishAsync('city/v1/library/readings', 'kept for ever?', { qos: 1, retain: true });
    expect(heard).toEqual(['kept for ever?']);
    expect(broker.stats()).toMatchObject({ retained: 0, refused: { 'retain-not-allowed': 1 } });
  });

  it('answers a forbidden subscription with 128 and grants the others of the same packet', async () => {
    const { broker } = await aBroker();
    const gateway = await aClient(broker, 'library');
    const codes = await new Promise<number[]>((resolve) => {
      gateway.on('packetreceive', (packet) => {
        if (packet.cmd === 'suback') resolve(packet.granted as number[]);
      });
      gateway.subscribe(
        ['city/v1/library/ack', 'city/v1/depot/ack', '#', 'city/v1/library/config'],
        { qos: 1 },
        () => {},
      );
    });
    expect(codes).toEqual([1, 128, 128, 1]);
    const inbox = inboxOf(gateway);
    broker.link.publish({ topic: 'city/v1/depot/ack', payload: 'not yours', qos: 0, retain: false });
    broker.link.publish({ topic: 'city/v1/library/ack', payload: 'yours', qos: 0, retain: false });
    await expect.poll(() => inbox.map((message) => message.payload)).toEqual(['yours']);
    expect(broker.stats()).toMatchObject({ subscriptions: 2, refused: { 'subscribe-not-allowed': 2 } });
  });

  it('bounds the subscriptions of a connection', async () => {
    const { broker } = await aBroker({ options: { limits: { maxSubscriptions: 2 } } });
    const observer = await aClient(broker, 'technician');
    for (const id of ['a', 'b', 'c', 'd']) {
      await observer.subscribeAsync(`city/v1/${id}/ack`).catch(() => {});
    }
    expect(broker.stats().subscriptions).toBe(2);
    await observer.unsubscribeAsync('city/v1/a/ack');
    await observer.subscribeAsync('city/v1/e/ack');
    expect(broker.stats()).toMatchObject({ subscriptions: 2, refused: { 'too-many-subscriptions': 2 } });
  });
});
