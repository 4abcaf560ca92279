/** A MessageLink over MQTT, to any 3.1.1 broker. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock, Timer } from './clock.ts';
import { connectionWords } from './connection-words.ts';
import type { Log } from './log.ts';
import type { Message, MessageHandler, MessageLink } from './message-link.ts';
import type { Random } from './random.ts';
import type { Service } from './service.ts';
import { closedWords, isSecure, ownCertificateFault, type PeerCertificate, tlsWords, watchPeer } from './tls-words.ts';

/** A broker that does not answer any more must not keep a process from stopping. */
const MOST_FAREWELL_MS = 2_000;

export interface MqttLinkOptions {
  /** mqtt://host:port, mqtts://host:port, or the same with ws and wss, whose path is /mqtt unless one is given. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** File with the certificate authority, PEM, for mqtts and wss; read anew at each connection. */
  readonly caFile?: string | undefined;
  /** The authority itself, PEM, instead of a file. */
  readonly ca?: string | undefined;
  /** Our own certificate and its key, PEM, for a broker that asks; read anew at each connection. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** A function is asked anew at each connection, for a will that names the connection it belongs to. */
  readonly will?: Message | (() => Message) | undefined;
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
  #reconnect: Timer | undefined;
  /** The broker has accepted the connection and granted every subscription. */
  #ready = false;
  #stopped = true;
  #lastError = '';
  /** What the broker showed in the handshake of the connection at hand. */
  #peer: PeerCertificate | undefined;
  #hasFailed = false;

  constructor(deps: { options: MqttLinkOptions; clock: Clock; random: Random; log: Log }) {
    this.#options = deps.options;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#log = deps.log;
    this.name = `mqtt link ${deps.options.clientId}`;
  }

  get connected(): boolean {
    return this.#ready && (this.#client?.connected ?? false);
  }

  /** The last connection failure in words; empty while connected. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Begins to connect; does not wait, because the broker may be down for a day. */
  async start(): Promise<void> {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  /** Waits up to two seconds for QoS 1 messages to be answered, then takes leave of the broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready = false;
    this.#reconnect?.cancel();
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    const patience = this.#clock.after(MOST_FAREWELL_MS, () => client.stream?.destroy());
    client.once('close', () => patience.cancel());
    if (client.connected) await farewell(client);
    else await client.endAsync(true);
    patience.cancel();
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
    const client = this.#client;
    if (!client?.connected) return;
    try {
      await client.subscribeAsync(filter, { qos: 1 });
    } catch (error) {
      // A lost connection asks again when it is back; only a refusal is the caller's matter.
      if (client.connected) throw error;
    }
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
    const { url, clientId, username, password, will } = this.#options;
    this.#peer = undefined;
    this.#hasFailed = false;
    let client: MqttClient;
    try {
      client = mqtt.connect(withPath(url), {
        clientId,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(isSecure(url) ? this.#tlsOptions() : {}),
        ...(will === undefined ? {} : { will: willPacket(typeof will === 'function' ? will() : will) }),
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
    if (client.stream instanceof TLSSocket) this.#watch(client.stream);
    client.on('connect', () => void this.#connected(client));
    client.on('message', (topic, payload, packet) => this.#deliver(topic, payload, packet.retain));
    client.on('error', (error) => this.#failed(error));
    client.on('close', () => this.#closed(client));
  }

  /** Throws when a file cannot be read or holds something else. */
  #tlsOptions(): IClientOptions {
    const { url, ca, caFile, certFile, keyFile } = this.#options;
    const cert = certFile === undefined ? undefined : readFileSync(certFile);
    if (cert !== undefined && certFile !== undefined) {
      const fault = ownCertificateFault(cert, certFile);
      if (fault !== '') this.#log.warn({ url }, fault);
    }
    const tls = {
      minVersion: 'TLSv1.2' as const,
      ...(caFile === undefined ? (ca === undefined ? {} : { ca }) : { ca: readFileSync(caFile) }),
      ...(cert === undefined ? {} : { cert }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    };
    if (!/^wss:/i.test(url)) return tls;
    // The WebSocket makes its own connection below the stream that MQTT.js shows.
    const createConnection = (options: ConnectionOptions): TLSSocket => {
      const socket = connectTls({
        ...options,
        path: undefined,
        servername: options.servername || hostName(options.host),
      });
      this.#watch(socket);
      return socket;
    };
    return { wsOptions: { ...tls, createConnection } } as IClientOptions;
  }

  #watch(socket: TLSSocket): void {
    watchPeer(socket, (peer) => {
      this.#peer = peer;
    });
  }

  #attempt() {
    return { url: this.#options.url, hasCertificate: this.#options.certFile !== undefined, peer: this.#peer };
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
    if (client !== this.#client || !client.connected) return;
    this.#ready = true;
    this.#lastError = '';
    this.#log.debug({ url: this.#options.url }, 'connected');
    for (const listener of this.#connectListeners) listener();
  }

  #deliver(topic: string, payload: Buffer, retained: boolean): void {
    for (const [filter, handler] of this.#handlers) {
      if (matchesFilter(filter, topic)) handler(topic, payload, retained);
    }
  }

  #failed(error: unknown): void {
    this.#hasFailed = true;
    const words =
      error instanceof Error
        ? tlsWords(error, this.#attempt()) ||
          (this.#ready ? undefined : connectionWords(error, this.#options.url)) ||
          error.message ||
          (error as NodeJS.ErrnoException).code ||
          error.name
        : String(error);
    if (words !== this.#lastError) this.#log.warn({ url: this.#options.url, error: words }, 'MQTT connection failed');
    this.#lastError = words;
  }

  #closed(client: MqttClient): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    if (!this.#ready && !this.#hasFailed && !this.#stopped) this.#failed(new Error(closedWords(this.#attempt())));
    this.#ready = false;
    client.removeAllListeners();
    client.on('error', () => {});
    client.end(true);
    for (const listener of this.#disconnectListeners) listener(this.#lastError);
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#stopped) return;
    this.#reconnect = this.#clock.after(this.#random() * (this.#options.reconnectMostMs ?? 5_000), () => {
      if (!this.#stopped) this.#connect();
    });
  }
}

/** MQTT over WebSocket has a path; this is the usual one, and the built-in broker's. */
function withPath(url: string): string {
  if (!/^wss?:/i.test(url)) return url;
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = '/mqtt';
  return address.href;
}

/** A name for the server to choose its certificate by; an IP address is none (RFC 6066 §3). */
function hostName(host: string | undefined): string {
  return host === undefined || isIP(host) !== 0 ? '' : host;
}

function willPacket(will: Message): { topic: string; payload: Buffer; qos: 0 | 1; retain: boolean } {
  return { ...will, payload: Buffer.from(will.payload) };
}

/** Resolves when the client is gone, also when the connection broke while it took leave. */
function farewell(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', resolve);
    client.end(false, () => resolve());
  });
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
