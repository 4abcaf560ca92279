/**
 * `npm run bench -- --rollup`: days of the demo city rolled up, half of them alone and half while readings go on arriving.
 * Everything but influxd runs in this process, as in `lamplighter start`: store, marks, ingest and worker.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { Ingest } from '../../ingest/ingest.ts';
import { FileRollUpMarks, QUIET_MS } from '../../ingest/roll-up-marks.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { createLog, silentLog } from '../../runtime/log.ts';
import { demoCity } from '../../simulators/city.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { type CityEntries, entriesOf } from '../../simulators/manifest.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { AdmittedBatch, TelemetryStore } from '../../store/telemetry-store.ts';
import { findInfluxd, startInfluxd } from '../real-servers/influxd.ts';
import { BenchLink, LIVE_GATEWAY_IDS, LiveLoad, type LoadFigures } from './live-load.ts';

export interface RollUpBenchOptions {
  readonly stores: readonly ('duckdb' | 'influxdb')[];
  /** Of the demo city's past, two or more. */
  readonly days: number;
  /** Live readings a second, of 4 values, 20 a batch. */
  readonly readingsPerS: number;
  /** How long the live readings run alone. */
  readonly seconds: number;
}

const DAY_MS = 86_400_000;

type Store = TelemetryStore & RollUpStore;

