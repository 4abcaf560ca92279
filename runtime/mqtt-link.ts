/** A MessageLink over MQTT, to any 3.1.1 broker. */
import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Message, MessageHandler, MessageLink } from './message-link.ts';
import type { Random } from './random.ts';
import type { Service } from './service.ts';

export interface MqttLinkOptions {
  /** mqtt://host:port or mqtts://host:port */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** File with the certificate authority, PEM, for mqtts. */
  readonly caFile?: string | undefined;
  readonly will?: Message | undefined;
  readonly keepaliveS?: number;
  /** Reconnects wait a random time up to this, so that a fleet does not come back in one instant. */
  readonly reconnectMostMs?: number;
}

export class MqttLink implements MessageLink, Service {
  readonly name: string;
  readonly #options: MqttLinkOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #connectListeners: (() => void)[] = [];
  readonly #disconnectListeners: ((reason: string) => void)[] = [];
  #client: MqttClient | undefined;
  #stopped = true;
  #lastError = '';

  constructor(deps: { options: MqttLinkOptions; clock: Clock; random: Random; log: Log }) {
    this.#options = deps.options;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#log = deps.log;
    this.name = `mqtt link ${deps.options.clientId}`;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** The last connection failure in words; empty while connected. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Begins to connect; does not wait, because the broker may be down for a day. */
  async start(): Promise<void> {
    this.#stopped = false;
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.endAsync(!client.connected);
  }

  /** Drops the connection without a word, as a cut cable would. */
  drop(): void {
    this.#client?.stream?.destroy();
  }

  onConnect(listener: () => void): void {
    this.#connectListeners.push(listener);
    if (this.connected) listener();
  }

  onDisconnect(listener: (reason: string) => void): void {
    this.#disconnectListeners.push(listener);
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    this.#handlers.set(filter, handler);
    if (this.connected) await this.#client?.subscribeAsync(filter, { qos: 1 });
  }

  publish(message: Message): boolean {
    const client = this.#client;
    if (!client?.connected) return false;
    client.publish(message.topic, message.payload, { qos: message.qos, retain: message.retain }, (error) => {
      if (error) this.#log.debug({ topic: message.topic, error: error.message }, 'publish failed');
    });
    return true;
  }

  #connect(): void {
    const { url, clientId, username, password, caFile, will } = this.#options;
    let client: MqttClient;
    try {
      client = mqtt.connect(url, {
        clientId,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
        ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
        protocolVersion: 4,
        clean: true,
        keepalive: this.#options.keepaliveS ?? 30,
        connectTimeout: 10_000,
        reconnectPeriod: 0,
        queueQoSZero: false,
        resubscribe: false,
        reschedulePings: false,
      });
    } catch (error) {
      this.#failed(error);
      this.#reconnectLater();
      return;
    }
    this.#client = client;
    client.on('connect', () => void this.#connected(client));
    client.on('message', (topic, payload) => this.#deliver(topic, payload));
    client.on('error', (error) => this.#failed(error));
    client.on('close', () => this.#closed(client));
  }

  async #connected(client: MqttClient): Promise<void> {
    try {
      const filters = [...this.#handlers.keys()];
      if (filters.length > 0) {
        const granted = await client.subscribeAsync(filters, { qos: 1 });
        const refused = granted.filter((grant) => grant.qos >= 128).map((grant) => grant.topic);
        if (refused.length > 0) throw new Error(`the broker refused the subscription to ${refused.join(', ')}`);
      }
    } catch (error) {
      this.#failed(error);
      client.stream?.destroy();
      return;
    }
    this.#lastError = '';
    this.#log.debug({ url: this.#options.url }, 'connected');
    for (const listener of this.#connectListeners) listener();
  }

  #deliver(topic: string, payload: Buffer): void {
    for (const [filter, handler] of this.#handlers) {
      if (matchesFilter(filter, topic)) handler(topic, payload);
    }
  }

  #failed(error: unknown): void {
    const words =
      error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error);
    if (words !== this.#lastError) this.#log.warn({ url: this.#options.url, error: words }, 'MQTT connection failed');
    this.#lastError = words;
  }

  #closed(client: MqttClient): void {
    if (client !== this.#client) return;
    client.removeAllListeners();
    client.on('error', () => {});
    client.end(true);
    for (const listener of this.#disconnectListeners) listener(this.#lastError);
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#stopped) return;
    this.#clock.after(this.#random() * (this.#options.reconnectMostMs ?? 5_000), () => {
      if (!this.#stopped) this.#connect();
    });
  }
}

/** MQTT 3.1.1 §4.7 topic matching. */
export function matchesFilter(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  // [MQTT-4.7.2-1] wildcards at the first level do not match topics that begin with $
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false;
  for (const [position, part] of wanted.entries()) {
    if (part === '#') return true;
    if (position >= levels.length) return false;
    if (part !== '+' && part !== levels[position]) return false;
  }
  return wanted.length === levels.length;
}
