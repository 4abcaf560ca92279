import { describe, expect, it } from 'vitest';
import { type ConnectRequest, identify, isStillValid } from '../../broker/identity.ts';
import { Topics } from '../../contract/topics.ts';
import { aBroker, aClient, aCredential, closed, connackOf, HandWrittenRegister, tokenOf } from './broker-fixture.ts';

const topics = new Topics();

function outcome(change: Partial<ConnectRequest> & { user?: string }, holder?: string): string {
  const register = HandWrittenRegister.ofCity();
  register.gatewayById.set('old', { id: 'old', name: 'old', site: 'town', retired: true });
  register.credentialById.set('old', aCredential('old'));
  register.credentialById.set('lost', aCredential('lost'));
  const user = change.user ?? 'library';
  const identity = identify(
    { clientId: user, username: user, password: Buffer.from(tokenOf(user)), will: undefined, ...change },
    { register, topics, maxPresenceBytes: 100, holderOf: () => holder },
  );
  return 'credential' in identity ? identity.credential.role : `${identity.refusal} ${identity.returnCode}`;
}

const ownWill = { topic: 'city/v1/library/presence', payloadBytes: 60 };

describe('identity', () => {
  it.each<[string, Partial<ConnectRequest> & { user?: string }, string]>([
    ['a gateway with its own id', {}, 'gateway'],
    ['a gateway with its own will', { will: ownWill }, 'gateway'],
    ['no user name', { username: undefined }, 'anonymous 5'],
    ['no password', { password: undefined }, 'anonymous 5'],
    ['an unknown user', { user: 'nobody' }, 'bad-credential 4'],
    ['a wrong token', { password: Buffer.from('guess') }, 'bad-credential 4'],
    ['an empty token', { password: Buffer.alloc(0) }, 'bad-credential 4'],
    ['another gateway’s token', { password: Buffer.from(tokenOf('depot')) }, 'bad-credential 4'],
    ['a gateway under another’s client id', { clientId: 'depot' }, 'client-id 2'],
    ['a gateway under an invented client id', { clientId: 'library-2' }, 'client-id 2'],
    ['a retired gateway', { user: 'old' }, 'retired-gateway 5'],
    ['a credential without its gateway', { user: 'lost' }, 'unknown-gateway 5'],
    ['a will on another’s presence', { will: { topic: 'city/v1/depot/presence', payloadBytes: 1 } }, 'foreign-will 5'],
    ['a will on its own readings', { will: { topic: 'city/v1/library/readings', payloadBytes: 1 } }, 'foreign-will 5'],
    ['a huge will', { will: { ...ownWill, payloadBytes: 101 } }, 'foreign-will 5'],
    ['an observer', { user: 'technician' }, 'observer'],
    ['an observer under a free client id', { user: 'technician', clientId: 'mosqsub-1' }, 'observer'],
    ['an observer as a gateway', { user: 'technician', clientId: 'library' }, 'client-id 2'],
    ['an observer as a service', { user: 'technician', clientId: 'ingest' }, 'client-id 2'],
    ['an observer with a will', { user: 'technician', will: ownWill }, 'foreign-will 5'],
    ['an endless client id', { user: 'technician', clientId: 'x'.repeat(129) }, 'client-id 2'],
    ['a service', { user: 'ingest' }, 'service'],
    ['a service with a will', { user: 'ingest', will: ownWill }, 'foreign-will 5'],
  ])('%s', (_name, request, expected) => {
    expect(outcome(request)).toBe(expected);
  });

  it('lets nobody take a client id that another user holds', () => {
    const request = { user: 'technician', clientId: 'viewer' };
    expect(outcome(request, 'journalist')).toBe('client-id-in-use 2');
    expect(outcome(request, 'technician')).toBe('observer');
  });

  it('gives a gateway its id back from whoever took it before the gateway was registered', () => {
    expect(outcome({}, 'technician')).toBe('gateway');
  });

  it('ends with the credential, its token, its role or its gateway', () => {
    const register = HandWrittenRegister.ofCity();
    const credential = aCredential('library');
    expect(isStillValid(credential, register)).toBe(true);
    register.credentialById.set('library', { ...credential, token_sha256: '0'.repeat(64) });
    expect(isStillValid(credential, register)).toBe(false);
    register.credentialById.set('library', aCredential('library', 'observer'));
    expect(isStillValid(credential, register)).toBe(false);
    register.credentialById.delete('library');
    expect(isStillValid(credential, register)).toBe(false);
    register.credentialById.set('library', credential);
    register.gatewayById.delete('library');
    expect(isStillValid(credential, register)).toBe(false);
  });
});