export async function benchRollUp({ stores, ...options }: RollUpBenchOptions): Promise<void> {
  for (const name of stores) {
    console.log(`\n## ${name === 'duckdb' ? 'DuckDB' : 'InfluxDB'}`);
    const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
    if (name === 'duckdb') {
      const store = new DuckDBStore({ options: { path: join(folder, 'city.duckdb') }, log: silentLog });
      await benchStore(store, folder, options, () => 0);
    } else if (findInfluxd() === undefined) console.log('influxd is not installed: npm run setup:servers');
    else {
      const influxd = await startInfluxd();
      const deps = { folder: join(folder, 'store'), clock: systemClock, random: Math.random, log: silentLog };
      const store = new InfluxdbStore({ ...deps, options: { url: influxd.url } });
      await benchStore(store, folder, options, () => cpuSecondsOf(influxd.pid));
      await influxd.remove();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchStore(
  store: Store,
  folder: string,
  { days, readingsPerS, seconds }: Omit<RollUpBenchOptions, 'stores'>,
  storesCpuS: () => number,
): Promise<void> {
  const log = createLog({ level: 'warn', name: 'bench' });
  const common = { clock: systemClock, random: Math.random, log };
  const truth = new GroundTruth(demoCity(1));
  const register = registerOf(entriesOf(truth.city));
  await store.open();
  await store.init();
  const marks = new FileRollUpMarks({ folder: join(folder, 'marks'), clock: systemClock });
  await marks.start();
  const rollUp = async (): Promise<RolledUp> => {
    const deps = { ...common, registry: new Registry(), store, marks, register };
    const worker = new RollUpWorker({ ...deps, options: { folder: join(folder, 'state') } });
    const [began, cpu, storesCpu] = [performance.now(), process.cpuUsage(), storesCpuS()];
    await worker.start();
    for (;;) {
      await sleep(systemClock, 100);
      const { caughtUpAt, fault } = await worker.status();
      if (fault !== '') throw new Error(fault);
      if (caughtUpAt !== undefined) break;
    }
    const elapsedS = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const { rowsWritten } = await worker.status();
    await worker.stop();
    const cpuS = (user + system) / 1e6;
    return { elapsedS, cpuS, storesCpuS: storesCpuS() - storesCpu, rows: rowsWritten };
  };

  const half = Math.floor(days / 2);
  const to = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const middle = to - (days - half) * DAY_MS;
  const before = await tell(truth, store, marks, middle - half * DAY_MS, middle);
  // Days that are over wait for a while for the rest of their readings (ingest/roll-up-marks.ts).
  await sleep(systemClock, QUIET_MS);
  const alone = await rollUp();

  const count = before + (await tell(truth, store, marks, middle, to));
  const series = (await store.totals({})).length;
  console.log(`${days} days of ${series} series, ${count.toLocaleString('en')} readings`);
  const link = new BenchLink();
  const ingest = new Ingest({
    ...common,
    registry: new Registry(),
    link,
    register,
    store,
    marks,
    options: { topicPrefix: 'city/v1', deadLettersPath: join(folder, 'dead-letters') },
    onNewDevice: () => {},
  });
  await ingest.start();
  const live = new LiveLoad(link, readingsPerS);
  live.start();
  await sleep(systemClock, QUIET_MS);
  const quiet = await live.measure(() => sleep(systemClock, seconds * 1_000));
  let beside: RolledUp | undefined;
  const busy = await live.measure(async () => {
    beside = await rollUp();
  });
  live.stop();
  if (beside !== undefined) {
    const ofLive = (quiet.cpuS / seconds) * beside.elapsedS;
    printRollUps([
      ['alone', half, alone],
      ['beside live readings', days - half, { ...beside, cpuS: beside.cpuS - ofLive }],
    ]);
  }
  printLive(quiet, busy);
  await ingest.stop();
  await marks.stop();
  await store.close();
}

interface RolledUp {
  readonly elapsedS: number;
  /** Of this process. */
  readonly cpuS: number;
  /** Of the store's own process. */
  readonly storesCpuS: number;
  readonly rows: Readonly<Record<'15m' | '1h' | '1d', number>>;
}

/** CPU seconds are those above the live readings'. */
function printRollUps(runs: readonly (readonly [name: string, days: number, run: RolledUp])[]): void {
  console.log(
    '| rolled up | days | s | CPU s | CPU s of influxd | rows of 15 min | x real time by the clock | x on one core (target 200) | CPU s per million rows of 15 min |',
  );
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const [name, days, { elapsedS, cpuS, storesCpuS, rows }] of runs) {
    const spanS = (days * DAY_MS) / 1_000;
    const cells = [
      name,
      days,
      elapsedS.toFixed(1),
      cpuS.toFixed(1),
      storesCpuS.toFixed(1),
      rows['15m'].toLocaleString('en'),
      Math.round(spanS / elapsedS).toLocaleString('en'),
      Math.round(spanS / (cpuS + storesCpuS)).toLocaleString('en'),
      (((cpuS + storesCpuS) / rows['15m']) * 1e6).toFixed(1),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** Event loop: how late it came to what was due. */
function printLive(quiet: LoadFigures, busy: LoadFigures): void {
  const columns: readonly (readonly [name: string, of: (run: LoadFigures) => number])[] = [
    ['acknowledged a second', (run) => run.perS],
    ['p50 ms', (run) => run.p50Ms],
    ['p99 ms (target 250)', (run) => run.p99Ms],
    ['most ms', (run) => run.mostMs],
    ['event loop p99 ms', (run) => run.loopP99Ms],
    ['event loop most ms', (run) => run.loopMostMs],
  ];
  console.log(`| live readings | ${columns.map(([name]) => name).join(' | ')} |`);
  console.log(`|---|${columns.map(() => '---:|').join('')}`);
  const line = (name: string, cell: (of: (run: LoadFigures) => number) => string) =>
    console.log(`| ${name} | ${columns.map(([, of]) => cell(of)).join(' | ')} |`);
  line('alone', (of) => of(quiet).toFixed(1));
  line('beside roll-ups', (of) => of(busy).toFixed(1));
  line('ratio', (of) => `${(of(busy) / of(quiet)).toFixed(2)} x`);
}

/** What a process has taken so far, seconds of a core. */
export function cpuSecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Straight into the store, marked as ingest marks them; newest day first. */
async function tell(
  truth: GroundTruth,
  store: Store,
  marks: FileRollUpMarks,
  from: number,
  to: number,
): Promise<number> {
  let [seq, count] = [0, 0];
  for (let day = to - DAY_MS; day >= from; day -= DAY_MS) {
    let batches: AdmittedBatch[] = [];
    let waiting = 0;
    const commit = async () => {
      await marks.beforeCommit(batches);
      await store.commit(batches, async () => {});
      marks.settled();
      batches = [];
      waiting = 0;
    };
    for (const { gateway, id } of truth.devices()) {
      const readings = [...truth.expectedReadings(gateway, id, day, day + DAY_MS)];
      batches.push({ gateway, epoch: 'past', seq: ++seq, readings, rejected: [] });
      waiting += readings.length;
      count += readings.length;
      if (waiting >= 32_000) await commit();
    }
    await commit();
  }
  return count;
}

function registerOf({ sites, gateways, devices }: CityEntries): RegisterView {
  const siteById = new Map(sites.map((site) => [site.id, site]));
  const gatewayById = new Map(gateways.map((gateway) => [gateway.id, gateway]));
  for (const id of LIVE_GATEWAY_IDS) gatewayById.set(id, { id, name: id, site: sites[0]?.id ?? '', retired: false });
  const deviceByKey = new Map(devices.map((device) => [`${device.gateway}/${device.id}`, device]));
  return {
    version: 1,
    site: (id) => siteById.get(id),
    sites: () => sites,
    gateway: (id) => gatewayById.get(id),
    gateways: () => [...gatewayById.values()],
    device: (gateway, device) => deviceByKey.get(`${gateway}/${device}`),
    devices: () => devices,
    credential: () => undefined,
    onChange: () => () => {},
  };
}
