/**
 * InfluxDB as a TelemetryStore, a RollUpStore and a PointSink (start reading here). Alone here is the InfluxDB client
 * imported.
 * Readings are in `<bucket>`, quarter hours in `<bucket>_15m`, hours, days and meter events in `<bucket>_long`, so that
 * each is kept for its own time.
 *
 * A commit: write lanes → 2xx for every point → dead letters of refused points → ledger file flushed → resolved.
 * Killed anywhere before the end, the gateways send again and the same points are written again over themselves.
 * The server need not be up to open; nothing here retries a commit, the caller does.
 * To be kept by the caller: readings that follow each other for one gateway are committed in that order.
 */

import type { MeterEvent, RollUp } from '../../contract/roll-up.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Point, PointSink } from '../point-sink.ts';
import type {
  Kept,
  LatestRollUpQuery,
  MeterEventQuery,
  RollUpQuery,
  RollUpStore,
  RollUpUpdate,
  SeriesValues,
  ValuesQuery,
} from '../roll-up-store.ts';
import {
  type AdmittedBatch,
  type KeepRejected,
  type LatestQuery,
  type LatestValue,
  type LedgerEntry,
  type Series,
  type SeriesQuery,
  type SeriesTotal,
  type StoreCheck,
  StoreFailure,
  type StoreRejection,
  type TelemetryStore,
  type TotalsQuery,
} from '../telemetry-store.ts';
import { longBucket, quartersBucket } from './bucket-names.ts';
import { type InfluxdbOptions, type InfluxdbTarget, influxdbTarget } from './influxdb-options.ts';
import { InfluxdbTransport } from './influxdb-transport.ts';
import { InfluxqlClient } from './influxql-client.ts';
import { LatestLoader } from './latest-loader.ts';
import { BEFORE_ALL_COMMITS, LatestValues } from './latest-values.ts';
import { LedgerFile } from './ledger-file.ts';
import { PointWriter } from './point-writer.ts';
import { RollUpWriter } from './roll-up-writer.ts';
import { ServerCare } from './server-care.ts';
import { ServerRetention } from './server-retention.ts';
import { StoredReadings } from './stored-readings.ts';
import { StoredRollUps } from './stored-roll-ups.ts';
import { StoredValues } from './stored-values.ts';
import { WriteChannel } from './write-channel.ts';
import { WriteLanes } from './write-lanes.ts';

export interface InfluxdbStoreDeps {
  readonly options: InfluxdbOptions;
  /** Data folder; the ledger file is `ingest-ledger` in it and belongs to this process alone. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Parts {
  readonly transport: InfluxdbTransport;
  readonly care: ServerCare;
  readonly lanes: WriteLanes;
  readonly stored: StoredReadings;
  readonly values: StoredValues;
  readonly rollUps: StoredRollUps;
  readonly rollUpWriter: RollUpWriter;
  readonly pointWriter: PointWriter;
  readonly retention: ServerRetention;
}

export class InfluxdbStore implements TelemetryStore, RollUpStore, PointSink {
  readonly engine = 'influxdb';
  readonly #deps: InfluxdbStoreDeps;
  readonly #ledger: LedgerFile;
  readonly #latest = new LatestValues();
  readonly #loader: LatestLoader;
  readonly #commits = new Set<Promise<unknown>>();
  #parts: Parts | undefined;
  #isOpen = false;
  #commitCount = BEFORE_ALL_COMMITS;

  constructor(deps: InfluxdbStoreDeps) {
    this.#deps = deps;
    this.#ledger = new LedgerFile(deps.folder);
    this.#loader = new LatestLoader({ ...deps, load: () => this.#loadLatest() });
  }

  /** Opens the ledger and begins to load the latest values; throws StoreFailure for options or a file it cannot use. */
  async open(): Promise<void> {
    this.#reach();
    this.#ledger.open();
    this.#isOpen = true;
    this.#loader.start();
  }

  /** Cuts what is in flight: an unanswered commit fails as `unavailable`, and its points are written again later. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#parts?.transport.close();
    await this.#loader.stop();
    await Promise.allSettled(this.#commits);
    await this.#ledger.close();
  }

  /** Needs no open(): the command line asks while another process has the ledger. */
  init(): Promise<StoreCheck> {
    return this.#cared((care) => care.init());
  }

  check(): Promise<StoreCheck> {
    return this.#cared((care) => care.check());
  }

