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
import type { Outbox } from '../edge/outbox/outbox.ts';
import type { Change } from '../register/change.ts';
import { verifyToken } from '../register/credentials.ts';
import type { Register } from '../register/register.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Random, randomWord } from '../runtime/random.ts';
import { type Service, startAll, stopAll } from '../runtime/service.ts';
import { faultText } from '../runtime/yaml-file.ts';
import { type AskedFault, CITY_FAULTS, isMeterFault } from './asked-faults.ts';
import type { Intervals, SimulatedCity, SimulatedSite } from './city.ts';
import { type Disturbance, DisturbedLink, SKEW_MS } from './disturbances.ts';
import { type AskedMeterFault, cityOf, type Founding, foundCity, HISTORY_DAYS } from './founding.ts';
import { GroundTruth } from './ground-truth.ts';
import { type HistoryProgress, HistoryTurns } from './history-turns.ts';
import { entriesOf } from './manifest.ts';
import { gatewayOf } from './simulated-devices.ts';
import { SimulatedFeed } from './simulated-feed.ts';

/** What it asks of the register, or of its owner in another process. */
export type CityEnrolment = Pick<
  Register,
  'city' | 'site' | 'gateway' | 'device' | 'credential' | 'write' | 'addCredential' | 'rotate'
>;

export interface SimulatedGatewaysDeps {
  readonly register: CityEnrolment;
  /** The data folder; each gateway has `gateways/<id>` in it. */
  readonly folder: string;
  /** Address of the city's broker, such as mqtt://127.0.0.1:1883. */
  readonly brokerUrl: string;
  readonly topicPrefix?: string;
  readonly seed: number;
  /** How far back a city begins that was never started before, milliseconds. */
  readonly historyMs?: number;
  /** Beside what is wrong by default. */
  readonly faults?: readonly AskedFault[];
  readonly intervals?: Partial<Intervals>;
  /** Version that the gateways say they have. */
  readonly version?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Name of each gateway's source. */
const SOURCE = 'simulated';
const OUTBOX_MIB = 64;
/** History goes in big batches: half the messages, acknowledgements and rows of the ledger. */
const BATCH_READINGS = 1_000;
/** One gateway in so many has a given disturbance, each its own. */
const DISTURBED_ONE_IN = 3;

interface RunningGateway {
  readonly gateway: Gateway;
  readonly feed: SimulatedFeed;
  readonly outbox: Outbox;
  readonly link: () => DisturbedLink | undefined;
}

/** What a gateway has made of its readings, as it stands now. */
export interface GatewayAccount {
  readonly gateway: string;
  readonly produced: number;
  readonly stored: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly buffered: number;
  /** Every reading before this instant is produced, but for those of `pending`. */
  readonly liveAt: number;
  /** Readings of its past that are not produced yet. */
  readonly pending: number;
}

/** Of energy/tariffs/tables/examples.json: they make costs to look at, and say so wherever one is shown. */
const TARIFFS = { electricity: 'example-electric-tou', gas: 'example-gas', water: 'example-water' };

export class SimulatedGateways implements Service {
  readonly name = 'simulated gateways';
  readonly founding: Founding;
  readonly city: SimulatedCity;
  readonly #deps: SimulatedGatewaysDeps;
  #running: readonly RunningGateway[] = [];
  #turns: HistoryTurns | undefined;

  /** @throws LamplighterError when the folder holds another demo city. */
  constructor(deps: SimulatedGatewaysDeps) {
    this.#deps = deps;
    const { seed, folder, clock, historyMs = HISTORY_DAYS * 86_400_000, faults = [] } = deps;
    const meterFaults = faults.filter(isOfMeter);
    this.founding = foundCity(folder, { seed, now: Math.floor(clock.now()), historyMs, meterFaults });
    this.city = cityOf(this.founding, deps.intervals);
  }

  /** What is simulated, in words. */
  get description(): string {
    const count = (kind: SimulatedSite['kind']) => this.city.sites.filter((site) => site.kind === kind).length;
    const devices = entriesOf(this.city).devices.length;
    return (
      `${this.city.sites.length} simulated gateways with ${devices} devices in ${count('building')} buildings, ` +
      `${count('streetlights')} streetlight circuits and ${count('station')} air stations (seed ${this.city.seed})`
    );
  }

  /** The running gateways, in the order of the city's sites. */
  get gateways(): readonly Gateway[] {
    return this.#running.map(({ gateway }) => gateway);
  }

  /** How far they are with telling their past. */
  history(): HistoryProgress {
    return this.#turns?.progress() ?? { state: 'loading', doneReadings: 0, totalReadings: 0, oldestDay: undefined };
  }

