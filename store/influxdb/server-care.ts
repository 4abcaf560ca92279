/** Looks after the server: which version it is, whether all is well, and creating the databases or buckets. */
import { HttpError } from '@influxdata/influxdb-client';
import { type StoreCheck, StoreFailure } from '../telemetry-store.ts';
import { BucketApi, jsonField } from './bucket-api.ts';
import { type BucketPlan, bucketPlans } from './bucket-names.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { Answer, InfluxdbTransport } from './influxdb-transport.ts';
import { createDatabaseQuery, DATABASES_QUERY, READABLE_QUERY } from './influxql.ts';
import { InfluxqlClient } from './influxql-client.ts';
import { failureOf, listed, MissingBucket } from './server-answer.ts';
import type { ServerVersion } from './write-channel.ts';

const UNKNOWN = 'unknown';

export class ServerCare {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;
  readonly #buckets: readonly BucketPlan[];
  #detected: ServerVersion | undefined;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#transport = transport;
    this.#buckets = bucketPlans(target.bucket);
  }

  /** How to write: as configured, else asked once. Throws StoreFailure when the server must be asked and cannot. */
  async version(): Promise<ServerVersion> {
    const known = this.#target.version ?? this.#detected;
    if (known !== undefined) return known;
    const words = await this.#serverVersion();
    if (words === UNKNOWN) {
      throw new StoreFailure(
        'misconfigured',
        `The server at ${this.#target.url} does not say that it is InfluxDB: check the store's url, or configure its version (1 or 2)`,
      );
    }
    this.#detected = /^v?[01]\./.test(words) ? '1' : '2';
    return this.#detected;
  }

  async check(): Promise<StoreCheck> {
    let found = UNKNOWN;
    try {
      found = await this.#serverVersion();
      const missing: MissingBucket[] = [];
      for (const { name } of this.#buckets) {
        try {
          await this.#try({ ...this.#target, bucket: name });
        } catch (error) {
          if (!(error instanceof MissingBucket)) throw error;
          missing.push(error);
        }
      }
      const [first] = missing;
      if (first !== undefined) {
        const names = missing.map(({ bucket }) => bucket);
        throw new MissingBucket(this.#target, names, first.said);
      }
      const [raw = '', ...others] = this.#buckets.map(({ name }) => name);
      const words = `InfluxDB ${found} at ${this.#target.url} can be reached, and "${raw}" can be written and read, and so can ${listed(others)}.`;
      return { ok: true, engine: 'influxdb', version: found, words };
    } catch (error) {
      return this.#wrong(found, error);
    }
  }

  /** Creates the databases or buckets that are missing. */
  async init(): Promise<StoreCheck> {
    try {
      if ((await this.version()) === '1') await this.#createDatabases();
      else await this.#createBuckets();
    } catch (error) {
      return this.#wrong(this.#detected ?? this.#target.version ?? UNKNOWN, error);
    }
    return this.check();
  }

  #wrong(version: string, error: unknown): StoreCheck {
    return { ok: false, engine: 'influxdb', version, words: failureOf(error, this.#target).message };
  }

  async #serverVersion(): Promise<string> {
    const ping = await this.#ask('/ping');
    const header = ping.headers['x-influxdb-version'];
    if (typeof header === 'string' && header !== '') return header;
    const health = await this.#ask('/health');
    const version = jsonField(health.body, 'version');
    return typeof version === 'string' && version !== '' ? version : UNKNOWN;
  }

  async #try(target: InfluxdbTarget): Promise<void> {
    await this.#tryToWrite(target, await this.version());
    await new InfluxqlClient(target, this.#transport).ask(READABLE_QUERY);
  }

  /** Writes nothing: an empty body passes the checks of the address, the credentials and the database. */
  async #tryToWrite(target: InfluxdbTarget, version: ServerVersion): Promise<void> {
    const { org, bucket } = target;
    const path =
      version === '1'
        ? `/write?${new URLSearchParams({ db: bucket, precision: 'ms' })}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket, precision: 'ms' })}`;
    try {
      await this.#transport.ask({ method: 'POST', path, contentType: 'text/plain; charset=utf-8' });
    } catch (error) {
      // 2.x finds that there are no points in it, after everything else was right.
      if (
        error instanceof HttpError &&
        error.statusCode === 400 &&
        /no points|empty|requires points/i.test(error.message)
      )
        return;
      throw failureOf(error, target);
    }
  }

  async #createDatabases(): Promise<void> {
    const client = new InfluxqlClient(this.#target, this.#transport);
    const [databases = []] = await client.ask(DATABASES_QUERY);
    const names = databases.flatMap(({ values }) => values.map((row) => row[0]));
    for (const { name, shardDays } of this.#buckets) {
      if (!names.includes(name)) await client.ask(createDatabaseQuery(name, shardDays));
    }
  }

  async #createBuckets(): Promise<void> {
    const api = new BucketApi(this.#target, this.#transport);
    for (const { name, shardDays } of this.#buckets) {
      if ((await api.find(name)) === undefined) await api.create(name, shardDays);
    }
  }

  async #ask(path: string): Promise<Answer> {
    try {
      return await this.#transport.ask({ method: 'GET', path });
    } catch (error) {
      throw failureOf(error, this.#target);
    }
  }
}
