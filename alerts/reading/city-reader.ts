/**
 * Reads what rules are given. What is in memory (newest values, gateways, ingest) is read at each turn; what is rolled
 * up is read behind it every few minutes, so that no turn waits for the store's disk. Works alike where ingest, store
 * and register are in other processes.
 */
import type { CircuitInput, ResetInput, RoomInput } from '../../energy/findings/finding.ts';
import type { Position } from '../../energy/sun.ts';
import type { Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import { unlessStopped } from '../../runtime/until-stopped.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import type {
  AlertInputs,
  AlertSource,
  CounterInput,
  DemandInput,
  NightsInput,
  StationInput,
} from '../alert-inputs.ts';
import { roomInputs, stationInputs } from './air-series.ts';
import { BUILDING_COUNTERS, BuildingDays, DAYS_BACK } from './building-days.ts';
import { gatewayFacts } from './gateway-facts.ts';
import type { Intake } from './intake.ts';
import { LampNights, sampleTimes } from './lamp-nights.ts';
import { isLamp, type LatestCity, latestCity, NO_CITY } from './latest-city.ts';
import { counterInputs, meanOver, outdoorHours, resetInputs } from './rolled-up.ts';
import { attempt, type Unknown } from './source-failure.ts';

export interface CityReaderDeps {
  readonly register: RegisterView;
  readonly store: Pick<TelemetryStore, 'latest'> & Pick<RollUpStore, 'rollUps' | 'meterEvents'>;
  readonly intake: Intake;
  readonly clock: Clock;
}

const REREAD_MS = 5 * 60_000;
/** Late data, and a backlog that is still rolled up, change the weeks before; after a failure it is tried again at the next turn. */
const WHOLE_AGAIN_MS = 3_600_000;
const RECENT_DAYS = 3;
/** What is not there so soon after a start, or after the clock was set, may still be on its way. */
const WARM_UP_MS = 90_000;
/** The wall clock was set when it moved this much more or less than time did. */
const CLOCK_SET_MS = 30_000;
/** What was read longer ago is too old to judge by. */
const STALE_MS = 30 * 60_000;

const ROLLED_UP: readonly AlertSource[] = [
  'buildings',
  'nights',
  'lamps',
  'rooms',
  'stations',
  'counters',
  'meter-events',
];

interface RolledUp {
  readonly rooms: readonly RoomInput[];
  readonly stations: readonly StationInput[];
  readonly counters: readonly CounterInput[];
  readonly resets: readonly ResetInput[];
}
const NOTHING: RolledUp = { rooms: [], stations: [], counters: [], resets: [] };

export class CityReader {
  readonly #deps: CityReaderDeps;
  /** Not waited for once it stops. */
  readonly #rollUps: Pick<RollUpStore, 'rollUps' | 'meterEvents'>;
  readonly #days: BuildingDays;
  readonly #lamps: LampNights;
  readonly #stopped = new AbortController();
  #rolledUp = NOTHING;
  /** When each source was last read, by the monotonic clock. */
  readonly #readAtMs = new Map<AlertSource, number>();
  #failed: Unknown = {};
  #wholeAtMs: number | undefined;
  #triedAtMs: number | undefined;
  #reading: Promise<void> | undefined;
  #steadySinceMs: number;
  #steadyWhy = 'the evaluation has just started';
  #last: { readonly now: number; readonly atMs: number } | undefined;

