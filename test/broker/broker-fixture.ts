/** A running broker on a free port, a register that a test writes by hand, and clients of both kinds. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { generate, type IConnectPacket, type Packet } from 'mqtt-packet';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { type Broker, type BrokerOptions, createBroker } from '../../broker/broker.ts';
import type { Credential, Device, Gateway, Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type Log, silentLog } from '../../runtime/log.ts';

export const tokenOf = (id: string): string => `token-of-${id}`;

export function aCredential(id: string, role: Credential['role'] = 'gateway'): Credential {
  return { id, role, token_sha256: createHash('sha256').update(tokenOf(id)).digest('hex'), created: 0 };
}

export class HandWrittenRegister implements RegisterView {
  version = 0;
  readonly gatewayById = new Map<string, Gateway>();
  readonly credentialById = new Map<string, Credential>();
  readonly #listeners = new Set<() => void>();

  /** Gateways `library` and `depot`, the observer `technician` and the service `ingest`. */
  static ofCity(): HandWrittenRegister {
    const register = new HandWrittenRegister();
    for (const id of ['library', 'depot']) {
      register.gatewayById.set(id, { id, name: id, site: 'town', retired: false });
      register.credentialById.set(id, aCredential(id));
    }
    register.credentialById.set('technician', aCredential('technician', 'observer'));
    register.credentialById.set('journalist', aCredential('journalist', 'observer'));
    register.credentialById.set('ingest', aCredential('ingest', 'service'));
    return register;
  }

  change(write: () => void): void {
    write();
    this.version++;
    for (const listener of this.#listeners) listener();
  }

  site = (): Site | undefined => undefined;
  sites = (): readonly Site[] => [];
  gateway = (id: string): Gateway | undefined => this.gatewayById.get(id);
  gateways = (): readonly Gateway[] => [...this.gatewayById.values()];
  device = (): Device | undefined => undefined;
  devices = (): readonly Device[] => [];
  credential = (id: string): Credential | undefined => this.credentialById.get(id);

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface Fixture {
  readonly broker: Broker;
  readonly register: HandWrittenRegister;
  readonly registry: Registry;
}

export async function aBroker(
  change: { options?: Partial<BrokerOptions>; clock?: Clock; log?: Log; register?: HandWrittenRegister } = {},
): Promise<Fixture> {
  const register = change.register ?? HandWrittenRegister.ofCity();
  const registry = new Registry();
  const broker = createBroker({
    options: { port: 0, ...change.options },
    register,
    clock: change.clock ?? systemClock,
    log: change.log ?? silentLog,
    registry,
  });
  await broker.start();
  onTestFinished(() => broker.stop());
  return { broker, register, registry };
}

/** An MQTT.js client signed in as `user`; rejects with the broker's refusal. */
export async function aClient(broker: Broker, user: string, change: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect({
    host: broker.address.host,
    port: broker.address.port,
    protocol: 'mqtt',
    clientId: user,
    username: user,
    password: tokenOf(user),
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    ...change,
  });
  onTestFinished(async () => {
    client.on('error', () => {});
    await client.endAsync(true);
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before CONNACK')));
  });
  client.on('error', () => {});
  return client;
}

/** CONNACK return code of one attempt; 0 is success, 'closed' when the broker said nothing. */
export async function connackOf(broker: Broker, user: string, change: IClientOptions = {}): Promise<number | string> {
  try {
    await aClient(broker, user, change);
    return 0;
  } catch (error) {
    return (error as { code?: number }).code ?? 'closed';
  }
}

/** A bare TCP connection. */
export async function aSocket(broker: Broker): Promise<Socket> {
  const socket = connectSocket(broker.address.port, broker.address.host);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A bare TCP connection that is signed in, and whose bytes nobody reads unless asked to. */
export async function aSignedInSocket(broker: Broker, user: string): Promise<Socket> {
  const socket = await aSocket(broker);
  socket.write(connectPacket(user));
  await once(socket, 'readable');
  socket.read();
  return socket;
}

export function connectPacket(user: string, change: Partial<IConnectPacket> = {}): Buffer {
  return bytesOf({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: user,
    keepalive: 0,
    username: user,
    password: Buffer.from(tokenOf(user)),
    ...change,
  });
}

export function bytesOf(packet: Packet): Buffer {
  return generate(packet);
}

export function publishBytes(topic: string, payload: string | Buffer, qos: 0 | 1 = 0): Buffer {
  const id = qos === 0 ? {} : { messageId: 1 };
  return bytesOf({ cmd: 'publish', topic, payload, qos, retain: false, dup: false, ...id });
}

/** Messages that a client receives from now on. */
export function inboxOf(client: MqttClient): { topic: string; payload: string; retain: boolean }[] {
  const inbox: { topic: string; payload: string; retain: boolean }[] = [];
  client.on('message', (topic, payload, packet) =>
    inbox.push({ topic, payload: payload.toString(), retain: packet.retain }),
  );
  return inbox;
}

export async function closed(connection: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => connection.once('close', resolve));
}

/** Resolves once the broker has handled what the client sent before. */
export async function settled(client: MqttClient): Promise<void> {
  // a refused subscription is answered in order and changes nothing
  await client.subscribeAsync('$settled', { qos: 0 }).catch(() => {});
}
