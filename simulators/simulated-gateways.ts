/**
 * The simulated city in service: every site's gateway as a real one, with its outbox on disk and over real MQTT, in this
 * process. Whoever looks at the server cannot tell them from gateways on the street.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';
import { createGateway, type Gateway } from '../edge/gateway.ts';
import { type GatewayConfig, readGatewayConfig } from '../edge/gateway-config.ts';
import { createLmdbOutbox } from '../edge/outbox/lmdb-outbox.ts';
import type { Change } from '../register/change.ts';
import { verifyToken } from '../register/credentials.ts';
import type { Register } from '../register/register.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Random, randomWord } from '../runtime/random.ts';
import { type Service, startAll, stopAll } from '../runtime/service.ts';
import { faultText } from '../runtime/yaml-file.ts';
import { type Intervals, type SimulatedCity, type SimulatedSite, smallCity } from './city.ts';
import { feedOf } from './feed-of.ts';
import { entriesOf } from './manifest.ts';
import { gatewayOf } from './simulated-devices.ts';

export interface SimulatedGatewaysDeps {
  readonly register: Register;
  /** The data folder; each gateway has `gateways/<id>` in it. */
  readonly folder: string;
  /** Address of the city's broker, such as mqtt://127.0.0.1:1883. */
  readonly brokerUrl: string;
  readonly topicPrefix?: string;
  readonly seed: number;
  /** How far back a gateway begins that never ran before, milliseconds. */
  readonly historyMs?: number;
  readonly intervals?: Partial<Intervals>;
  /** Version that the gateways say they have. */
  readonly version?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const OUTBOX_MIB = 64;

export class SimulatedGateways implements Service {
  readonly name = 'simulated gateways';
  readonly city: SimulatedCity;
  readonly #deps: SimulatedGatewaysDeps;
  #gateways: readonly Gateway[] = [];

  constructor(deps: SimulatedGatewaysDeps) {
    this.#deps = deps;
    this.city = smallCity(deps.seed, deps.intervals);
  }

  /** What is simulated, in words. */
  get description(): string {
    const count = (kind: SimulatedSite['kind']) => this.city.sites.filter((site) => site.kind === kind).length;
    const devices = entriesOf(this.city).devices.length;
    return (
      `${this.city.sites.length} simulated gateways with ${devices} devices in ${count('building')} buildings ` +
      `and ${count('streetlights')} streetlight circuits (seed ${this.city.seed})`
    );
  }

  /** The running gateways, in the order of the city's sites. */
  get gateways(): readonly Gateway[] {
    return this.#gateways;
  }

  /** Lists what is missing in the register, gives each gateway its token, and starts those that are not retired. */
  async start(): Promise<void> {
    const { register } = this.#deps;
    await register.write(() => this.#missing());
    const inUse = this.city.sites.filter((site) => register.gateway(gatewayOf(site.id))?.retired === false);
    const gateways: Gateway[] = [];
    for (const site of inUse) gateways.push(this.#gateway(await this.#provision(site)));
    this.#gateways = gateways;
    await startAll(gateways);
  }

  async stop(): Promise<void> {
    await stopAll(this.#gateways);
    this.#gateways = [];
  }

  /** What is there already may have been edited by a person, and stays. */
  #missing(): Change[] {
    const { register } = this.#deps;
    const { sites, gateways, devices } = entriesOf(this.city);
    const origin = 'console';
    return [
      ...sites
        .filter(({ id }) => register.site(id) === undefined)
        .map((value) => ({ kind: 'site' as const, value, origin }) as const),
      ...gateways
        .filter(({ id }) => register.gateway(id) === undefined)
        .map((value) => ({ kind: 'gateway' as const, value, origin }) as const),
      ...devices
        .filter(({ gateway, id }) => register.device(gateway, id)?.is_new !== false)
        .map((value) => ({ kind: 'device' as const, value, origin }) as const),
    ];
  }

  /** The gateway's configuration, from its own file, which is written when it is missing or out of date. */
  async #provision(site: SimulatedSite): Promise<GatewayConfig> {
    const id = gatewayOf(site.id);
    const folder = join(this.#deps.folder, 'gateways', id);
    const path = join(folder, 'gateway.yaml');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const token = this.#knownToken(id, path) ?? (await this.#newToken(id));
    const text = this.#fileText(site, token);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      // Renamed into place, so that a crash never leaves half a file.
      const draft = `${path}.new`;
      writeFileSync(draft, text, { mode: 0o600 });
      chmodSync(draft, 0o600);
      renameSync(draft, path);
    }
    const result = readGatewayConfig(path);
    if (result.ok) return result.value;
    throw new Error(`the configuration of ${id} cannot be used. ${result.faults.map(faultText).join('; ')}`);
  }

  /** The token in the file, as long as the register knows it. */
  #knownToken(id: string, path: string): string | undefined {
    const credential = this.#deps.register.credential(id);
    if (credential === undefined || !existsSync(path)) return undefined;
    const result = readGatewayConfig(path);
    const token = result.ok ? result.value.broker.token : undefined;
    return token !== undefined && verifyToken(token, credential) ? token : undefined;
  }

  async #newToken(id: string): Promise<string> {
    const { register } = this.#deps;
    const { token } =
      register.credential(id) === undefined
        ? await register.addCredential({ id, role: 'gateway' })
        : await register.rotate(id);
    return token;
  }

  #fileText(site: SimulatedSite, token: string): string {
    const { brokerUrl, topicPrefix = DEFAULT_TOPIC_PREFIX } = this.#deps;
    const { seed, zone } = this.city;
    const config = {
      gateway: gatewayOf(site.id),
      broker: { url: brokerUrl, token },
      topic_prefix: topicPrefix,
      zone,
      data: '.',
      outbox: { capacity_mib: OUTBOX_MIB },
      sources: [{ kind: 'simulated', name: 'simulated', profile: site.id, seed }],
    };
    return `# A simulated gateway. Written at each start of the server.\n${stringify(config)}`;
  }

  #gateway(config: GatewayConfig): Gateway {
    const { clock, random, log, historyMs, intervals, version } = this.#deps;
    const outbox = createLmdbOutbox({
      path: join(config.dataFolder, 'outbox'),
      ...config.outbox,
      clock,
      randomWord,
      log,
    });
    return createGateway({
      config,
      outbox,
      clock,
      random,
      log,
      ...(version === undefined ? {} : { version }),
      feed: (request) =>
        feedOf(request, {
          ...(historyMs === undefined ? {} : { historyMs }),
          ...(intervals === undefined ? {} : { intervals }),
        }),
    });
  }
}
