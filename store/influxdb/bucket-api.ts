/** Buckets of 2.x, which are no matter of InfluxQL. https://docs.influxdata.com/influxdb/v2/api/#tag/Buckets */
import { HttpError } from '@influxdata/influxdb-client';
import { StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { Answer, InfluxdbTransport } from './influxdb-transport.ts';
import { failureOf } from './server-answer.ts';

const DAY_SECONDS = 86_400;

export interface Bucket {
  readonly id: string;
  /** 0: for ever. */
  readonly keptSeconds: number;
  /** Data are deleted by shards of this length; nothing can be kept for less. 0 when the server does not say. */
  readonly shardSeconds: number;
}

export class BucketApi {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#transport = transport;
  }

  /** Undefined when there is none, or none that this token may see. Throws StoreFailure. */
  async find(name: string): Promise<Bucket | undefined> {
    const [found] = await this.#list('buckets', { org: this.#target.org, name });
    if (found === undefined) return undefined;
    const { id, retentionRules } = found;
    const [rule] = (Array.isArray(retentionRules) ? retentionRules : []) as Record<string, unknown>[];
    return {
      id: String(id),
      keptSeconds: Number(rule?.everySeconds ?? 0),
      shardSeconds: Number(rule?.shardGroupDurationSeconds ?? 0),
    };
  }

  /** Kept for ever; `shardDays` absent: the server's default. Throws StoreFailure. */
  async create(name: string, shardDays: number | undefined): Promise<void> {
    const { org, url } = this.#target;
    const [owner] = await this.#list('orgs', { org });
    const orgID = owner?.id;
    if (typeof orgID !== 'string') {
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB at ${url} has no organisation "${org}" that this token may see: check the store's org and token`,
      );
    }
    const retentionRules =
      shardDays === undefined
        ? []
        : [{ type: 'expire', everySeconds: 0, shardGroupDurationSeconds: shardDays * DAY_SECONDS }];
    try {
      await this.#ask('POST', '/api/v2/buckets', JSON.stringify({ orgID, name, retentionRules }));
    } catch (error) {
      throw failureOf(error, this.#target);
    }
  }

  /** Rejects as the transport does. 0 seconds are for ever. */
  async keepFor(bucket: Bucket, seconds: number): Promise<void> {
    const body = JSON.stringify({ retentionRules: [{ type: 'expire', everySeconds: seconds }] });
    await this.#ask('PATCH', `/api/v2/buckets/${encodeURIComponent(bucket.id)}`, body);
  }

  /** Objects of a list; none when the server says that there is no such thing. */
  async #list(what: 'buckets' | 'orgs', filter: Record<string, string>): Promise<readonly Record<string, unknown>[]> {
    try {
      const { body } = await this.#ask('GET', `/api/v2/${what}?${new URLSearchParams(filter)}`);
      const list = jsonField(body, what);
      return Array.isArray(list) ? list : [];
    } catch (error) {
      if (error instanceof HttpError && error.statusCode === 404 && error.code === 'not found') return [];
      throw failureOf(error, this.#target);
    }
  }

  #ask(method: 'GET' | 'PATCH' | 'POST', path: string, body = ''): Promise<Answer> {
    return this.#transport.ask({ method, path, body });
  }
}

/** A field of a JSON object; undefined when the text is none, or has none. */
export function jsonField(body: string, name: string): unknown {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
