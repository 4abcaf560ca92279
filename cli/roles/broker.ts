/** The broker as the other roles see it: built in, on the listeners of the settings, or somebody else's over MQTT. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Broker, createBroker, type TlsOptions } from '../../broker/broker.ts';
import { type BrokerLimits, DEFAULT_LIMITS } from '../../broker/limits.ts';
import type { ListenerAddress, ListenerKind, ListenerSpec } from '../../broker/listener.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { MessageLink } from '../../runtime/message-link.ts';
import { MqttLink } from '../../runtime/mqtt-link.ts';
import type { Service } from '../../runtime/service.ts';
import { TlsFolder } from '../certificates/tls-folder.ts';
import { connectionsThatFit, mostOpenFiles } from '../open-files.ts';
import { secret } from '../secret.ts';
import type { Settings } from '../settings.ts';
import type { InternalClient } from './internal-client.ts';
import { clientOf, INGEST_SERVICE_ID, serviceToken } from './other-processes.ts';
import type { RoleContext } from './role.ts';
import { isSplit } from './role-names.ts';

/** Where the broker is, and how it is. */
export interface BrokerPlace {
  /** The address that gateways are told, the safest of the listeners. */
  readonly url: string;
  /** Where gateways in this process and commands on this machine connect; WebSocket only where there is nothing else. */
  readonly localUrl: string;
  /** Every address. */
  readonly urls: readonly string[];
  /** What gateways need beside address and token. */
  readonly forGateways: { readonly ca?: string | undefined; readonly needsCertificate: boolean };
  /** File of the CA that clients must trust, when it is not one of the public web. */
  readonly caFile: string | undefined;
  view(): { connections: number; fault: string };
}

export interface BrokerRole extends BrokerPlace, Service {
  readonly link: MessageLink;
}

export function brokerRole(context: RoleContext, register: RegisterView): BrokerRole {
  const { broker_url: url } = context.settings;
  return url === undefined ? new BuiltInBroker(context, register) : externalBroker(context, url);
}

const SCHEMES: Readonly<Record<ListenerKind, string>> = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' };
/** Which listener a new gateway is told to use, when there are several. */
const SAFEST_FIRST: readonly ListenerKind[] = ['tls', 'wss', 'tcp', 'ws'];
const STANDARD_TLS_PORT = 8883;
const RENEWAL_EVERY_MS = 86_400_000;
const FEW_CONNECTIONS = 1_000;

class BuiltInBroker implements BrokerRole {
  readonly name = 'broker';
  readonly #settings: Settings;
  readonly #context: RoleContext;
  readonly #broker: Broker;
  readonly #ownFolder: TlsFolder | undefined;
  #renewal: Timer | undefined;

