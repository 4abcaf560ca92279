/**
 * One MQTT 3.1.1 connection of a light gateway: CONNECT with its will, presence, its two subscriptions, PINGREQ.
 * Tells its owner three things: that it is ready, each acknowledgement, and once that it ended and why.
 */
import type { Duplex } from 'node:stream';
import { generate, type Packet, parser } from 'mqtt-packet';
import { type Acknowledgement, acknowledgementSchema } from '../../contract/acknowledgement.ts';
import { presenceSchema } from '../../contract/presence.ts';
import type { Channel, Topics } from '../../contract/topics.ts';
import { type FleetTransport, wordsOfFailure } from './fleet-transport.ts';

export interface FleetCredential {
  readonly id: string;
  /** Absent for a broker that takes anyone. */
  readonly token?: string | undefined;
}

export interface FleetConnectionOptions {
  readonly credential: FleetCredential;
  readonly topics: Topics;
  readonly transport: FleetTransport;
  /** Epoch milliseconds; rises with each connection, so that a late last will is known as one. */
  readonly since: number;
  readonly version: string;
  /** Of the presence and the will. */
  readonly presenceQos: 0 | 1;
  readonly onReady: () => void;
  readonly onAcknowledged: (ack: Acknowledgement) => void;
  /** A message on one of its topics could not be understood. */
  readonly onUnreadable: (channel: string) => void;
  readonly onEnded: (reason: string) => void;
}

const KEEP_ALIVE_S = 60;
const ACK_SUBSCRIPTION = 1;
const PRESENCE_SUBSCRIPTION = 2;
const PRESENCE_MESSAGE = 3;
/** QoS that stands for a refused subscription, MQTT 3.1.1 §3.9.3. */
const REFUSED = 128;

/** MQTT 3.1.1 §3.2.2.3. */
const CONNACK_WORDS: Readonly<Record<number, string>> = {
  1: 'refused: the broker does not speak MQTT 3.1.1',
  2: 'refused: the client id is not allowed',
  3: 'refused: the broker is not available',
  4: 'refused: wrong user name or token',
  5: 'refused: this gateway may not connect',
};

export class FleetConnection {
  readonly #options: FleetConnectionOptions;
  readonly #socket: Duplex;
  #ended = false;
  #ready = false;
  #heard = false;

  constructor(options: FleetConnectionOptions) {
    this.#options = options;
    this.#socket = options.transport(() => this.#greet());
    const incoming = parser();
    incoming.on('packet', (packet: Packet) => this.#take(packet));
    incoming.on('error', () => this.end('the broker sent what is not MQTT'));
    this.#socket.on('data', (bytes: Buffer) => {
      this.#heard = true;
      incoming.parse(bytes);
    });
    this.#socket.on('error', (error) => this.end(wordsOfFailure(error)));
    this.#socket.on('close', () => this.end('closed by the broker'));
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Whether anything came from the broker since this was asked last. */
  takeHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  /** False when the connection does not take it. */
  publish(channel: Channel, payload: string, options: { qos?: 0 | 1; retain?: boolean } = {}): boolean {
    if (this.#ended) return false;
    const { qos = 0, retain = false } = options;
    const topic = this.#options.topics.of(this.#options.credential.id, channel);
    const messageId = qos === 0 ? {} : { messageId: PRESENCE_MESSAGE };
    this.#socket.write(generate({ cmd: 'publish', topic, payload, qos, retain, dup: false, ...messageId }));
    return true;
  }

  ping(): void {
    if (!this.#ended) this.#socket.write(generate({ cmd: 'pingreq' }));
  }

  /** Says goodbye as a gateway does that is switched off: the will does not fire. */
  leave(): void {
    if (this.#ended) return;
    if (this.#ready) this.#announce(false);
    this.#ended = true;
    this.#ready = false;
    this.#socket.end(generate({ cmd: 'disconnect' }));
  }

  /** Ends it at once, as a cut cable does. */
  end(reason: string): void {
    if (!this.#socket.destroyed) this.#socket.destroy();
    if (this.#ended) return;
    this.#ended = true;
    this.#ready = false;
    this.#options.onEnded(reason);
  }

  #greet(): void {
    const { credential, topics, presenceQos } = this.#options;
    const { id, token } = credential;
    this.#socket.write(
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clientId: id,
        clean: true,
        keepalive: KEEP_ALIVE_S,
        ...(token !== undefined && { username: id, password: Buffer.from(token) }),
        will: { topic: topics.of(id, 'presence'), payload: this.#presence(false), qos: presenceQos, retain: true },
      }),
    );
  }

  #take(packet: Packet): void {
    if (this.#ended) return;
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode === 0) this.#subscribe();
        else this.end(CONNACK_WORDS[packet.returnCode ?? 0] ?? `refused: return code ${packet.returnCode}`);
        break;
      case 'suback':
        if (packet.granted[0] === REFUSED) this.end('the broker refused the subscription to its own topics');
        else if (packet.messageId === ACK_SUBSCRIPTION) this.#begin();
        break;
      case 'publish':
        this.#hear(packet.topic, packet.payload.toString());
        break;
      default:
    }
  }

  #subscribe(): void {
    const { topics, credential } = this.#options;
    // As a real gateway does: it hears of a late will of its own on its presence topic.
    for (const [messageId, channel] of [
      [PRESENCE_SUBSCRIPTION, 'presence'],
      [ACK_SUBSCRIPTION, 'ack'],
    ] as const) {
      const subscriptions = [{ topic: topics.of(credential.id, channel), qos: 0 as const }];
      this.#socket.write(generate({ cmd: 'subscribe', messageId, subscriptions }));
    }
  }

  #begin(): void {
    this.#announce(true);
    this.#ready = true;
    this.#options.onReady();
  }

  #announce(online: boolean): void {
    this.publish('presence', this.#presence(online), { qos: this.#options.presenceQos, retain: true });
  }

  #presence(online: boolean): string {
    const { since, version } = this.#options;
    return JSON.stringify({ online, since, version });
  }

  #hear(topic: string, payload: string): void {
    const channel = this.#options.topics.parse(topic)?.channel;
    if (channel === 'ack') {
      const ack = parsed(acknowledgementSchema, payload);
      if (ack === undefined) this.#options.onUnreadable('ack');
      else this.#options.onAcknowledged(ack);
    } else if (channel === 'presence') {
      const presence = parsed(presenceSchema, payload);
      if (presence === undefined) this.#options.onUnreadable('presence');
      else if (this.#ready && !presence.online && presence.since < this.#options.since) this.#announce(true);
    }
  }
}

function parsed<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  text: string,
) {
  try {
    const result = schema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