  constructor(deps: CityReaderDeps) {
    this.#deps = deps;
    this.#rollUps = {
      rollUps: (query) => unlessStopped(deps.store.rollUps(query), this.#stopped.signal),
      meterEvents: (query) => unlessStopped(deps.store.meterEvents(query), this.#stopped.signal),
    };
    this.#days = new BuildingDays({ register: deps.register, store: this.#rollUps });
    this.#lamps = new LampNights(this.#rollUps);
    this.#steadySinceMs = deps.clock.monotonicMs();
  }

  /** Never throws: why a source could not be read is in `unknown`. */
  async read(): Promise<AlertInputs> {
    const { register, store, intake, clock } = this.#deps;
    this.#watchClock();
    const now = clock.now();
    const unknown: Unknown = {};
    const values = await attempt(unknown, ['latest'], [], () => store.latest({}));
    const readFault = unknown.latest ?? '';
    const latest = readFault === '' ? latestCity(register, values, now) : NO_CITY;
    if (readFault === '' && this.#isDue() && !this.#stopped.signal.aborted)
      this.#reading ??= this.#readRolledUp(latest, now);
    const status = intake.status();
    const uptimeMs = clock.monotonicMs() - this.#steadySinceMs;
    if (status.unreachable !== undefined) {
      unknown.intake = status.unreachable;
      unknown.gateways = status.unreachable;
    }
    if (uptimeMs < WARM_UP_MS) {
      unknown.gateways ??= this.#steadyWhy;
      unknown.latest ??= this.#steadyWhy;
    }
    this.#markStale(unknown);
    return {
      now,
      uptimeMs,
      buildings: this.#buildings(),
      circuits: this.#circuits(latest, now),
      rooms: this.#rolledUp.rooms,
      gateways: gatewayFacts(register, intake.gateways(), latest, now),
      resets: this.#rolledUp.resets,
      storeFault: status.storeFault || readFault,
      deadLetters: intake.deadLetters.counts(),
      demands: this.#demands(),
      nights: this.#nights(),
      stations: this.#rolledUp.stations,
      counters: this.#rolledUp.counters,
      disk: status.disk,
      unknown,
    };
  }

  /** Ends what is read behind the turns. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#reading;
  }

  /** Resolves when what is read behind the turns has been read. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #watchClock(): void {
    const { clock } = this.#deps;
    const [now, atMs] = [clock.now(), clock.monotonicMs()];
    const before = this.#last;
    this.#last = { now, atMs };
    if (before === undefined) return;
    const jumpMs = now - before.now - (atMs - before.atMs);
    if (Math.abs(jumpMs) < CLOCK_SET_MS) return;
    this.#steadySinceMs = atMs;
    this.#steadyWhy = `the clock of the server was set by ${Math.round(jumpMs / 1_000)} s just now`;
    this.#triedAtMs = undefined;
  }

  #isDue(): boolean {
    return this.#triedAtMs === undefined || this.#deps.clock.monotonicMs() - this.#triedAtMs >= REREAD_MS;
  }

  #markStale(unknown: Unknown): void {
    const atMs = this.#deps.clock.monotonicMs();
    for (const source of ROLLED_UP) {
      const readAtMs = this.#readAtMs.get(source);
      if (readAtMs === undefined) unknown[source] = this.#failed[source] ?? 'what is rolled up is still being read';
      else if (atMs - readAtMs > STALE_MS)
        unknown[source] = this.#failed[source] ?? 'what is rolled up was read too long ago';
    }
  }

  async #readRolledUp(latest: LatestCity, now: number): Promise<void> {
    const { register, clock } = this.#deps;
    const store = this.#rollUps;
    const failed: Unknown = {};
    const isWholeDue = this.#wholeAtMs === undefined || clock.monotonicMs() - this.#wholeAtMs >= WHOLE_AGAIN_MS;
    this.#triedAtMs = clock.monotonicMs();
    try {
      const before = this.#rolledUp;
      const take = async <T>(source: AlertSource, old: T, read: () => Promise<T>): Promise<T> => {
        const value = await attempt(failed, [source], old, read);
        if (failed[source] === undefined) this.#readAtMs.set(source, clock.monotonicMs());
        return value;
      };
      const rooms = await take('rooms', before.rooms, () => roomInputs(store, register, latest, now));
      const stations = await take('stations', before.stations, () => stationInputs(store, register, latest, now));
      await take('lamps', undefined, () => this.#readLamps(latest, now));
      const resets = await take('meter-events', before.resets, () => resetInputs(store, register, now));
      const counters = await take('counters', before.counters, () =>
        counterInputs(store, register, latest.devices, now),
      );
      this.#rolledUp = { rooms, stations, counters, resets };
      await take('buildings', undefined, () => this.#readDays(latest, now, isWholeDue));
      if (failed.buildings !== undefined) failed.nights = failed.buildings;
      else {
        this.#readAtMs.set('nights', clock.monotonicMs());
        if (isWholeDue) this.#wholeAtMs = clock.monotonicMs();
      }
    } finally {
      this.#failed = failed;
      if (Object.keys(failed).length > 0) this.#triedAtMs = undefined;
      this.#reading = undefined;
    }
  }

  async #readDays(latest: LatestCity, now: number, isWhole: boolean): Promise<void> {
    const days = isWhole ? DAYS_BACK : RECENT_DAYS;
    const stations = this.#sites('station').flatMap(({ id }) =>
      (latest.bySite.get(id) ?? []).filter(({ metrics }) => metrics.has('temperature_c')),
    );
    const hours = await outdoorHours(this.#rollUps, stations, { from: now - (days + 1) * 86_400_000, to: now });
    const stopped = this.#stopped.signal;
    const series = new Map(
      [...latest.bySite].map(([site, devices]) => [
        site,
        devices.reduce((sum, { metrics }) => sum + BUILDING_COUNTERS.filter((one) => metrics.has(one)).length, 0),
      ]),
    );
    const seriesAt = (site: string) => series.get(site) ?? 0;
    await this.#days.read({ now, days, seriesAt, temperature: (night) => meanOver(hours, night), stopped });
  }

  async #readLamps(latest: LatestCity, now: number): Promise<void> {
    const circuits = this.#sites('streetlights');
    for (const zone of new Set(circuits.map((site) => site.zone))) {
      const lamps = circuits
        .filter((site) => site.zone === zone)
        .flatMap(({ id }) => (latest.bySite.get(id) ?? []).filter(isLamp));
      const { noon, midnight } = sampleTimes(now, zone);
      await this.#lamps.read(lamps, noon);
      await this.#lamps.read(lamps, midnight);
    }
  }

  #sites(kind: Site['kind']): Site[] {
    return this.#deps.register.sites().filter((site) => site.kind === kind && site.retired !== true);
  }

  #buildings() {
    return this.#sites('building').map(({ id, name, zone, use, floor_area_m2, schedule }) => ({
      site: id,
      name,
      zone,
      use,
      floorAreaM2: floor_area_m2,
      schedule,
      load: this.#days.load(id),
    }));
  }

  #demands(): DemandInput[] {
    return this.#sites('building').flatMap(({ id, name, zone, contract_demand_kw }) =>
      contract_demand_kw === undefined
        ? []
        : [{ site: id, name, zone, contractKw: contract_demand_kw, demand: this.#days.demand(id) }],
    );
  }

  #nights(): NightsInput[] {
    return this.#sites('building').map(({ id, name, zone, use }) => ({
      site: id,
      name,
      zone,
      use,
      days: this.#days.facts(id),
    }));
  }

  #circuits(latest: LatestCity, now: number): CircuitInput[] {
    return this.#sites('streetlights').map((site): CircuitInput => {
      const { noon, midnight } = sampleTimes(now, site.zone);
      const lamps = (latest.bySite.get(site.id) ?? []).filter(isLamp).map((device) => ({
        gateway: device.gateway,
        device: device.device,
        name: device.name,
        nominalW: device.nominalW,
        now: {
          command: device.lamp.get('lamp_command_percent'),
          dim: device.lamp.get('lamp_dim_level_percent'),
          powerW: device.lamp.get('lamp_power_w'),
          failure: device.lamp.get('lamp_failure'),
          time: device.lastTime,
          intervalMs: device.intervalMs,
        },
        noon: this.#lamps.sample(device, noon),
        midnight: this.#lamps.sample(device, midnight),
      }));
      const { id, name, zone } = site;
      return { site: id, name, zone, position: positionOf(site), lamps, noonAt: noon, midnightAt: midnight };
    });
  }
}

function positionOf({ latitude, longitude }: Site): Position | undefined {
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}
