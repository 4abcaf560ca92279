/**
 * `npm run bench`: what one server takes on this machine, measured at the real program over real MQTT.
 * Every figure of a table is from one run. Nothing else should run beside it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import { findInfluxd, startInfluxd } from '../real-servers/influxd.ts';
import { ServerProcess } from '../server-process.ts';
import { benchFleet } from './fleet.ts';
import { type LoadOptions, load } from './loader.ts';
import { benchReads } from './reads.ts';
import { benchRollUp, cpuSecondsOf } from './rollup.ts';
import { storeLimit } from './store-limit.ts';

const GATEWAYS = 20;
const BATCH_SIZES = [1, 20, 100];
const IN_FLIGHT_READINGS = { 1: 8_000, 20: 80_000, 100: 120_000 } as Record<number, number>;

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'all' },
    seconds: { type: 'string', default: '8' },
    fleet: { type: 'boolean', default: false },
    gateways: { type: 'string', default: '2000,10000' },
    rate: { type: 'string', default: '1000' },
    over: { type: 'string', default: 'tcp,tls' },
    'rolled-up': { type: 'boolean', default: false },
    rollup: { type: 'boolean', default: false },
    days: { type: 'string', default: '30' },
    reads: { type: 'boolean', default: false },
    times: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !['all', 'duckdb', 'influxdb'].includes(values.store)) {
  console.log('npm run bench -- [--store duckdb|influxdb|all] [--seconds 8]');
  console.log('npm run bench -- --fleet [--gateways 2000,10000] [--over tcp,tls] [--rate 1000] [--rolled-up]');
  console.log('npm run bench -- --rollup [--store duckdb|influxdb|all] [--days 30] [--rate 1000] [--seconds 8]');
  console.log('npm run bench -- --reads [--store duckdb|influxdb|all] [--times 100]');
  process.exit(values.help ? 0 : 1);
}
const seconds = Number(values.seconds);
const stores = (['duckdb', 'influxdb'] as const).filter((name) => values.store === 'all' || values.store === name);

console.log(
  `${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}`,
);
if (values.fleet) {
  await benchFleet({
    sizes: values.gateways.split(',').map(Number),
    seconds: Math.max(20, seconds),
    readingsPerS: Number(values.rate),
    transports: (['tcp', 'tls'] as const).filter((name) => values.over.split(',').includes(name)),
    untilRolledUp: values['rolled-up'],
  });
  process.exit();
}
if (values.rollup) {
  await benchRollUp({
    stores,
    days: Math.max(2, Number(values.days)),
    readingsPerS: Number(values.rate),
    seconds,
  });
  process.exit();
}
if (values.reads) {
  await benchReads({ stores, times: Math.max(1, Number(values.times)) });
  process.exit();
}
console.log(`${GATEWAYS} gateways, 4 values a reading, loader on the same cores, ${seconds} s a row\n`);

if (values.store !== 'influxdb') await benchDuckdb();
if (values.store !== 'duckdb') await benchInfluxdb();

async function benchDuckdb(): Promise<void> {
  console.log('## DuckDB');
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const store = new DuckDBStore({ options: { path: join(folder, 'raw.duckdb') }, log: silentLog });
  const raw = await rawLimit(store);
  await benchServer(folder, [], raw);
  rmSync(folder, { recursive: true, force: true });
}

async function benchInfluxdb(): Promise<void> {
  console.log('\n## InfluxDB');
  if (findInfluxd() === undefined) {
    console.log('influxd is not installed: npm run setup:servers');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const influxd = await startInfluxd();
  const store = new InfluxdbStore({
    options: { url: influxd.url },
    folder: join(folder, 'raw'),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
  const raw = await rawLimit(store);
  const args = ['--store', 'influxdb', '--influx-url', influxd.url];
  await benchServer(folder, args, raw, () => cpuSecondsOf(influxd.pid));
  await influxd.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function rawLimit(store: TelemetryStore): Promise<number> {
  await store.open();
  await store.init();
  await storeLimit(store, 1);
  const limit = await storeLimit(store, seconds);
  await store.close();
  console.log(`store alone, commits of 20,000 readings: ${thousands(limit)} readings/s`);
  return limit;
}

/** `storeCpuSeconds` tells what a store in a process of its own has taken so far. */
async function benchServer(
  folder: string,
  args: string[],
  raw: number,
  storeCpuSeconds: () => number = () => 0,
): Promise<void> {
  console.log(
    '| readings a batch | readings/s acknowledged | of the store alone | server CPU s per million | of the store’s process | p50 ms at half load | p99 ms at half load | peak MiB |',
  );
  console.log('|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const readingsPerBatch of BATCH_SIZES) {
    const data = join(folder, `data-${readingsPerBatch}`);
    const server = await ServerProcess.start({
      data,
      args: ['--city', 'none', ...args],
      env: { LAMPLIGHTER_LOG_LEVEL: 'warn' },
    });
    const gateways = await addGateways(server);
    const common: LoadOptions = {
      host: '127.0.0.1',
      port: server.mqttPort,
      prefix: 'city/v1',
      gateways,
      readingsPerBatch,
      seconds,
      inFlight: IN_FLIGHT_READINGS[readingsPerBatch] ?? 20_000,
    };
    await load({ ...common, seconds: 2 });
    const [cpuBefore, storeCpuBefore] = [server.cpuSeconds(), storeCpuSeconds()];
    const full = await load(common);
    const cpu = ((server.cpuSeconds() - cpuBefore) / full.acknowledged) * 1e6;
    const storeCpu = ((storeCpuSeconds() - storeCpuBefore) / full.acknowledged) * 1e6;
    const half = await load({ ...common, rate: full.perSecond / 2 });
    const cells = [
      readingsPerBatch,
      thousands(full.perSecond),
      (full.perSecond / raw).toFixed(2),
      cpu.toFixed(2),
      storeCpu === 0 ? '–' : storeCpu.toFixed(2),
      half.p50Ms.toFixed(0),
      half.p99Ms.toFixed(0),
      server.peakMiB().toFixed(0),
    ];
    console.log(`| ${cells.join(' | ')} |`);
    await server.stop();
  }
}

async function addGateways(server: ServerProcess): Promise<{ id: string; token: string }[]> {
  await server.api.post('/api/sites', { id: 'bench', name: 'Bench', kind: 'building', zone: 'America/New_York' });
  const gateways: { id: string; token: string }[] = [];
  for (let i = 1; i <= GATEWAYS; i++) {
    const id = `gateway-${i}`;
    const { token } = await server.api.post<{ token: string }>('/api/gateways', { site: 'bench', id });
    gateways.push({ id, token });
  }
  return gateways;
}

function thousands(value: number): string {
  return `${Math.round(value / 1_000).toLocaleString('en')} k`;
}
