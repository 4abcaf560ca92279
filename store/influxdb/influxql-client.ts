/** Sends InfluxQL to /query (1.x, 2.x and 3) and reads the answer, in which a 200 may carry an error. */
import { StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { Answer, InfluxdbTransport } from './influxdb-transport.ts';
import type { Influxql } from './influxql.ts';
import { failureOf, missing, notAllowed } from './server-answer.ts';

export type Cell = string | number | boolean | null;

/** One series of an answer; every row has its time first. */
export interface ResultSeries {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly Cell[])[];
}

/** Rows in one piece of a long answer: some milliseconds of parsing. */
const ROWS_A_PIECE = 5_000;

const NEWLINE = 0x0a;

export class InfluxqlClient {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;

  /** Asks the bucket or database of the target. */
  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#transport = transport;
  }

  /**
   * The series of each statement; times are epoch milliseconds. An unknown field or measurement is no series, not an
   * error. Throws StoreFailure when any statement failed or was cut short.
   */
  async ask(query: Influxql): Promise<readonly (readonly ResultSeries[])[]> {
    const { body } = await this.#send(query, {});
    return this.#results(body).map((result) => {
      if (isPartial(result)) throw this.#cutShort();
      return seriesOf(result);
    });
  }

  /**
   * The same for long answers, which are handed over in pieces as they come: a series may come in several pieces, its
   * rows in their order. So the event loop goes on, and nobody holds the whole. JSON, because CSV (twice as long)
   * leaves out the error of a statement and then looks like an empty answer [1.6.7].
   */
  async askInPieces(query: Influxql, take: (series: ResultSeries) => void): Promise<void> {
    let pending: Uint8Array[] = [];
    let pieces = 0;
    let endsPartial = false;
    const read = (): void => {
      const text = Buffer.concat(pending).toString('utf8');
      pending = [];
      if (text.trim() === '') return;
      pieces++;
      endsPartial = false;
      for (const result of this.#results(text)) {
        endsPartial ||= isPartial(result);
        for (const series of seriesOf(result)) take(series);
      }
    };
    await this.#send(query, { chunked: 'true', chunk_size: String(ROWS_A_PIECE) }, (chunk) => {
      // A line break inside a text is escaped: it only stands between the pieces.
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        pending.push(chunk.subarray(from, end));
        read();
        from = end + 1;
      }
      if (from < chunk.length) pending.push(chunk.subarray(from));
    });
    read();
    if (pieces === 0) throw this.#failed('answered with something that is not a query result');
    if (endsPartial) throw this.#cutShort();
  }

  async #send(query: Influxql, more: Record<string, string>, take?: (chunk: Uint8Array) => void): Promise<Answer> {
    const { org, bucket } = this.#target;
    const address = new URLSearchParams({ db: bucket, epoch: 'ms', ...more, ...(org === '' ? {} : { org }) });
    const form = new URLSearchParams({ q: query.text, params: JSON.stringify(query.params) });
    try {
      return await this.#transport.ask(
        {
          method: 'POST',
          path: `/query?${address}`,
          contentType: 'application/x-www-form-urlencoded',
          body: form.toString(),
        },
        take,
      );
    } catch (error) {
      throw failureOf(error, this.#target);
    }
  }

  #results(body: string): readonly RawResult[] {
    const answer = parse(body);
    if (answer === undefined) throw this.#failed('answered with something that is not a query result');
    if (typeof answer.error === 'string') throw this.#failed(answer.error);
    if (!Array.isArray(answer.results)) throw this.#failed('answered with something that is not a query result');
    const results: readonly RawResult[] = answer.results;
    for (const { error } of results) if (typeof error === 'string') throw this.#failed(error);
    return results;
  }

  #cutShort(): StoreFailure {
    return new StoreFailure(
      'misconfigured',
      `InfluxDB at ${this.#target.url} cut an answer short: set its max-row-limit to 0`,
    );
  }

  #failed(words: string): StoreFailure {
    const told = this.#target.redact(words).slice(0, 1_000);
    if (/(database|bucket).*not found|dbrp/i.test(told)) return missing(this.#target, `(${told})`);
    if (/authoriz|privilege|permission/i.test(told)) return notAllowed(this.#target, `(${told})`);
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

function isPartial({ partial, series = [] }: RawResult): boolean {
  return partial === true || series.some((one) => one.partial === true);
}

function seriesOf({ series = [] }: RawResult): ResultSeries[] {
  return series.map(({ name = '', tags = {}, columns = [], values = [] }) => ({ name, tags, columns, values }));
}

function parse(body: string): RawAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