  /** Of each running gateway. */
  accounts(): GatewayAccount[] {
    return this.#running.map(({ gateway, feed, outbox }) => {
      const { produced, stored, rejected, dropped, buffered } = outbox.counters();
      const standing = feed.standing(outbox.cursor(SOURCE));
      return {
        gateway: gateway.name.replace(/^gateway /, ''),
        produced,
        stored,
        rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0),
        dropped,
        buffered,
        liveAt: standing?.live ?? 0,
        pending: standing?.pendingReadings ?? 0,
      };
    });
  }

  /** Lists what is missing in the register, gives each gateway its token, and starts those that are not retired. */
  async start(): Promise<void> {
    const { register, clock } = this.#deps;
    await register.write(() => this.#missing());
    const truth = new GroundTruth(this.city);
    const inUse = this.city.sites.filter((site) => register.gateway(gatewayOf(site.id))?.retired === false);
    const running: RunningGateway[] = [];
    for (const [index, site] of inUse.entries()) {
      running.push(this.#assemble(site, await this.#provision(site), truth, this.#disturbancesOf(index)));
    }
    this.#running = running;
    const tellers = running.map(({ feed, outbox }) => ({
      feed,
      cursor: () => outbox.cursor(SOURCE),
      buffered: () => outbox.counters().buffered,
    }));
    this.#turns = new HistoryTurns({ clock, tellers, begins: this.founding.begins });
    await startAll([...this.gateways, this.#turns]);
  }

  async stop(): Promise<void> {
    for (const { link } of this.#running) link()?.stop();
    await stopAll([...this.gateways, ...(this.#turns === undefined ? [] : [this.#turns])]);
    this.#running = [];
    this.#turns = undefined;
  }

  #disturbancesOf(index: number): ReadonlySet<Disturbance> {
    const asked = (this.#deps.faults ?? []).flatMap((fault) => (isOfMeter(fault) ? [] : [fault.name]));
    return new Set(
      asked.filter((name): name is Disturbance => (index + CITY_FAULTS.indexOf(name)) % DISTURBED_ONE_IN === 0),
    );
  }

  /**
   * What is there already may have been edited by a person, and stays; but a meter of which the register says nothing yet
   * gets what was announced of it (an exchange, the end of its register).
   */
  #missing(): Change[] {
    const { register } = this.#deps;
    const { sites, gateways, devices } = entriesOf(this.city);
    const origin = 'console';
    const { name, zone } = this.city;
    return [
      ...(register.city() === undefined
        ? [{ kind: 'city' as const, value: { name, zone, tariffs: TARIFFS }, origin } as const]
        : []),
      ...sites
        .filter(({ id }) => register.site(id) === undefined)
        .map((value) => ({ kind: 'site' as const, value, origin }) as const),
      ...gateways
        .filter(({ id }) => register.gateway(id) === undefined)
        .map((value) => ({ kind: 'gateway' as const, value, origin }) as const),
      ...devices
        .flatMap((entry) => {
          const known = register.device(entry.gateway, entry.id);
          if (known?.is_new !== false) return [entry];
          return entry.meter !== undefined && known.meter === undefined ? [{ ...known, meter: entry.meter }] : [];
        })
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
      sources: [{ kind: 'simulated', name: SOURCE, profile: site.id, seed }],
    };
    return `# A simulated gateway. Written at each start of the server.\n${stringify(config)}`;
  }

  #assemble(
    site: SimulatedSite,
    config: GatewayConfig,
    truth: GroundTruth,
    disturbances: ReadonlySet<Disturbance>,
  ): RunningGateway {
    const { clock, random, log, version } = this.#deps;
    // A gateway's clock may be wrong; that of its meters is not, and they date the readings.
    const ownClock = disturbances.has('skew') ? { ...clock, now: () => clock.now() + SKEW_MS } : clock;
    const outbox = createLmdbOutbox({
      path: join(config.dataFolder, 'outbox'),
      ...config.outbox,
      maxBatchReadings: BATCH_READINGS,
      clock: ownClock,
      randomWord,
      log,
    });
    const devices = truth.devices(config.id);
    const feed = new SimulatedFeed({ devices, startAt: this.founding.begins, waitsForGrant: true });
    const silentFrom = this.city.faults.silent.find((fault) => fault.site === site.id)?.from;
    const fallsSilent = () =>
      silentFrom !== undefined &&
      clock.now() >= silentFrom &&
      feed.standing(outbox.cursor(SOURCE))?.pendingReadings === 0 &&
      outbox.counters().buffered === 0;
    const cutForMs = this.#deps.faults?.find(({ name }) => name === 'offline')?.ms;
    let disturbed: DisturbedLink | undefined;
    const gateway = createGateway({
      config,
      outbox,
      clock: ownClock,
      random,
      log,
      ...(version === undefined ? {} : { version }),
      wrapLink: (link) => {
        disturbed = new DisturbedLink({ link, disturbances, cutForMs, clock, fallsSilent });
        return disturbed;
      },
      feed: () => ({
        onMore: (listener) => feed.onMore(listener),
        readingsUpTo: (cursor) => feed.readingsUpTo(cursor, clock.now()),
      }),
    });
    return { gateway, feed, outbox, link: () => disturbed };
  }
}

function isOfMeter(fault: AskedFault): fault is AskedFault & AskedMeterFault {
  return isMeterFault(fault.name);
}