  constructor(context: RoleContext, register: RegisterView) {
    const { settings, clock, log } = context;
    this.#settings = settings;
    this.#context = context;
    this.#ownFolder =
      settings.tls === 'auto' ? new TlsFolder(join(settings.data, 'tls'), () => clock.now()) : undefined;
    this.#broker = createBroker({
      ...context,
      register,
      options: {
        listeners: listenersOf(settings),
        tls: tlsOptionsOf(settings, this.#ownFolder),
        topicPrefix: settings.topic_prefix,
        limits: limitsOfFiles(log),
      },
    });
  }

  get link(): MessageLink {
    return this.#broker.link;
  }

  get url(): string {
    return this.#settings.gateway_url ?? this.#urlOf(this.#addressOf(SAFEST_FIRST), this.#settings.mqtt_name);
  }

  get localUrl(): string {
    return this.#urlOf(this.#addressOf(['tcp', 'tls', 'ws', 'wss']), undefined);
  }

  get urls(): readonly string[] {
    return this.#broker.addresses.map((address) => this.#urlOf(address, this.#settings.mqtt_name));
  }

  get caFile(): string | undefined {
    if (!usesTls(this.#settings)) return undefined;
    return (
      this.#ownFolder?.caFile ?? (this.#settings.tls_ca === undefined ? undefined : resolve(this.#settings.tls_ca))
    );
  }

  get forGateways(): BrokerRole['forGateways'] {
    return {
      ca: this.caFile === undefined ? undefined : readFileSync(this.caFile, 'utf8'),
      needsCertificate: ['required', 'instead-of-token'].includes(this.#settings.tls_client_cert ?? ''),
    };
  }

  async start(): Promise<void> {
    await this.#ensureCertificates();
    await this.#broker.start();
    if (this.#ownFolder === undefined) return;
    this.#renewal = this.#context.clock.every(RENEWAL_EVERY_MS, () => {
      this.#ensureCertificates().catch((error: unknown) =>
        this.#context.log.error({ error }, 'the TLS certificate could not be renewed: lamplighter tls renew says why'),
      );
    });
  }

  async stop(): Promise<void> {
    this.#renewal?.cancel();
    await this.#broker.stop();
  }

  view(): { connections: number; fault: string } {
    return { connections: this.#broker.stats().connections, fault: '' };
  }

  async #ensureCertificates(): Promise<void> {
    const folder = this.#ownFolder;
    if (folder === undefined) return;
    const { mqtt_host, mqtt_name } = this.#settings;
    const hosts = [mqtt_host, mqtt_name].filter((host) => host !== undefined && !isAnyAddress(host));
    const done = await folder.ensure(hosts as string[]);
    if (done !== 'kept') this.#context.log.warn({ folder: folder.path }, `TLS: certificates ${done}`);
  }

  #addressOf(kinds: readonly ListenerKind[]): ListenerAddress {
    const { addresses } = this.#broker;
    for (const kind of kinds) {
      const address = addresses.find((one) => one.kind === kind);
      if (address !== undefined) return address;
    }
    return this.#broker.address;
  }

  /** Who listens on every address is told to others by this machine's name. */
  #urlOf({ kind, host, port }: ListenerAddress, name: string | undefined): string {
    const known = name ?? (isAnyAddress(host) && kind !== 'tcp' ? hostname() : host);
    const path = kind === 'ws' || kind === 'wss' ? '/mqtt' : '';
    return `${SCHEMES[kind]}://${known.includes(':') ? `[${known}]` : known}:${port}${path}`;
  }
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

export function usesTls(settings: Settings): boolean {
  return settings.tls === 'auto' || settings.tls_cert !== undefined;
}

/** In the order in which they are told. */
function listenersOf(settings: Settings): ListenerSpec[] {
  const { mqtt_host: host, mqtt_port, mqtts_port, ws_port, wss_port } = settings;
  const standard = usesTls(settings) ? STANDARD_TLS_PORT : 'off';
  const ports: readonly (readonly [ListenerKind, number | 'off'])[] = [
    ['tcp', mqtt_port],
    ['tls', mqtts_port ?? standard],
    ['ws', ws_port ?? 'off'],
    ['wss', wss_port ?? 'off'],
  ];
  return ports.flatMap(([kind, port]) => (port === 'off' ? [] : [{ kind, host, port }]));
}

function tlsOptionsOf(settings: Settings, ownFolder: TlsFolder | undefined): TlsOptions | undefined {
  const { tls_cert, tls_key, tls_client_ca, tls_client_cert } = settings;
  const pair = ownFolder?.server ?? { certFile: resolve(tls_cert ?? ''), keyFile: resolve(tls_key ?? '') };
  if (!usesTls(settings)) return undefined;
  return {
    ...pair,
    ...(tls_client_cert === undefined
      ? {}
      : { clientCertificate: tls_client_cert, clientCaFile: tls_client_ca ?? ownFolder?.caFile }),
  };
}