describe('identity on the wire', () => {
  it('answers with the return codes of MQTT 3.1.1', async () => {
    const { broker } = await aBroker();
    expect(await connackOf(broker, 'library')).toBe(0);
    expect(await connackOf(broker, 'library', { password: 'guess' })).toBe(4);
    expect(await connackOf(broker, 'library', { clientId: 'other' })).toBe(2);
    const anonymous = { username: undefined, password: undefined } as unknown as { username: string };
    expect(await connackOf(broker, 'library', anonymous)).toBe(5);
    const will = { topic: 'city/v1/depot/presence', payload: Buffer.from('{}'), qos: 1 as const, retain: true };
    expect(await connackOf(broker, 'library', { will })).toBe(5);
    expect(broker.stats().refused).toMatchObject({
      'bad-credential': 1,
      'client-id': 1,
      anonymous: 1,
      'foreign-will': 1,
    });
  });

  it('refuses an empty client id that asks for a session, and names one without', async () => {
    const { broker } = await aBroker();
    expect(await connackOf(broker, 'technician', { clientId: '', clean: true })).toBe(0);
    expect(await connackOf(broker, 'library', { clientId: '', clean: true })).toBe(2);
  });

  it('never lets a foreign client id evict a gateway or another observer', async () => {
    const { broker } = await aBroker();
    const gateway = await aClient(broker, 'library');
    const observer = await aClient(broker, 'technician', { clientId: 'viewer' });
    expect(await connackOf(broker, 'journalist', { clientId: 'library' })).toBe(2);
    expect(await connackOf(broker, 'journalist', { clientId: 'viewer' })).toBe(2);
    expect(gateway.connected && observer.connected).toBe(true);
  });

  it('lets a second connection of the same gateway take over, and frees a client id at its end', async () => {
    const { broker } = await aBroker();
    const first = await aClient(broker, 'library');
    const gone = closed(first);
    const second = await aClient(broker, 'library');
    await gone;
    expect(second.connected).toBe(true);
    expect(broker.stats().sessions).toBe(1);

    const viewer = await aClient(broker, 'technician', { clientId: 'viewer' });
    await viewer.endAsync();
    await expect.poll(() => broker.stats().sessions).toBe(1);
    expect(await connackOf(broker, 'journalist', { clientId: 'viewer' })).toBe(0);
  });

  it('sends the will of a gateway that vanishes, retained', async () => {
    const { broker } = await aBroker();
    const heard: string[] = [];
    await broker.link.subscribe('city/v1/+/presence', (topic, payload) => heard.push(`${topic} ${payload}`));
    const will = { topic: 'city/v1/library/presence', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
    const gateway = await aClient(broker, 'library', { will });
    gateway.stream.destroy();
    await expect.poll(() => heard).toEqual(['city/v1/library/presence gone']);
    expect(broker.stats().retained).toBe(1);
  });

  it('closes a connection whose credential is removed or whose gateway is retired, and no other', async () => {
    const { broker, register } = await aBroker();
    const library = await aClient(broker, 'library');
    const depot = await aClient(broker, 'depot');
    const technician = await aClient(broker, 'technician');
    const gone = Promise.all([closed(library), closed(technician)]);
    register.change(() => {
      register.gatewayById.set('library', { id: 'library', name: 'Library', site: 'town', retired: true });
      register.credentialById.delete('technician');
    });
    await gone;
    expect(depot.connected).toBe(true);
    expect(broker.stats().refused).toMatchObject({ revoked: 2 });
    expect(await connackOf(broker, 'library')).toBe(5);
    expect(await connackOf(broker, 'technician')).toBe(4);
  });
});
