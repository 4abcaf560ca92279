/**
 * How long the server keeps each database or bucket. It deletes by itself, whole shards whose last instant is older,
 * so that data stay up to a shard (bucket-names.ts) longer than they must. From then on its own clock decides.
 *
 * Of 1.x the default retention policy is altered, which needs an administrator; of 2.x the bucket's rule, which needs
 * a token that may write the bucket itself. Only what differs is changed.
 */
import { HttpError } from '@influxdata/influxdb-client';
import type { Kept } from '../roll-up-store.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { BucketApi } from './bucket-api.ts';
import { longBucket, quartersBucket } from './bucket-names.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { InfluxdbTransport } from './influxdb-transport.ts';
import { type Influxql, quoted } from './influxql.ts';
import { InfluxqlClient } from './influxql-client.ts';
import { failureOf, missing, NotAllowed } from './server-answer.ts';
import type { AskVersion } from './write-lanes.ts';

const DAY_SECONDS = 86_400;

/** 1.x counts durations in nanoseconds; what is longer is for ever. */
const MOST_DAYS = 100_000;

const FOR_EVER = 0;

/** What the server would not do for us. */
interface Refused {
  /** What an administrator should run. */
  readonly statement: string;
  readonly failure: StoreFailure;
}

export class ServerRetention {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;
  readonly #version: AskVersion;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport, version: AskVersion) {
    this.#target = target;
    this.#transport = transport;
    this.#version = version;
  }

  /**
   * Throws StoreFailure; `misconfigured` with what an administrator should run when the server does not let us. All
   * databases are gone through first, so that the words name everything that is to be done.
   */
  async keep(kept: Kept, now: number): Promise<void> {
    const { bucket } = this.#target;
    const version = await this.#version();
    const refused: Refused[] = [];
    for (const [name, from] of [
      [bucket, kept.raw],
      [quartersBucket(bucket), kept.quarters],
      [longBucket(bucket), undefined],
    ] as const) {
      const target = { ...this.#target, bucket: name };
      const seconds = secondsSince(from, now);
      const refusal =
        version === '1' ? await this.#keepDatabase(target, seconds) : await this.#keepBucket(target, seconds);
      if (refusal !== undefined) refused.push(refusal);
    }
    const [first] = refused;
    if (first === undefined) return;
    const statements = refused.map(({ statement }) => statement).join('; ');
    throw new StoreFailure(
      'misconfigured',
      `InfluxDB at ${this.#target.url} does not let Lamplighter set how long data are kept; an administrator should run: ${statements} (${first.failure.message})`,
      { cause: first.failure },
    );
  }

  async #keepDatabase(target: InfluxdbTarget, seconds: number): Promise<Refused | undefined> {
    const client = new InfluxqlClient(target, this.#transport);
    const policies = await client.ask(policiesQuery(target.bucket));
    const policy = defaultPolicy(policies[0]?.[0]);
    if (policy === undefined) {
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB at ${target.url} has no default retention policy for "${target.bucket}": make one the default with: ALTER RETENTION POLICY … DEFAULT`,
      );
    }
    const wanted = allowed(seconds, policy.shardSeconds);
    if (wanted === policy.keptSeconds) return undefined;
    const statement = `ALTER RETENTION POLICY ${quoted(policy.name)} ON ${quoted(target.bucket)} DURATION ${duration(wanted)}`;
    try {
      await client.ask({ text: statement, params: {} });
      return undefined;
    } catch (error) {
      if (error instanceof NotAllowed) return { statement, failure: error };
      throw error;
    }
  }

  async #keepBucket(target: InfluxdbTarget, seconds: number): Promise<Refused | undefined> {
    const api = new BucketApi(target, this.#transport);
    const found = await api.find(target.bucket);
    if (found === undefined) throw missing(target, '(no bucket of this name that the token may see)');
    const wanted = allowed(seconds, found.shardSeconds);
    if (wanted === found.keptSeconds) return undefined;
    try {
      await api.keepFor(found, wanted);
      return undefined;
    } catch (error) {
      const failure = failureOf(error, target);
      // 2.x says 401 to a token that is right and may not do this.
      const isRefusal = error instanceof HttpError && [401, 403, 404, 405].includes(error.statusCode);
      if (!isRefusal) throw failure;
      const retention = wanted === FOR_EVER ? '0' : `${wanted}s`;
      return { statement: `influx bucket update --id ${found.id} --retention ${retention}`, failure };
    }
  }
}

/** Columns: name, duration, shardGroupDuration, replicaN, default. */
function policiesQuery(database: string): Influxql {
  return { text: `SHOW RETENTION POLICIES ON ${quoted(database)}`, params: {} };
}

interface Policy {
  readonly name: string;
  readonly keptSeconds: number;
  readonly shardSeconds: number;
}

function defaultPolicy(
  answer: { readonly columns: readonly string[]; readonly values: readonly (readonly unknown[])[] } | undefined,
): Policy | undefined {
  const column = (row: readonly unknown[], name: string) => row[answer?.columns.indexOf(name) ?? -1];
  const row = answer?.values.find((one) => column(one, 'default') === true);
  if (row === undefined) return undefined;
  return {
    name: String(column(row, 'name')),
    keptSeconds: secondsOf(String(column(row, 'duration'))),
    shardSeconds: secondsOf(String(column(row, 'shardGroupDuration'))),
  };
}

/** Whole days from then until now, rounded up; FOR_EVER when nothing says from when. */
function secondsSince(from: number | undefined, now: number): number {
  if (from === undefined) return FOR_EVER;
  const days = Math.max(1, Math.ceil((now - from) / (DAY_SECONDS * 1_000)));
  return days <= MOST_DAYS ? days * DAY_SECONDS : FOR_EVER;
}

/** The server keeps nothing for less than one of its shards. */
function allowed(seconds: number, shardSeconds: number): number {
  if (seconds === FOR_EVER) return FOR_EVER;
  return Math.ceil(Math.max(seconds, shardSeconds) / DAY_SECONDS) * DAY_SECONDS;
}

/** As InfluxQL writes it: whole days. */
function duration(seconds: number): string {
  return seconds === FOR_EVER ? 'INF' : `${seconds / DAY_SECONDS}d`;
}

/** As Go writes it: 9600h0m0s, 1h30m0s, 0s. */
function secondsOf(words: string): number {
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(words) ?? [];
  return Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
}
