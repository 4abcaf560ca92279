/**
 * Says of ingest and of the gateways, in points that boards show (contract/self-report.ts), how they are. It only looks
 * on: a store that does not take the points is logged once and asked again at the next tick, and commits never wait.
 */
import { diskState } from '../contract/disk-space.ts';
import { GATEWAY, PIPELINE, REASONS } from '../contract/self-report.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import type { Point, PointSink } from '../store/point-sink.ts';
import type { LatestValue, TelemetryStore } from '../store/telemetry-store.ts';
import { DeviceWords, gatewayFields } from './gateway-words.ts';
import type { GatewayCounts, GatewayStatus, IngestView } from './ingest-view.ts';

export interface SelfReportDeps {
  readonly ingest: Pick<IngestView, 'status' | 'gateways'> & {
    readonly deadLetters: Pick<IngestView['deadLetters'], 'counts'>;
  };
  readonly register: RegisterView;
  readonly store: PointSink & Pick<TelemetryStore, 'latest'>;
  /** Name of the process, a tag. */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Resident memory, bytes. */
  readonly memoryBytes: () => number;
}

/** As numbers, which boards and rules compare. */
const SHORTAGE = { enough: 0, low: 1, short: 2 } as const;

const EVERY_MS = 15_000;
/** Some 5 ms of work; then intake has its turn. */
const GATEWAYS_AT_ONCE = 200;

export class SelfReport implements Service {
  readonly name = 'self report';
  readonly #deps: SelfReportDeps;
  readonly #devices: DeviceWords;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #fault = '';

  constructor(deps: SelfReportDeps) {
    this.#deps = deps;
    this.#devices = new DeviceWords(deps.register);
  }

  async start(): Promise<void> {
    this.#isStopped = false;
    this.#timer = this.#deps.clock.every(EVERY_MS, () => this.#tick());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Resolves when one report is stored. Throws StoreFailure. */
  async report(): Promise<void> {
    const { store, clock, register } = this.#deps;
    const time = clock.now();
    const gateways = this.#gateways();
    const sums = new Sums();
    for (let first = 0; first < gateways.length && !this.#isStopped; first += GATEWAYS_AT_ONCE) {
      const points: Point[] = [];
      for (const status of gateways.slice(first, first + GATEWAYS_AT_ONCE)) {
        sums.add(status.counts);
        if (register.gateway(status.gateway)?.retired === true) continue;
        points.push(this.#gatewayPoint(status, time, await store.latest({ gateway: status.gateway })));
      }
      await store.putPoints(points);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.putPoints(this.#pipelinePoints(sums, time));
  }

  /** Those that were heard of, and those that are listed and never were. */
  #gateways(): readonly GatewayStatus[] {
    const { ingest, register } = this.#deps;
    const heard = ingest.gateways();
    const names = new Set(heard.map(({ gateway }) => gateway));
    const never = register.gateways().filter(({ id }) => !names.has(id));
    return [...heard, ...never.map(({ id }) => neverHeardOf(id))];
  }

  /** A report that takes longer than a tick is not overtaken by the next. */
  #tick(): void {
    if (this.#running !== undefined) return;
    this.#running = this.report()
      .then(() => {
        if (this.#fault !== '') this.#deps.log.info('reports for boards are stored again');
        this.#fault = '';
      })
      .catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        if (this.#fault === '') this.#deps.log.warn({ error }, `no report for boards: ${words}`);
        this.#fault = words;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  #gatewayPoint(status: GatewayStatus, time: number, latest: readonly LatestValue[]): Point {
    const { gateway } = status;
    const site = this.#deps.register.gateway(gateway)?.site ?? '';
    const devices = this.#devices.of(gateway, latest, time);
    return {
      bucket: 'raw',
      measurement: GATEWAY,
      tags: { gateway, site },
      fields: gatewayFields(status, devices),
      time,
    };
  }

  #pipelinePoints(sums: Sums, time: number): Point[] {
    const { ingest, process, memoryBytes } = this.#deps;
    const status = ingest.status();
    const { disk } = status;
    const letters = Object.entries(ingest.deadLetters.counts());
    const deadLetters = letters.reduce((sum, [, count]) => sum + count, 0);
    const fields = {
      received: sums.received,
      stored: sums.stored,
      duplicate: sums.duplicate,
      rejected: total(sums.rejected),
      later: total(sums.later),
      shed: sums.shed,
      queued: status.queue.readings,
      queue_bytes: status.queue.bytes,
      queue_capacity_bytes: status.queue.capacityBytes,
      accepting: status.accepting ? 1 : 0,
      store_failing: status.storeFault === '' ? 0 : 1,
      ack_p50_ms: status.acknowledgement?.p50Ms ?? 0,
      ack_p99_ms: status.acknowledgement?.p99Ms ?? 0,
      stored_per_s: status.storedPerSecond,
      undecodable: status.undecodable,
      dead_letters: deadLetters,
      memory_mib: memoryBytes() / 1_048_576,
      disk_known: disk === undefined ? 0 : 1,
      disk_free_bytes: disk?.freeBytes ?? 0,
      disk_size_bytes: disk?.sizeBytes ?? 0,
      disk_short: disk === undefined ? 0 : SHORTAGE[diskState(disk)],
    };
    const reasons = (kind: string, counts: Iterable<readonly [string, number]>): Point[] =>
      [...counts].map(([reason, count]) => ({
        bucket: 'raw',
        measurement: REASONS,
        tags: { process, kind, reason },
        fields: { count },
        time,
      }));
    return [
      { bucket: 'raw', measurement: PIPELINE, tags: { process }, fields, time },
      ...reasons('rejected', sums.rejected),
      ...reasons('later', sums.later),
      ...reasons('dead_letter', letters),
    ];
  }
}

const NO_COUNTS: GatewayCounts = {
  received: 0,
  stored: 0,
  duplicate: 0,
  rejected: {},
  later: {},
  shed: 0,
  queued: 0,
};

function neverHeardOf(gateway: string): GatewayStatus {
  return {
    gateway,
    online: undefined,
    since: undefined,
    version: undefined,
    health: undefined,
    healthAt: undefined,
    twoEpochs: false,
    counts: NO_COUNTS,
  };
}

/** What all gateways counted together. */
class Sums {
  received = 0;
  stored = 0;
  duplicate = 0;
  shed = 0;
  readonly rejected = new Map<string, number>();
  readonly later = new Map<string, number>();

  add({ received, stored, duplicate, shed, rejected, later }: GatewayCounts): void {
    this.received += received;
    this.stored += stored;
    this.duplicate += duplicate;
    this.shed += shed;
    for (const [reason, count] of Object.entries(rejected)) addTo(this.rejected, reason, count);
    for (const [reason, count] of Object.entries(later)) addTo(this.later, reason, count);
  }
}

function addTo(sums: Map<string, number>, key: string, count: number): void {
  sums.set(key, (sums.get(key) ?? 0) + count);
}

function total(sums: ReadonlyMap<string, number>): number {
  return [...sums.values()].reduce((sum, count) => sum + count, 0);
}
