/**
 * An MQTT 3.1.1 broker: Aedes, put together from policies of one file each. Start reading here; README.md says what
 * the broker guarantees and what it refuses.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import { writeToStream } from 'mqtt-packet';
import type { Registry } from 'prom-client';
import { Topics } from '../contract/topics.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { MessageLink } from '../runtime/message-link.ts';
import type { Service } from '../runtime/service.ts';
import { Access } from './access.ts';
import { Arrival, type ClientCertificate } from './arrival.ts';
import type { CertificateFiles } from './certificate-files.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { ConnectionGate } from './connection-gate.ts';
import { aedesHooks } from './hooks.ts';
import { isStillValid } from './identity.ts';
import { type BrokerLimits, ConnectionLimits, DEFAULT_LIMITS } from './limits.ts';
import { type Listener, type ListenerAddress, type ListenerKind, type ListenerSpec, openListener } from './listener.ts';
import { LocalLink } from './local-link.ts';
import { Refusals } from './refusals.ts';
import { replay } from './replay.ts';
import { RetainedStore } from './retained-store.ts';
import { Sessions } from './sessions.ts';
import { type ClientCertificateRule, TlsLayer } from './tls-layer.ts';
import { type BrokerLevels, Traffic, TrafficMetrics } from './traffic.ts';
import { WebSocketLayer } from './websocket-layer.ts';

export interface BrokerOptions {
  /** Default 127.0.0.1: anything wider is an explicit choice. */
  readonly host?: string | undefined;
  /** Default 1883; 0 lets the system choose, see `address`. */
  readonly port?: number | undefined;
  /** Where to listen instead of on `host` and `port`; at least one. */
  readonly listeners?: readonly ListenerSpec[] | undefined;
  /** Needed by listeners of kind `tls` and `wss`. */
  readonly tls?: TlsOptions | undefined;
  /** Default `city/v1`. */
  readonly topicPrefix?: string | undefined;
  readonly limits?: Partial<BrokerLimits> | undefined;
}

export interface TlsOptions extends CertificateFiles {
  /** Whether clients show certificates; needs `clientCaFile`. Absent, they are not asked. */
  readonly clientCertificate?: ClientCertificateRule | undefined;
}

export interface BrokerDeps {
  readonly options: BrokerOptions;
  readonly register: RegisterView;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
}

export interface BrokerStats extends BrokerLevels {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Since the broker was made, by reason (refusals.ts). */
  readonly refused: Readonly<Record<string, number>>;
}

export interface Broker extends Service {
  /** For roles in this process; usable before `start`, connected after it. */
  readonly link: MessageLink;
  /** Where its first listener listens. Throws while it does not. */
  readonly address: ListenerAddress;
  /** Where it listens, in the order of the options; empty while it does not. */
  readonly addresses: readonly ListenerAddress[];
  stats(): BrokerStats;
}

const METRICS_EVERY_MS = 1_000;
/** A change of the register is looked at this late, so that importing a city does not check everyone 10,000 times. */
const REVOKE_AFTER_MS = 100;
/** Aedes talks to brokers of a cluster on $SYS; there is none. */
const HEARTBEAT_MS = 3_600_000;
/** Aedes' own limit before the CONNACK; the gate closes slow connections earlier. */
const LATEST_CONNECT_MS = 120_000;

/** Throws LamplighterError from `start` when the address is in use or not to be had. */
export function createBroker(deps: BrokerDeps): Broker {
  return new AedesBroker(deps);
}

/** How somebody came to speak MQTT. */
interface Entrance {
  readonly address: string;
  readonly certificate?: ClientCertificate | undefined;
  readonly connectWithinMs?: number | undefined;
  readonly onConnectComplete?: (() => void) | undefined;
  readonly isSecure?: boolean | undefined;
}

interface Running {
  readonly aedes: Aedes;
  readonly retained: RetainedStore;
  readonly listeners: Listener[];
  readonly certificates: CertificateWatch | undefined;
  readonly tls: TlsLayer | undefined;
  readonly timers: Timer[];
  readonly stopListening: () => void;
}

class AedesBroker implements Broker {
  readonly name = 'broker';
  readonly link: LocalLink;
  readonly #deps: BrokerDeps;
  readonly #limits: BrokerLimits;
  readonly #listenerSpecs: readonly ListenerSpec[];
  readonly #refusals: Refusals;
  readonly #traffic = new Traffic();
  readonly #metrics: TrafficMetrics;
  readonly #sessions = new Sessions();
  readonly #connections: ConnectionLimits;
  readonly #sockets = new Set<Socket>();
  readonly #gates = new WeakMap<Duplex, ConnectionGate>();
  readonly #clientCertificates = new WeakMap<Duplex, ClientCertificate>();
  readonly #webSockets: WebSocketLayer;
  #running: Running | undefined;
  #revokeSoon: Timer | undefined;