  async commit(batches: readonly AdmittedBatch[], keepRejected: KeepRejected): Promise<readonly StoreRejection[]> {
    if (!this.#isOpen) throw closed();
    const committed = this.#commit(++this.#commitCount, batches, keepRejected);
    this.#commits.add(committed);
    try {
      return await committed;
    } finally {
      this.#commits.delete(committed);
    }
  }

  async #commit(
    commit: number,
    batches: readonly AdmittedBatch[],
    keepRejected: KeepRejected,
  ): Promise<readonly StoreRejection[]> {
    if (batches.length === 0) return [];
    const { lanes, care } = this.#reach();
    const refused = await lanes.write(batches, () => care.version());
    const rejections = [...new Set(batches)].flatMap((batch) => {
      const rejected = refused.get(batch);
      return rejected === undefined ? [] : [{ batch, rejected }];
    });
    if (rejections.length > 0) {
      try {
        await keepRejected(rejections);
      } catch (cause) {
        const words = cause instanceof Error ? cause.message : String(cause);
        throw new StoreFailure('unavailable', `The refused readings cannot be kept as dead letters: ${words}`, {
          cause,
        });
      }
    }
    await this.#ledger.settle(batches, refused);
    this.#latest.takeCommit(commit, batches, refused);
    return rejections;
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    if (!this.#isOpen) throw closed();
    return this.#ledger.entries();
  }

  async forgetEpochs(gateway: string, held: readonly string[]): Promise<void> {
    if (!this.#isOpen) throw closed();
    await this.#ledger.forgetEpochs(gateway, held);
  }

  /** Waits until the values of earlier days are loaded; throws StoreFailure while the server cannot be asked for them. */
  async latest(query: LatestQuery): Promise<readonly LatestValue[]> {
    if (!this.#isOpen) throw closed();
    await this.#loader.ready();
    return this.#latest.find(query);
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    if (!this.#isOpen) throw closed();
    return this.#reach().stored.series(query);
  }

  async totals(query: TotalsQuery): Promise<readonly SeriesTotal[]> {
    if (!this.#isOpen) throw closed();
    return this.#reach().stored.totals(query);
  }

  async values(query: ValuesQuery): Promise<readonly SeriesValues[]> {
    return this.#whileOpen(({ values }) => values.values(query));
  }

  async rollUps(query: RollUpQuery): Promise<readonly RollUp[]> {
    return this.#whileOpen(({ rollUps }) => rollUps.rollUps(query));
  }

  async latestRollUps(query: LatestRollUpQuery): Promise<readonly RollUp[]> {
    return this.#whileOpen(({ rollUps }) => rollUps.latestRollUps(query));
  }

  async meterEvents(query: MeterEventQuery): Promise<readonly MeterEvent[]> {
    return this.#whileOpen(({ rollUps }) => rollUps.meterEvents(query));
  }

  async putRollUps(update: RollUpUpdate): Promise<void> {
    return this.#whileOpen(({ rollUpWriter }) => rollUpWriter.put(update));
  }

  async putPoints(points: readonly Point[]): Promise<void> {
    return this.#whileOpen(({ pointWriter }) => pointWriter.put(points));
  }

  async keep(kept: Kept, now: number): Promise<void> {
    return this.#whileOpen(({ retention }) => retention.keep(kept, now));
  }

  #whileOpen<T>(ask: (parts: Parts) => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw closed();
    return ask(this.#reach());
  }

  /** The parts that speak to the server; throws StoreFailure `misconfigured` for options that cannot be used. */
  #reach(): Parts {
    if (this.#parts === undefined) {
      const target = influxdbTarget(this.#deps.options);
      const transport = new InfluxdbTransport(target, this.#deps.clock);
      const quarters = { ...target, bucket: quartersBucket(target.bucket) };
      const long = { ...target, bucket: longBucket(target.bucket) };
      const clientOf = (one: InfluxdbTarget) => new InfluxqlClient(one, transport);
      const care = new ServerCare(target, transport);
      const version = () => care.version();
      this.#parts = {
        transport,
        care,
        lanes: new WriteLanes(target, transport),
        stored: new StoredReadings(clientOf(target)),
        values: new StoredValues(clientOf(target)),
        rollUps: new StoredRollUps(clientOf(quarters), clientOf(long)),
        rollUpWriter: new RollUpWriter({
          quarters: new WriteChannel(quarters, transport),
          long: new WriteChannel(long, transport),
          version,
          log: this.#deps.log,
        }),
        pointWriter: new PointWriter({
          channels: {
            raw: new WriteChannel(target, transport),
            quarters: new WriteChannel(quarters, transport),
            long: new WriteChannel(long, transport),
          },
          version,
        }),
        retention: new ServerRetention(target, transport, version),
      };
    }
    return this.#parts;
  }

  async #cared(ask: (care: ServerCare) => Promise<StoreCheck>): Promise<StoreCheck> {
    try {
      return await ask(this.#reach().care);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      return { ok: false, engine: 'influxdb', version: 'unknown', words };
    }
  }

  #loadLatest(): Promise<void> {
    return this.#reach().stored.newest((value) => this.#latest.take(value, BEFORE_ALL_COMMITS));
  }
}

function closed(): StoreFailure {
  return new StoreFailure('unavailable', 'The store is closed or not open yet.');
}
