/**
 * `npm run bench -- --rollup`: days of the demo city, rolled up while readings go on arriving. Everything runs in this
 * process, as in `lamplighter start` on DuckDB: store, marks, ingest and worker.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { Ingest } from '../../ingest/ingest.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { createLog, silentLog } from '../../runtime/log.ts';
import type { Message, MessageHandler, MessageLink } from '../../runtime/message-link.ts';
import { demoCity } from '../../simulators/city.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { type CityEntries, entriesOf } from '../../simulators/manifest.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import type { AdmittedBatch } from '../../store/telemetry-store.ts';
import { benchReading } from './batch-templates.ts';

export interface RollUpBenchOptions {
  /** Of the demo city's past. */
  readonly days: number;
  /** Live readings a second, of 4 values, 20 a batch. */
  readonly readingsPerS: number;
  /** How long the live readings run alone. */
  readonly seconds: number;
}

const DAY_MS = 86_400_000;
const LIVE_GATEWAYS = 20;
const READINGS_PER_BATCH = 20;
const BATCHES_EVERY_MS = 20;

export async function benchRollUp({ days, readingsPerS, seconds }: RollUpBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const log = createLog({ level: 'warn', name: 'bench' });
  const common = { clock: systemClock, random: Math.random, log, registry: new Registry() };
  const truth = new GroundTruth(demoCity(1));
  const entries = entriesOf(truth.city);
  const register = registerOf(entries);
  const store = new DuckDBStore({ options: { path: join(folder, 'city.duckdb') }, log: silentLog });
  await store.open();
  await store.init();
  const marks = new FileRollUpMarks({ folder: join(folder, 'marks'), clock: systemClock });
  await marks.start();
  const worker = new RollUpWorker({ ...common, options: { folder: join(folder, 'state') }, store, marks, register });

  const to = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const readings = await tell(truth, store, marks, to - days * DAY_MS, to);
  const series = (await store.totals({})).length;
  console.log(`${days} days of ${series} series are stored: ${readings.toLocaleString('en')} readings`);

  const link = new BenchLink();
  const ingest = new Ingest({
    ...common,
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
  await sleep(systemClock, 1_000);
  const alone = await live.measure(() => sleep(systemClock, seconds * 1_000));

  const began = performance.now();
  const delay = eventLoopDelay();
  const during = await live.measure(async () => {
    await worker.start();
    for (;;) {
      await sleep(systemClock, 100);
      const { caughtUpAt, fault } = await worker.status();
      if (fault !== '') throw new Error(fault);
      if (caughtUpAt !== undefined) break;
    }
  });
  const longestMs = delay.stop();
  const elapsedS = (performance.now() - began) / 1_000;
  live.stop();
  const { rowsWritten } = await worker.status();
  const cpuS = during.cpuS - (alone.cpuS / seconds) * elapsedS;
  const spanS = (days * DAY_MS) / 1_000;
  console.log(
    `rolled up in ${elapsedS.toFixed(1)} s, ${cpuS.toFixed(1)} CPU s above the live load's: ` +
      `${rowsWritten['15m']} quarter hours, ${rowsWritten['1h']} hours, ${rowsWritten['1d']} days`,
  );
  console.log(
    `${Math.round(spanS / elapsedS)} x real time by the clock, ${Math.round(spanS / cpuS)} x on one core (target 200)`,
  );
  console.log('| with live readings | readings/s acknowledged | p50 ms | p99 ms |\n|---|---:|---:|---:|');
  for (const [name, run] of [
    ['alone', alone],
    ['and roll-ups', during],
  ] as const) {
    console.log(`| ${name} | ${Math.round(run.perS)} | ${run.p50Ms.toFixed(0)} | ${run.p99Ms.toFixed(0)} |`);
  }
  console.log(`longest turn of the event loop while rolling up: ${longestMs.toFixed(0)} ms`);
  await worker.stop();
  await ingest.stop();
  await marks.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Straight into the store, marked as ingest marks them; newest day first. */
async function tell(
  truth: GroundTruth,
  store: DuckDBStore,
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

interface LoadFigures {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuS: number;
}

/** Batches at a steady pace, and how long each waits for its acknowledgement. */
class LiveLoad {
  readonly #link: BenchLink;
  readonly #batchesPerTick: number;
  readonly #sentAt = new Map<string, number>();
  #latencies: number[] = [];
  #seq = 0;
  #owed = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(link: BenchLink, readingsPerS: number) {
    this.#link = link;
    this.#batchesPerTick = (readingsPerS / READINGS_PER_BATCH / 1_000) * BATCHES_EVERY_MS;
  }

  start(): void {
    this.#link.onAck = (gateway, { stored }) => {
      const now = performance.now();
      for (const [first, last] of stored) {
        for (let seq = first; seq <= last; seq++) {
          const name = `${gateway}/${seq}`;
          this.#latencies.push(now - (this.#sentAt.get(name) ?? now));
          this.#sentAt.delete(name);
        }
      }
    };
    this.#timer = setInterval(() => this.#send(), BATCHES_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async measure(work: () => Promise<void>): Promise<LoadFigures> {
    this.#latencies = [];
    const cpu = process.cpuUsage();
    const began = performance.now();
    await work();
    const elapsedS = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    const perS = (sorted.length * READINGS_PER_BATCH) / elapsedS;
    return { perS, p50Ms: at(0.5), p99Ms: at(0.99), cpuS: (user + system) / 1e6 };
  }

  #send(): void {
    this.#owed += this.#batchesPerTick;
    for (; this.#owed >= 1; this.#owed--) {
      const seq = ++this.#seq;
      const gateway = `live-${seq % LIVE_GATEWAYS}`;
      const time = Date.now();
      const readings = Array.from({ length: READINGS_PER_BATCH }, (_, device) => benchReading(device, time));
      this.#sentAt.set(`${gateway}/${seq}`, performance.now());
      this.#link.deliver(`city/v1/${gateway}/readings`, { v: 1, epoch: 'live', seq, readings });
    }
  }
}

/** A broker that is a function call away. */
class BenchLink implements MessageLink {
  readonly connected = true;
  onAck: (gateway: string, ack: Acknowledgement) => void = () => {};
  #handler: MessageHandler = () => {};

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    if (filter.endsWith('/readings')) this.#handler = handler;
  }

  publish({ topic, payload }: Message): boolean {
    const [, , gateway = '', kind] = topic.split('/');
    if (kind === 'ack') this.onAck(gateway, JSON.parse(String(payload)) as Acknowledgement);
    return true;
  }

  onConnect(listener: () => void): void {
    listener();
  }

  deliver(topic: string, body: unknown): void {
    this.#handler(topic, Buffer.from(JSON.stringify(body)));
  }
}

function registerOf({ sites, gateways, devices }: CityEntries): RegisterView {
  const live = Array.from({ length: LIVE_GATEWAYS }, (_, index) => `live-${index}`);
  const siteById = new Map(sites.map((site) => [site.id, site]));
  const gatewayById = new Map(gateways.map((gateway) => [gateway.id, gateway]));
  for (const id of live) gatewayById.set(id, { id, name: id, site: sites[0]?.id ?? '', retired: false });
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

/** The longest time that a timer of 5 ms came late by, milliseconds. */
function eventLoopDelay(): { stop(): number } {
  let [longest, last] = [0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}
