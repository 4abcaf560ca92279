/**
 * Looks for what is wrong, again and again while somebody asks. What is known in memory (lamps now, gateways, the store)
 * is looked at in each answer; what must be read (loads, nights, air, counters) behind it, so that nobody waits for it.
 */

import type { MeterEvent, RollUp } from '../../../contract/roll-up.ts';
import { dayFrom, type Period } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF, unitOf } from '../../../energy/carriers.ts';
import { QUARTER_MS, scaleOf } from '../../../energy/counter-rules.ts';
import type {
  BuildingInput,
  CircuitInput,
  CityInputs,
  Finding,
  GatewayInput,
  LampSample,
  QuarterSeries,
  ResetInput,
  RoomInput,
} from '../../../energy/findings/finding.ts';
import { isStaleThroughout, ROOM_READ_MS, STALE_ROOM_READ_MS } from '../../../energy/findings/high-co2.ts';
import { RESETS_SHOWN_DAYS } from '../../../energy/findings/meter-reset.ts';
import { findingsOf } from '../../../energy/findings/rules.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { Site } from '../../../register/model.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { gatewayState } from '../gateway-rows.ts';
import { Breather } from './breather.ts';
import type { CityNow, CityNowMaker, DeviceNow } from './city-now.ts';
import { lampNow, positionOf } from './lamp-now.ts';
import { LampSamples, sampleTimes } from './lamp-samples.ts';
import type { RollUpReader } from './roll-up-reader.ts';
import { SharedAnswer } from './shared-answer.ts';
import { countersAt } from './site-counters.ts';

/** Reading it all again is cheap, since only what changed is read; history that is being loaded should soon show. */
const LOOK_AGAIN_MS = 15_000;
const DAY_MS = 86_400_000;
const LOAD_DAYS = 8;
const RESET_CARRIERS: readonly Carrier[] = ['electricity', 'solar', 'gas', 'water', 'heat', 'export'];
/** Of a quarter hour measured less than this (percent) the power is not known. */
const ENOUGH_MEASURED = 50;

interface ReadInputs {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly loads: ReadonlyMap<string, QuarterSeries>;
  readonly noons: ReadonlyMap<string, LampSample>;
  readonly midnights: ReadonlyMap<string, LampSample>;
  readonly air: readonly RoomInput[];
  readonly resets: readonly ResetInput[];
}

export interface Findings {
  readonly all: readonly Finding[];
  readonly bySite: ReadonlyMap<string, readonly Finding[]>;
  /** Epoch milliseconds; undefined while what must be read has not been read yet. */
  readonly checkedAt: number | undefined;
}

type Deps = Pick<ConsoleDeps, 'register' | 'store' | 'ingest' | 'clock'> & {
  readonly now: CityNowMaker;
  readonly reader: RollUpReader;
};

