/** Sends InfluxQL to /query (1.x, 2.x and 3) and reads the answer, in which a 200 may carry an error. */
import { StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { InfluxdbTransport } from './influxdb-transport.ts';
import type { Influxql } from './influxql.ts';
import { failureOf, missing } from './server-answer.ts';

export type Cell = string | number | boolean | null;

/** One series of an answer; every row has its time first. */
export interface ResultSeries {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly Cell[])[];
}

export class InfluxqlClient {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#transport = transport;
  }

  /**
   * The series of each statement; times are epoch milliseconds. An unknown field or measurement is no series, not an
   * error. Throws StoreFailure when any statement failed or was cut short.
   */
  async ask(query: Influxql): Promise<readonly (readonly ResultSeries[])[]> {
    const { org, bucket } = this.#target;
    const address = new URLSearchParams({ db: bucket, epoch: 'ms', ...(org === '' ? {} : { org }) });
    const form = new URLSearchParams({ q: query.text, params: JSON.stringify(query.params) });
    let body: string;
    try {
      const answer = await this.#transport.ask({
        method: 'POST',
        path: `/query?${address}`,
        contentType: 'application/x-www-form-urlencoded',
        body: form.toString(),
      });
      body = answer.body;
    } catch (error) {
      throw failureOf(error, this.#target);
    }
    return this.#read(body);
  }

  #read(body: string): readonly (readonly ResultSeries[])[] {
    const answer = parse(body);
    if (answer === undefined) throw this.#failed('answered with something that is not a query result');
    if (typeof answer.error === 'string') throw this.#failed(answer.error);
    if (!Array.isArray(answer.results)) throw this.#failed('answered with something that is not a query result');
    return answer.results.map((result: RawResult) => {
      if (typeof result.error === 'string') throw this.#failed(result.error);
      const series: readonly RawSeries[] = result.series ?? [];
      if (result.partial === true || series.some(({ partial }: RawSeries) => partial === true)) {
        throw new StoreFailure(
          'misconfigured',
          `InfluxDB at ${this.#target.url} cut an answer short: set its max-row-limit to 0`,
        );
      }
      return series.map(({ name = '', tags = {}, columns = [], values = [] }) => ({ name, tags, columns, values }));
    });
  }

  #failed(words: string): StoreFailure {
    const told = this.#target.redact(words).slice(0, 1_000);
    if (/(database|bucket).*not found|dbrp/i.test(told)) return missing(this.#target, `(${told})`);
    if (/authoriz|privilege|permission/i.test(told)) {
      return new StoreFailure(
        'misconfigured',
        `InfluxDB at ${this.#target.url} does not allow this: give the token or user permission to read and write "${this.#target.bucket}" (${told})`,
      );
    }
    return new StoreFailure('unavailable', `InfluxDB at ${this.#target.url} could not answer: ${told}`);
  }
}

interface RawSeries extends Partial<ResultSeries> {
  readonly partial?: boolean;
}

interface RawResult {
  readonly error?: unknown;
  readonly partial?: boolean;
  readonly series?: readonly RawSeries[];
}

interface RawAnswer {
  readonly error?: unknown;
  readonly results?: readonly RawResult[];
}

function parse(body: string): RawAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
