/**
 * InfluxDB as a TelemetryStore (start reading here). Alone here is the InfluxDB client imported.
 *
 * A commit: write lanes → 2xx for every point → dead letters of refused points → ledger file flushed → resolved.
 * Killed anywhere before the end, the gateways send again and the same points are written again over themselves.
 * The server need not be up to open; nothing here retries a commit, the caller does.
 * To be kept by the caller: readings that follow each other for one gateway are committed in that order.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
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
import { type InfluxdbOptions, influxdbTarget } from './influxdb-options.ts';
import { InfluxdbTransport } from './influxdb-transport.ts';
import { InfluxqlClient } from './influxql-client.ts';
import { LatestLoader } from './latest-loader.ts';
import { BEFORE_ALL_COMMITS, LatestValues } from './latest-values.ts';
import { LedgerFile } from './ledger-file.ts';
import { ServerCare } from './server-care.ts';
import { StoredReadings } from './stored-readings.ts';
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
}

export class InfluxdbStore implements TelemetryStore {
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

  /** The parts that speak to the server; throws StoreFailure `misconfigured` for options that cannot be used. */
  #reach(): Parts {
    if (this.#parts === undefined) {
      const target = influxdbTarget(this.#deps.options);
      const transport = new InfluxdbTransport(target, this.#deps.clock);
      const client = new InfluxqlClient(target, transport);
      this.#parts = {
        transport,
        care: new ServerCare(target, transport, client),
        lanes: new WriteLanes(target, transport),
        stored: new StoredReadings(client),
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