export class FindingsKeeper {
  readonly #deps: Deps;
  readonly #samples: LampSamples;
  readonly #read: SharedAnswer<ReadInputs>;
  readonly #shared: SharedAnswer<Findings>;
  readonly #startedAt: number;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#samples = new LampSamples(deps);
    this.#startedAt = deps.clock.monotonicMs();
    this.#read = new SharedAnswer({ clock: deps.clock, make: () => this.#readInputs(), keepMs: LOOK_AGAIN_MS });
    this.#shared = new SharedAnswer({ clock: deps.clock, make: () => this.#find(), keepMs: 1_000 });
  }

  /** Never waits for the store's disk, and never throws for it. */
  get(): Promise<Findings> {
    return this.#shared.get();
  }

  /** Resolves when everything has been looked at. Throws StoreFailure. */
  async look(): Promise<void> {
    await this.#read.get();
  }

  async #find(): Promise<Findings> {
    const { clock, now: maker } = this.#deps;
    const city = await maker.get();
    const read = this.#read.last()?.value;
    const inputs: CityInputs = {
      now: clock.now(),
      uptimeMs: clock.monotonicMs() - this.#startedAt,
      buildings: this.#buildings(read),
      circuits: await this.#circuits(city, read),
      rooms: read?.air ?? [],
      gateways: this.#gateways(city),
      resets: read?.resets ?? [],
      storeFault: this.#deps.ingest.status().storeFault || city.fault,
      deadLetters: this.#deps.ingest.deadLetters.counts(),
    };
    const all = findingsOf(inputs);
    const bySite = new Map<string, Finding[]>();
    for (const finding of all) {
      if (finding.site === null) continue;
      const ofSite = bySite.get(finding.site);
      if (ofSite === undefined) bySite.set(finding.site, [finding]);
      else ofSite.push(finding);
    }
    return { all, bySite, checkedAt: read?.at };
  }

  #sites(kind: Site['kind']): Site[] {
    return this.#deps.register.sites().filter((site) => site.kind === kind && site.retired !== true);
  }

  #buildings(read: ReadInputs | undefined): BuildingInput[] {
    return this.#sites('building').flatMap(({ id, name, zone, use, floor_area_m2, schedule }) => {
      const load = read?.loads.get(id);
      return load === undefined ? [] : [{ site: id, name, zone, use, floorAreaM2: floor_area_m2, schedule, load }];
    });
  }

  async #circuits(city: CityNow, read: ReadInputs | undefined): Promise<CircuitInput[]> {
    const circuits: CircuitInput[] = [];
    const breather = new Breather();
    for (const site of this.#sites('streetlights')) {
      await breather.breathe();
      const { noon, midnight } = sampleTimes(city.at, site.zone);
      const lamps = lampsAt(city, site.id).map((lamp) => ({
        gateway: lamp.gateway,
        device: lamp.device,
        name: lamp.name,
        nominalW: lamp.nominalW,
        now: lampNow(lamp),
        noon: read?.noons.get(nameOf(lamp)),
        midnight: read?.midnights.get(nameOf(lamp)),
      }));
      const { id, name, zone } = site;
      const position = positionOf(site);
      circuits.push({ site: id, name, zone, position, lamps, noonAt: noon, midnightAt: midnight });
    }
    return circuits;
  }

  #gateways(city: CityNow): GatewayInput[] {
    const { register, ingest, clock } = this.#deps;
    const statusById = new Map(ingest.gateways().map((status) => [status.gateway, status]));
    const fastest = new Map<string, number>();
    for (const { gateway, intervalMs } of city.devices) {
      if (intervalMs === undefined) continue;
      fastest.set(gateway, Math.min(intervalMs / 1_000, fastest.get(gateway) ?? Number.POSITIVE_INFINITY));
    }
    return register.gateways().map((gateway) => {
      const status = statusById.get(gateway.id);
      return {
        gateway: gateway.id,
        name: gateway.name,
        site: gateway.site,
        zone: register.site(gateway.site)?.zone ?? 'UTC',
        state: gatewayState(gateway, status, clock.now()),
        lastReading: city.lastByGateway.get(gateway.id),
        intervalS: fastest.get(gateway.id),
        buffered: status?.health?.outbox.buffered,
        dropped: status?.health?.outbox.dropped,
        twoEpochs: status?.twoEpochs ?? false,
      };
    });
  }

  async #readInputs(): Promise<ReadInputs> {
    const { clock, now: maker } = this.#deps;
    const city = await maker.get();
    const at = clock.now();
    const noons = new Map<string, LampSample>();
    const midnights = new Map<string, LampSample>();
    const circuits = this.#sites('streetlights');
    for (const zone of new Set(circuits.map((site) => site.zone))) {
      const lamps = circuits.filter((site) => site.zone === zone).flatMap(({ id }) => lampsAt(city, id));
      const times = sampleTimes(at, zone);
      for (const [name, sample] of await this.#samples.take(`${zone} noon`, lamps, times.noon)) noons.set(name, sample);
      for (const [name, sample] of await this.#samples.take(`${zone} midnight`, lamps, times.midnight)) {
        midnights.set(name, sample);
      }
    }
    const air = await this.#air(city, at);
    const loads = await this.#loads(city, at);
    const resets = await this.#resets(city, at);
    return { at, loads, noons, midnights, air, resets };
  }

  async #air(city: CityNow, at: number): Promise<RoomInput[]> {
    const rooms = this.#sites('building').flatMap((site) =>
      (city.bySite.get(site.id) ?? []).flatMap((device) => (device.values.has('co2_ppm') ? [{ site, device }] : [])),
    );
    const lately = await this.#co2(
      rooms.map(({ device }) => device),
      { from: at - ROOM_READ_MS, to: at },
    );
    const stale = rooms.flatMap(({ device }) => {
      const co2 = lately.get(nameOf(device));
      return co2 !== undefined && isStaleThroughout(co2) ? [device] : [];
    });
    const longer = await this.#co2(stale, { from: at - STALE_ROOM_READ_MS, to: at });
    return rooms.flatMap(({ site, device }) => {
      const { gateway, device: id, name } = device;
      const co2 = longer.get(nameOf(device)) ?? lately.get(nameOf(device));
      if (co2 === undefined) return [];
      return [{ site: site.id, siteName: site.name, zone: site.zone, gateway, device: id, name, co2 }];
    });
  }

  async #co2(devices: readonly DeviceNow[], range: Period): Promise<Map<string, QuarterSeries>> {
    const { rows } = await this.#deps.reader.quarters('co2_ppm', devices, range);
    const firstSlot = Math.floor(range.from / QUARTER_MS);
    const length = Math.ceil((range.to - range.from) / QUARTER_MS) + 1;
    return new Map(
      devices.map((device) => {
        const values = new Float64Array(length).fill(Number.NaN);
        for (const { start, mean } of rows.get(nameOf(device)) ?? []) {
          if (mean !== null) values[start / QUARTER_MS - firstSlot] = mean;
        }
        return [nameOf(device), { firstSlot, values }];
      }),
    );
  }

  /** What buildings take, their solar roofs included: from the grid, less what they feed, and what they make. */
  async #loads(city: CityNow, at: number): Promise<Map<string, QuarterSeries>> {
    const loads = new Map<string, QuarterSeries>();
    const sites = this.#sites('building').filter(({ schedule }) => schedule !== undefined);
    for (const zone of new Set(sites.map((site) => site.zone))) {
      const some = sites.filter((site) => site.zone === zone);
      const range = { from: dayFrom(at, -LOAD_DAYS, zone), to: at };
      const [taken, fed, made] = await Promise.all(
        (['electricity', 'export', 'solar'] as const).map((carrier) => this.#counted(city, some, carrier, range)),
      );
      const breather = new Breather();
      for (const { id } of some) {
        await breather.breathe();
        const parts = [taken?.get(id) ?? [], fed?.get(id) ?? [], made?.get(id) ?? []] as const;
        if (parts[0].length > 0) loads.set(id, loadOf(parts, id, { from: range.from, to: at }));
      }
    }
    return loads;
  }

  async #counted(
    city: CityNow,
    sites: readonly Site[],
    carrier: Carrier,
    range: Period,
  ): Promise<Map<string, (readonly RollUp[])[]>> {
    const countersBySite = new Map(sites.map(({ id }) => [id, countersAt(city.bySite.get(id) ?? [], carrier)]));
    const all = [...countersBySite.values()].flat();
    const { rows } = await this.#deps.reader.quarters(METRICS_OF[carrier].counter, all, range);
    return new Map(
      [...countersBySite].map(([site, counters]) => [site, counters.map((one) => rows.get(nameOf(one)) ?? [])]),
    );
  }

  /** Those that are kept, and those of the quarter hours that are not rolled up yet. */
  async #resets(city: CityNow, at: number): Promise<ResetInput[]> {
    const { register, reader, store } = this.#deps;
    const metrics = RESET_CARRIERS.map((carrier) => METRICS_OF[carrier].counter);
    const kept = await store.meterEvents({ metrics, from: at - RESETS_SHOWN_DAYS * DAY_MS, to: at });
    const young: MeterEvent[] = [];
    for (const metric of metrics) {
      const devices = city.devices.filter(({ values }) => values.has(metric));
      young.push(...(await reader.quarters(metric, devices, { from: at - QUARTER_MS, to: at })).events);
    }
    const deviceByName = new Map(city.devices.map((device) => [nameOf(device), device]));
    const resets: ResetInput[] = [];
    const told = new Map<string, number[]>();
    for (const carrier of RESET_CARRIERS) {
      const { counter } = METRICS_OF[carrier];
      for (const event of [...kept, ...young]) {
        const { kind, metric, at: when, before, after } = event;
        const device = deviceByName.get(nameOf(event));
        if (kind !== 'reset' || metric !== counter || device === undefined) continue;
        // One meter that was reset tells it of each of its counters: the first is enough.
        const times = getOrCreate(told, nameOf(event), () => []);
        if (times.some((time) => Math.abs(time - when) < QUARTER_MS)) continue;
        times.push(when);
        const site = device.site === null ? undefined : register.site(device.site);
        resets.push({
          site: device.site,
          siteName: site?.name ?? device.gateway,
          zone: site?.zone ?? 'UTC',
          gateway: device.gateway,
          device: device.device,
          name: device.name,
          unit: unitOf(carrier),
          at: when,
          before,
          after,
        });
      }
    }
    return resets;
  }
}

