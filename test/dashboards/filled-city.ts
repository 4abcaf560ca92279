/**
 * A part of the demo city in InfluxDB, put there as production does it: readings through the store's commit, roll-ups and
 * site figures by the worker, and reports of ingest beside them.
 */
import { Registry } from 'prom-client';
import type { Reading } from '../../contract/reading.ts';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { SiteFigureWriter } from '../../energy/rollup/site-figure-writer.ts';
import type { GatewayStatus } from '../../ingest/ingest-view.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import { SelfReport } from '../../ingest/self-report.ts';
import type { City, Device, Gateway, Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { demoCity, type SimulatedCity } from '../../simulators/city.ts';
import { NO_FAULTS } from '../../simulators/city-faults.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import { ManualClock } from '../manual-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const ZONE = 'America/New_York';
/** Local midnights: the day of 25 hours, and the one after it. */
export const LONG_DAY = Date.parse('2026-11-01T04:00:00Z');
export const DAY_AFTER = Date.parse('2026-11-02T05:00:00Z');
/** Monday noon in Boston. */
export const NOW = Date.parse('2026-11-02T17:00:00Z');

/** What is told of it: two and a half days up to now, … */
const TOLD = [{ from: LONG_DAY - DAY, to: NOW }];
/** … of the buildings' main meters a day of the week before, … */
const TOLD_OF_MAINS = [{ from: NOW - 8 * DAY, to: NOW - 7 * DAY }, ...TOLD];
/** … and of the meter that City Hall had a year before a day of then. */
const OLD_METER = { gateway: 'city-hall-gateway', device: 'old-meter' };
const TOLD_OF_OLD_METER = { from: NOW - 365 * DAY, to: NOW - 364 * DAY };
const SMOKE = { from: LONG_DAY + 14 * HOUR, to: LONG_DAY + 18 * HOUR };
const LAMPS = 12;
const DAY_BURNER = 7;
const STALE_ROOM = 1;

/** A building with gas, water, solar and faults, two circuits, a station, and one that fell silent. */
const SITES = [
  'bolling-building',
  'city-hall',
  'charlestown-high',
  'tobin-center',
  'commonwealth-circuit-2',
  'hyde-park-circuit-21',
  'kenmore-air',
  'arboretum-air',
];
const SILENT_FROM = NOW - 20 * HOUR;

/** Its lamps are such that at least one fails on these days. */
const SEED = 37;

export class CityRegister implements RegisterView {
  readonly version = 1;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #gateways: ReadonlyMap<string, Gateway>;
  readonly #devices: ReadonlyMap<string, Device>;

  constructor(city: SimulatedCity) {
    const { sites, gateways, devices } = entriesOf(city);
    this.#sites = new Map(
      sites.map((site) => [site.id, site.kind === 'building' ? { ...site, budget_kwh: 2_000_000 } : site]),
    );
    this.#gateways = new Map(gateways.map((gateway) => [gateway.id, gateway]));
    const { gateway, device: id } = OLD_METER;
    const placements = [{ site: 'city-hall', from: 0 }];
    const old: Device = {
      gateway,
      id,
      name: 'Old meter',
      kind: 'electricity-meter',
      retired: true,
      is_new: false,
      placements,
    };
    this.#devices = new Map([...devices, old].map((device) => [`${device.gateway}/${device.id}`, device]));
  }

  city(): City {
    const tariffs = { electricity: 'example-electric-tou', gas: 'example-gas', water: 'example-water' };
    return { name: 'Boston', zone: ZONE, tariffs };
  }
  site(id: string): Site | undefined {
    return this.#sites.get(id);
  }
  sites(): readonly Site[] {
    return [...this.#sites.values()];
  }
  gateway(id: string): Gateway | undefined {
    return this.#gateways.get(id);
  }
  gateways(): readonly Gateway[] {
    return [...this.#gateways.values()];
  }
  device(gateway: string, device: string): Device | undefined {
    return this.#devices.get(`${gateway}/${device}`);
  }
  devices(gateway?: string): readonly Device[] {
    return [...this.#devices.values()].filter((device) => gateway === undefined || device.gateway === gateway);
  }
  credential(): undefined {
    return undefined;
  }
  onChange(): () => void {
    return () => {};
  }
}

export interface FilledCity {
  readonly truth: GroundTruth;
  readonly register: CityRegister;
}

/** Takes the server's databases `city`, `city_15m` and `city_long`. `folder` is for files of ledger and marks. */
export async function fillCity(url: string, folder: string): Promise<FilledCity> {
  const whole = demoCity(SEED, {
    intervals: { electricityMs: 300_000, meterMs: 300_000, roomMs: 300_000, lampMs: 600_000, stationMs: 300_000 },
    faults: {
      ...NO_FAULTS,
      dayBurners: [{ site: 'commonwealth-circuit-2', lamp: DAY_BURNER, from: LONG_DAY }],
      darkCircuits: [{ site: 'hyde-park-circuit-21', from: DAY_AFTER - 12 * HOUR }],
      silent: [{ site: 'tobin-center', from: SILENT_FROM }],
      stale: [{ site: 'city-hall', room: STALE_ROOM, from: DAY_AFTER }],
      registers: [{ kind: 'reset', site: 'charlestown-high', from: LONG_DAY + 9 * HOUR, restart: 0 }],
    },
  });
  const sites = whole.sites.filter(({ id }) => SITES.includes(id));
  const city = {
    ...whole,
    sites: sites.map((site) => (site.kind === 'streetlights' ? { ...site, lamps: LAMPS } : site)),
  };
  const truth = new GroundTruth(city);
  const register = new CityRegister(city);
  const deps = { clock: systemClock, random: Math.random, log: silentLog };
  const store = new InfluxdbStore({ ...deps, folder: `${folder}/data`, options: { url, bucket: 'city' } });
  await store.open();
  try {
    const check = await store.init();
    if (!check.ok) throw new Error(check.words);
    await commitAll(store, truth);
    await rollUp(store, register, truth, folder);
    await report(store, register);
  } finally {
    await store.close();
  }
  return { truth, register };
}

async function commitAll(store: InfluxdbStore, truth: GroundTruth): Promise<void> {
  let seq = 0;
  const batches = truth.devices().flatMap(({ gateway, id }) =>
    toldOf(id).map(({ from, to }) => {
      const readings = [...truth.expectedReadings(gateway, id, from, to)].map((one) => smoky(gateway, one));
      return { gateway, epoch: 'told', seq: ++seq, readings, rejected: [] };
    }),
  );
  const { gateway, device } = OLD_METER;
  const { from, to } = TOLD_OF_OLD_METER;
  const readings = [...truth.expectedReadings(gateway, 'main-meter', from, to)].map((one) => ({ ...one, device }));
  batches.push({ gateway, epoch: 'told', seq: ++seq, readings, rejected: [] });
  await store.commit(batches, async () => {});
}

/** An afternoon of smoke over Kenmore Square, which the simulated weather does not have. */
function smoky(gateway: string, reading: Reading): Reading {
  const { time, values } = reading;
  const { pm2_5_ug_per_m3: particles } = values;
  const isSmoky = gateway.startsWith('kenmore') && time >= SMOKE.from && time < SMOKE.to;
  if (!isSmoky || particles === undefined) return reading;
  return { ...reading, values: { ...values, pm2_5_ug_per_m3: particles + 30 } };
}

function toldOf(device: string) {
  return device === 'main-meter' ? TOLD_OF_MAINS : TOLD;
}

async function rollUp(store: InfluxdbStore, register: CityRegister, truth: GroundTruth, folder: string): Promise<void> {
  const clock = new ManualClock(NOW + 60_000);
  const marks = new FileRollUpMarks({ folder: `${folder}/marks`, clock });
  await marks.start();
  await marks.mark([{ ...OLD_METER, ...TOLD_OF_OLD_METER }]);
  await marks.mark(
    truth.devices().flatMap(({ gateway, id: device }) => TOLD.map((told) => ({ gateway, device, ...told }))),
  );
  const common = { register, store, clock, random: () => 0, log: silentLog };
  const figures = new SiteFigureWriter({ ...common, sink: store });
  const worker = new RollUpWorker({
    ...common,
    options: { folder: `${folder}/state` },
    marks,
    registry: new Registry(),
    afterPass: (touched) => figures.write(touched),
  });
  await worker.start();
  for (;;) {
    await clock.advance(5_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // However often it looks, it is noon.
    clock.setWall(NOW + 60_000);
    const { fault, failedDevices, pendingQuarters, caughtUpAt } = await worker.status();
    if (fault !== '' || failedDevices.length > 0) throw new Error(`not rolled up: ${fault} ${failedDevices.join()}`);
    if (pendingQuarters === 0 && caughtUpAt !== undefined) break;
  }
  await worker.stop();
  await figures.sweep();
  await figures.stop();
  await marks.stop();
}

/** Two hours of reports: gateways of which one goes away, and an ingest that stores, refuses and puts off. */
async function report(store: InfluxdbStore, register: CityRegister): Promise<void> {
  const clock = new ManualClock(NOW - 2 * HOUR);
  const state = { tick: 0 };
  const self = new SelfReport({
    ingest: {
      status: () => ({
        session: 's',
        accepting: state.tick % 40 !== 7,
        storeFault: state.tick % 40 === 7 ? 'down' : '',
        queue: { batches: 3, readings: 40 + state.tick, bytes: 20_000 + state.tick, capacityBytes: 67_108_864 },
        undecodable: 2,
        storedPerSecond: 42,
        acknowledgement: { p50Ms: 9, p99Ms: 60 },
        lastCommitAt: clock.now(),
        disk: { freeBytes: 4e10 - state.tick * 1e6, sizeBytes: 1.2e11 },
      }),
      gateways: () => register.gateways().map(({ id }) => gatewayStatus(id, state.tick, clock.now())),
      deadLetters: { counts: () => ({ 'value-out-of-range': 3, malformed: 1 }) },
    },
    register,
    store,
    process: 'ingest',
    clock,
    log: silentLog,
    memoryBytes: () => 180 * 1_048_576,
  });
  while (clock.now() <= NOW) {
    await self.report();
    state.tick++;
    clock.setWall(clock.now() + 60_000);
  }
}

function gatewayStatus(gateway: string, tick: number, now: number): GatewayStatus {
  const isSilent = gateway.startsWith('tobin');
  const produced = 10_000 + tick * 50;
  const buffered = isSilent ? 900 : 4;
  return {
    gateway,
    online: !isSilent,
    since: now - HOUR,
    version: isSilent ? '0.0.9' : '0.1.0',
    health: {
      version: isSilent ? '0.0.9' : '0.1.0',
      epoch: 'told',
      epochs: ['told'],
      at: now,
      uptime_s: 3_600,
      outbox: {
        produced,
        stored: produced - buffered - 2,
        rejected: { 'value-out-of-range': 2 },
        dropped: 0,
        buffered,
        set_aside: 0,
        undated: 0,
        batches: 1,
        bytes: 1_000,
        capacity_bytes: 1_000_000,
        oldest_s: isSilent ? 72_000 : 2,
      },
      later: {},
      clock_offset_ms: isSilent ? 4_200 : 12,
      memory_mib: 48,
      sources: [],
    },
    healthAt: now,
    twoEpochs: false,
    counts: {
      received: produced + 10,
      stored: produced - 5,
      duplicate: 5 + tick,
      rejected: { 'value-out-of-range': 2 + tick },
      later: { 'clock-ahead': 3 + tick },
      shed: tick,
      queued: 0,
    },
  };
}