/** Fewer connections than the broker would take, where this process may not have the files for them. */
function limitsOfFiles(log: Log): Partial<BrokerLimits> {
  const files = mostOpenFiles();
  if (files === undefined) return {};
  const most = connectionsThatFit(files);
  if (most >= DEFAULT_LIMITS.maxConnections) return {};
  // Enough for a pilot is no reason for alarm: the broker says so when it refuses the first.
  log[most < FEW_CONNECTIONS ? 'warn' : 'info'](
    { openFiles: files, connections: most },
    'this process may open too few files for a full city, so it takes fewer connections: raise the limit before starting it (ulimit -n 20000, or LimitNOFILE= of its service)',
  );
  return { maxConnections: most };
}

/** Another broker, or the city's own in another process, over MQTT. */
function externalBroker(context: RoleContext, url: string): BrokerRole {
  const { settings } = context;
  const caFile = settings.broker_ca_file;
  const link = new MqttLink({
    ...context,
    options: {
      url,
      clientId: 'lamplighter-ingest',
      ...credentialsOf(settings),
      caFile,
      certFile: settings.broker_cert_file,
      keyFile: settings.broker_key_file,
      reconnectMostMs: 1_000,
    },
  });
  const watch = new BrokerWatch(context);
  return {
    name: 'link to the broker',
    link,
    ...placeOf(settings, url),
    get forGateways() {
      return forGatewaysOf(settings);
    },
    async start() {
      await watch.start();
      await link.start();
    },
    async stop() {
      await link.stop();
      await watch.stop();
    },
    view: () =>
      link.connected
        ? { connections: watch.seen.connections, fault: '' }
        : { connections: 0, fault: `not connected to ${url}: ${link.lastError || 'connecting'}` },
  };
}

/** At the city's own broker in another process, the token of the services is as good as a password. */
function credentialsOf(settings: Settings): { username: string | undefined; password: string | undefined } {
  const { broker_username, broker_password, broker_password_file } = settings;
  const password = secret(broker_password, broker_password_file);
  if (broker_username !== undefined || password !== undefined || !isSplit(settings.roles)) {
    return { username: broker_username, password };
  }
  return { username: INGEST_SERVICE_ID, password: serviceToken(settings) };
}

function placeOf(settings: Settings, url: string): Omit<BrokerPlace, 'view' | 'forGateways'> {
  return { url: settings.gateway_url ?? url, localUrl: url, urls: [url], caFile: settings.broker_ca_file };
}

/** Read anew for each gateway: the file may be replaced. */
function forGatewaysOf({ broker_ca_file: file }: Settings): BrokerPlace['forGateways'] {
  return { ca: file === undefined ? undefined : readFileSync(file, 'utf8'), needsCertificate: false };
}

const LOOK_EVERY_MS = 2_000;

/** What the broker in another process says of itself, as far as the settings say where to ask. */
class BrokerWatch implements Service {
  readonly name = 'state of the broker';
  readonly #clock: Clock;
  readonly #client: InternalClient | undefined;
  #looking: Timer | undefined;
  seen = { connections: 0, fault: '' };

  constructor({ settings, clock }: RoleContext) {
    this.#clock = clock;
    this.#client = settings.broker_status_url === undefined ? undefined : clientOf(settings, 'broker');
    if (this.#client !== undefined) this.seen = { connections: 0, fault: 'it has not answered yet' };
  }

  async start(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const look = async (): Promise<void> => {
      this.seen = await client
        .get<{ connections: number; fault: string }>('broker', { withinMs: LOOK_EVERY_MS })
        .catch((error: unknown) => ({ connections: 0, fault: error instanceof Error ? error.message : String(error) }));
    };
    void look();
    this.#looking = this.#clock.every(LOOK_EVERY_MS, () => void look());
  }

  async stop(): Promise<void> {
    this.#looking?.cancel();
  }
}

/** The broker for a process that neither runs it nor speaks to it. */
export function distantBroker(context: RoleContext): BrokerPlace & Service {
  const { settings } = context;
  const watch = new BrokerWatch(context);
  return {
    name: watch.name,
    ...placeOf(settings, settings.broker_url ?? settings.gateway_url ?? ''),
    get forGateways() {
      return forGatewaysOf(settings);
    },
    start: () => watch.start(),
    stop: () => watch.stop(),
    view: () => watch.seen,
  };
}