export function lampsAt(city: CityNow, site: string): DeviceNow[] {
  return (city.bySite.get(site) ?? []).filter(
    ({ kind, values }) => kind === 'lamp' || values.has('lamp_power_w') || values.has('lamp_command_percent'),
  );
}

/** Mean power of each quarter hour in kW; unknown where one of its parts is, and of the one that is running. */
function loadOf(parts: readonly (readonly (readonly RollUp[])[])[], site: string, { from, to }: Period): QuarterSeries {
  const [taken = [], fed = [], made = []] = parts;
  const firstSlot = Math.floor(from / QUARTER_MS);
  const slots = Math.max(0, Math.floor(to / QUARTER_MS) - firstSlot);
  const scale = scaleOf(METRICS_OF.electricity.counter);
  const counts = new Float64Array(slots);
  const known = new Uint16Array(slots);
  for (const [meters, sign] of [[taken, 1] as const, [fed, -1] as const, [made, 1] as const]) {
    for (const rows of meters) {
      for (const { start, site: stoodAt, consumption, coverage } of rows) {
        const place = start / QUARTER_MS - firstSlot;
        if (consumption === null || coverage < ENOUGH_MEASURED || stoodAt !== site) continue;
        if (place < 0 || place >= slots) continue;
        counts[place] = (counts[place] as number) + sign * Math.round(consumption * scale);
        known[place] = (known[place] as number) + 1;
      }
    }
  }
  const meters = taken.length + fed.length + made.length;
  const values = counts.map((count, place) => (known[place] === meters ? (count / scale) * 4 : Number.NaN));
  return { firstSlot, values };
}