  constructor(deps: BrokerDeps) {
    const { options, clock, registry } = deps;
    this.#deps = deps;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#listenerSpecs = options.listeners ?? [
      { kind: 'tcp', host: options.host ?? '127.0.0.1', port: options.port ?? 1883 },
    ];
    this.#webSockets = new WebSocketLayer({ limits: this.#limits, clock });
    this.#refusals = new Refusals({ clock, log: deps.log, registry });
    this.#metrics = new TrafficMetrics(registry);
    this.#connections = new ConnectionLimits(this.#limits, clock);
    this.link = new LocalLink(this.#refusals);
  }

  get address(): ListenerAddress {
    const listener = this.#running?.listeners[0];
    if (listener === undefined) throw new Error('the broker does not listen: start it first');
    return listener.address;
  }

  get addresses(): readonly ListenerAddress[] {
    return this.#running?.listeners.map((listener) => listener.address) ?? [];
  }

  stats(): BrokerStats {
    const { messagesIn, messagesOut, bytesIn, bytesOut } = this.#traffic;
    return { ...this.#levels(), messagesIn, messagesOut, bytesIn, bytesOut, refused: this.#refusals.all() };
  }

  async start(): Promise<void> {
    const { clock, log, register } = this.#deps;
    const retained = new RetainedStore({
      most: this.#limits.maxRetained,
      refuse: (topic) => this.#refusals.count('retained-full', { topic }),
    });
    const aedes = this.#createAedes(retained);
    const running: Running = {
      aedes,
      retained,
      listeners: [],
      ...this.#createTls(),
      timers: [clock.every(METRICS_EVERY_MS, () => this.#metrics.update(this.#traffic, this.#levels()))],
      stopListening: register.onChange(() => this.#revokeLater()),
    };
    this.#running = running;
    try {
      await aedes.listen();
      await this.link.attach({ aedes, retained });
      for (const spec of this.#listenerSpecs) {
        running.listeners.push(await openListener(spec, (socket) => this.#accept(socket, spec.kind, running)));
      }
      running.certificates?.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const address of this.addresses) log.info(address, 'MQTT broker listens');
    this.link.announce();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.link.detach();
    running.stopListening();
    this.#revokeSoon?.cancel();
    this.#revokeSoon = undefined;
    for (const timer of running.timers) timer.cancel();
    running.certificates?.stop();
    const listenersClosed = Promise.all(running.listeners.map((listener) => listener.close()));
    // Aedes closes its clients; those that were not yet authenticated it does not know
    const aedesClosed = new Promise<void>((resolve) => running.aedes.close(resolve));
    const socketsClosed = Promise.all([...this.#sockets].map(destroyed));
    await Promise.all([listenersClosed, aedesClosed, socketsClosed]);
    this.#metrics.update(this.#traffic, this.#levels());
    this.#running = undefined;
  }

  #createAedes(retained: RetainedStore): Aedes {
    const { register, clock, log } = this.#deps;
    // Otherwise mqtt-packet keeps a buffer for each of the 65,536 numbers that a packet may hold: 7 MiB of heap.
    writeToStream.cacheNumbers = false;
    const topics = new Topics(this.#deps.options.topicPrefix);
    const aedes = new Aedes({
      // 0: no global limit of pending messages, which would let one receiver stall all topics
      concurrency: 0,
      heartbeatInterval: HEARTBEAT_MS,
      connectTimeout: LATEST_CONNECT_MS,
      persistence: retained,
      ...aedesHooks({
        register,
        topics,
        limits: this.#limits,
        access: new Access({ topics, maxPresenceBytes: this.#limits.maxPresenceBytes }),
        sessions: this.#sessions,
        refusals: this.#refusals,
        traffic: this.#traffic,
        clock,
        gateOf: (client) => this.#gates.get(client.conn),
        addressOf,
        certificateOf: (client) => this.#clientCertificates.get(client.conn),
        certificateInsteadOfToken: this.#deps.options.tls?.clientCertificate === 'instead-of-token',
      }),
    });
    aedes.on('subscribe', (filters, client) => {
      const session = this.#sessions.of(client);
      if (session === undefined) return;
      replay({ session, retained, clock }, filters).catch((error: unknown) =>
        this.#refusals.count('publish-failed', { client: session.clientId, detail: String(error) }),
      );
    });
    aedes.on('unsubscribe', (filters, client) => {
      const session = this.#sessions.of(client);
      for (const filter of filters) session?.filters.delete(filter);
    });
    aedes.on('clientError', (client, error) => this.#connectionFailed(client, error));
    aedes.on('connectionError', (client, error) => this.#connectionFailed(client, error));
    aedes.on('keepaliveTimeout', (client) => log.debug({ client: client.id }, 'no sign of life: connection closed'));
    return aedes;
  }

  /** Throws LamplighterError when the certificate files cannot be used. */
  #createTls(): Pick<Running, 'certificates' | 'tls'> {
    const { options, clock, log, registry } = this.#deps;
    const { tls: files } = options;
    if (files === undefined) {
      if (this.#listenerSpecs.some(({ kind }) => isSecure(kind))) throw new Error('a TLS listener needs certificates');
      return { certificates: undefined, tls: undefined };
    }
    const certificates: CertificateWatch = new CertificateWatch({
      files,
      clock,
      log,
      registry,
      onChange: (changed) => tls.use(changed),
    });
    const tls = new TlsLayer(certificates.current, files.clientCertificate);
    return { certificates, tls };
  }

  /** Limits first, then TLS and WebSocket as the listener has them, then MQTT. */
  #accept(socket: Socket, kind: ListenerKind, { aedes, tls }: Running): void {
    const address = socket.remoteAddress ?? '';
    const refusal = this.#connections.admit(address);
    if (refusal !== undefined) {
      this.#refusals.count(refusal, { address });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#connections.release(address);
    });
    if (kind === 'tcp') {
      this.#enter(aedes, socket, { address });
      return;
    }
    // Aedes listens for errors on what it is given; of what lies below nobody else does
    socket.on('error', (error) => this.#deps.log.debug({ address, detail: error.message }, 'connection ended'));
    const arrival = new Arrival({
      socket,
      address,
      clock: this.#deps.clock,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      refuse: (reason, detail) => this.#refusals.count(reason, { address, detail }),
    });
    const enter = (stream: Duplex, certificate?: ClientCertificate, onConnectComplete?: () => void): void => {
      const connectWithinMs = arrival.remainingMs;
      this.#enter(aedes, stream, {
        address,
        certificate,
        connectWithinMs,
        onConnectComplete,
        isSecure: isSecure(kind),
      });
    };
    const upgrade = (connection: Duplex, certificate?: ClientCertificate): void =>
      this.#webSockets.upgrade(arrival, connection, (stream, onConnectComplete) =>
        enter(stream, certificate, onConnectComplete),
      );
    if (kind === 'ws') upgrade(socket);
    else tls?.secure(arrival, kind === 'wss' ? upgrade : enter);
  }

  /** What can be spoken MQTT on goes to Aedes, through its gate. */
  #enter(aedes: Aedes, stream: Duplex, about: Entrance): void {
    const { address, certificate, connectWithinMs, onConnectComplete } = about;
    let isRefused = false;
    const gate = new ConnectionGate({
      socket: stream,
      limits: this.#limits,
      clock: this.#deps.clock,
      traffic: this.#traffic,
      refuse: (reason) => {
        isRefused = true;
        this.#refusals.count(reason, { address });
      },
      ...(connectWithinMs === undefined ? {} : { connectWithinMs }),
      onConnectComplete,
    });
    gate.attach();
    if (about.isSecure) {
      stream.once('close', () => {
        if (!gate.connectComplete && !isRefused && this.#running !== undefined) {
          this.#refusals.count('tls-left', { address });
        }
      });
    }
    if (certificate !== undefined) this.#clientCertificates.set(stream, certificate);
    this.#gates.set(stream, gate);
    aedes.handle(stream);
  }

  /** Aedes names what went wrong by an `errorCode` for a refused CONNECT; a system error carries a `code`. */
  #connectionFailed(client: Client, error: Error & { code?: string; errorCode?: number }): void {
    const about = { client: client.id ?? undefined, address: addressOf(client), detail: error.message };
    if (error.errorCode === 1) this.#refusals.count('protocol-version', about);
    else if (error.errorCode === undefined && error.code === undefined && !isOrdinaryEnd(error)) {
      this.#refusals.count('malformed', about);
    } else this.#deps.log.debug(about, 'connection ended');
  }

  #revokeLater(): void {
    this.#revokeSoon ??= this.#deps.clock.after(REVOKE_AFTER_MS, () => {
      this.#revokeSoon = undefined;
      for (const session of this.#sessions.all()) {
        if (isStillValid(session.credential, this.#deps.register)) continue;
        this.#refusals.count('revoked', { user: session.credential.id, client: session.clientId });
        session.client.close();
      }
    });
  }

  #levels(): BrokerLevels {
    return {
      connections: this.#connections.total,
      sessions: this.#sessions.count,
      subscriptions: this.#sessions.subscriptions(),
      retained: this.#running?.retained.size ?? 0,
    };
  }
}

function addressOf(client: Client): string {
  return (client.conn as Socket).remoteAddress ?? '';
}

function isSecure(kind: ListenerKind): boolean {
  return kind === 'tls' || kind === 'wss';
}

function destroyed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.destroy();
  });
}

/** Errors that Aedes makes up for connections that simply ended. */
function isOrdinaryEnd(error: Error): boolean {
  return ['keep alive timeout', 'connection closed', 'mqemitter is closed'].includes(error.message);
}
