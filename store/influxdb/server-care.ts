/** Looks after the server: which version it is, whether all is well, and creating the database or bucket. */
import { HttpError } from '@influxdata/influxdb-client';
import { type StoreCheck, StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { Answer, InfluxdbTransport } from './influxdb-transport.ts';
import { createDatabaseQuery, DATABASES_QUERY, READABLE_QUERY } from './influxql.ts';
import type { InfluxqlClient } from './influxql-client.ts';
import { failureOf } from './server-answer.ts';
import type { ServerVersion } from './write-channel.ts';

const UNKNOWN = 'unknown';

export class ServerCare {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;
  readonly #client: InfluxqlClient;
  #detected: ServerVersion | undefined;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport, client: InfluxqlClient) {
    this.#target = target;
    this.#transport = transport;
    this.#client = client;
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
      await this.#tryToWrite(await this.version());
      await this.#client.ask(READABLE_QUERY);
      const words = `InfluxDB ${found} at ${this.#target.url} can be reached, and "${this.#target.bucket}" can be written and read.`;
      return { ok: true, engine: 'influxdb', version: found, words };
    } catch (error) {
      return this.#wrong(found, error);
    }
  }

  /** Creates the database or bucket when it is missing, with the server's own defaults. */
  async init(): Promise<StoreCheck> {
    try {
      if ((await this.version()) === '1') await this.#createDatabase();
      else await this.#createBucket();
    } catch (error) {
      return this.#wrong(this.#detected ?? this.#target.version ?? UNKNOWN, error);
    }
    return this.check();
  }

  #wrong(version: string, error: unknown): StoreCheck {
    return { ok: false, engine: 'influxdb', version, words: failureOf(error, this.#target).message };
  }

  async #serverVersion(): Promise<string> {
    const ping = await this.#ask('GET', '/ping');
    const header = ping.headers['x-influxdb-version'];
    if (typeof header === 'string' && header !== '') return header;
    const health = await this.#ask('GET', '/health');
    const version = field(health.body, 'version');
    return typeof version === 'string' && version !== '' ? version : UNKNOWN;
  }

  /** Writes nothing: an empty body passes the checks of the address, the credentials and the database. */
  async #tryToWrite(version: ServerVersion): Promise<void> {
    const { org, bucket } = this.#target;
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
      throw failureOf(error, this.#target);
    }
  }

  async #createDatabase(): Promise<void> {
    const [databases = []] = await this.#client.ask(DATABASES_QUERY);
    const names = databases.flatMap(({ values }) => values.map((row) => row[0]));
    if (!names.includes(this.#target.bucket)) await this.#client.ask(createDatabaseQuery(this.#target.bucket));
  }

  async #createBucket(): Promise<void> {
    const { org, bucket } = this.#target;
    const found = await this.#list('buckets', { org, name: bucket });
    if (found.length > 0) return;
    const [owner] = await this.#list('orgs', { org });
    const orgID = owner?.id;
    if (typeof orgID !== 'string') {
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB at ${this.#target.url} has no organisation "${org}" that this token may see: check the store's org and token`,
      );
    }
    const body = JSON.stringify({ orgID, name: bucket, retentionRules: [] });
    await this.#ask('POST', '/api/v2/buckets', body);
  }

  /** Objects of a 2.x list; none when the server says that there is no such thing. */
  async #list(what: 'buckets' | 'orgs', filter: Record<string, string>): Promise<readonly { id?: unknown }[]> {
    try {
      const { body } = await this.#transport.ask({
        method: 'GET',
        path: `/api/v2/${what}?${new URLSearchParams(filter)}`,
      });
      const list = field(body, what);
      return Array.isArray(list) ? list : [];
    } catch (error) {
      if (error instanceof HttpError && error.statusCode === 404 && error.code === 'not found') return [];
      throw failureOf(error, this.#target);
    }
  }

  async #ask(method: 'GET' | 'POST', path: string, body = ''): Promise<Answer> {
    try {
      return await this.#transport.ask({ method, path, body });
    } catch (error) {
      throw failureOf(error, this.#target);
    }
  }
}

function field(body: string, name: string): unknown {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
