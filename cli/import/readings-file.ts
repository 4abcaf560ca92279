/** A CSV file of readings, gone through twice: once to see what it holds, once to send it. Memory does not grow with it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BATCH_VERSION, MAX_BATCH_BYTES, MAX_BATCH_READINGS } from '../../contract/batch.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { IMPORT_EPOCH_PREFIX } from '../../contract/ids.ts';
import type { Reading } from '../../contract/reading.ts';
import { importFault, importFaultText } from '../../register/import/import-fault.ts';
import { type CsvDelimiter, CsvFault, type CsvRow, csvRows } from '../../runtime/csv-rows.ts';
import { unreadable } from './file-content.ts';
import { ReadingRows, type RowOptions, type TimeLimits } from './reading-rows.ts';
import { ReadingsSurvey } from './readings-survey.ts';

export interface ReadingsFileOptions {
  readonly path: string;
  readonly delimiter: CsvDelimiter | undefined;
  readonly gateway: string;
  readonly rows: RowOptions;
  readonly limits: TimeLimits;
}

export interface ImportBatch {
  readonly seq: number;
  /** JSON of a batch of the contract. */
  readonly body: string;
  readonly readings: number;
  /** Line of each reading, by its position. */
  readonly lines: readonly number[];
}

export interface SurveyedFile {
  readonly survey: ReadingsSurvey;
  /** Times that the zone has twice. */
  readonly ambiguous: number;
  /** The same whenever the same file is imported in the same way: batches that are stored are known by it. */
  readonly epoch: string;
}

const READ_BYTES = 256 * 1024;

export class ReadingsFile {
  readonly #options: ReadingsFileOptions;
  #seen = '';

  constructor(options: ReadingsFileOptions) {
    this.#options = options;
  }

  /** @throws LamplighterError when it cannot be read, or has not the columns that were named. */
  async survey(): Promise<SurveyedFile> {
    this.#seen = await this.#identity();
    const content = createHash('sha256');
    const survey = new ReadingsSurvey(this.#options.rows.mappings);
    let rows: ReadingRows | undefined;
    for await (const group of this.#groups((chunk) => content.update(chunk))) {
      for (const row of group) {
        if (rows === undefined) rows = this.#reader(row);
        else survey.take(row.line, rows.read(row));
      }
    }
    return {
      survey,
      ambiguous: rows?.ambiguous ?? 0,
      epoch: this.#epochOf(content.digest('hex'), survey.refusalDigest()),
    };
  }

  /** The file's readings in batches. Which row is in which batch depends on the file alone. */
  async *batches(epoch: string): AsyncGenerator<ImportBatch, void> {
    await this.#checkUnchanged();
    const perBatch = this.#rowsPerBatch();
    let readings: Reading[] = [];
    let lines: number[] = [];
    let row = 0;
    const batch = (seq: number): ImportBatch => {
      const body = JSON.stringify({ v: BATCH_VERSION, epoch, seq, readings });
      return { seq, body, readings: readings.length, lines };
    };
    let rows: ReadingRows | undefined;
    for await (const group of this.#groups()) {
      for (const each of group) {
        if (rows === undefined) {
          rows = this.#reader(each);
          continue;
        }
        const outcome = rows.read(each);
        if (outcome !== undefined && 'device' in outcome) {
          readings.push(outcome);
          lines.push(each.line);
        }
        row++;
        if (row % perBatch !== 0) continue;
        if (readings.length > 0) yield batch(row / perBatch);
        readings = [];
        lines = [];
      }
    }
    if (readings.length > 0) yield batch(Math.floor(row / perBatch) + 1);
    await this.#checkUnchanged();
  }

  #reader(header: CsvRow): ReadingRows {
    return new ReadingRows(header, this.#options.rows, this.#options.limits);
  }

  async *#groups(onChunk: (chunk: Buffer) => void = () => {}): AsyncGenerator<CsvRow[], void> {
    const { path, delimiter } = this.#options;
    try {
      yield* csvRows(bytesOf(path, onChunk), delimiter);
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error;
      throw new LamplighterError('bad-request', importFaultText(path, importFault(error.line, '', '', error.message)));
    }
  }

  /** So many that even the longest readings make no batch that is too large. */
  #rowsPerBatch(): number {
    const values = this.#options.rows.mappings.reduce((sum, { metric }) => sum + metric.id.length + 28, 0);
    const longestReading = 120 + values;
    return Math.min(MAX_BATCH_READINGS, Math.floor((MAX_BATCH_BYTES - 200) / longestReading));
  }

  #epochOf(content: string, refusals: string): string {
    const { gateway, delimiter, rows } = this.#options;
    const { mappings, timeColumn, device, deviceColumn, stamps } = rows;
    const { formatName, zone, ambiguous } = stamps;
    const how = mappings.map(({ column, metric, unit }) => [column, metric.id, unit.name]);
    const all = [
      content,
      refusals,
      gateway,
      delimiter,
      how,
      timeColumn,
      device,
      deviceColumn,
      formatName,
      zone,
      ambiguous,
    ];
    const digest = createHash('sha256').update(JSON.stringify(all)).digest('hex');
    return `${IMPORT_EPOCH_PREFIX}${digest.slice(0, 26)}`;
  }

  async #checkUnchanged(): Promise<void> {
    if ((await this.#identity()) === this.#seen) return;
    throw new LamplighterError(
      'conflict',
      `${this.#options.path} has changed while it was imported. Import it again once it is complete.`,
    );
  }

  async #identity(): Promise<string> {
    try {
      const { ino, size, mtimeMs } = await stat(this.#options.path);
      return `${ino} ${size} ${mtimeMs}`;
    } catch (error) {
      throw unreadable(this.#options.path, error);
    }
  }
}

/** The bytes of a file, read as they are asked for. */
async function* bytesOf(path: string, onChunk: (chunk: Buffer) => void): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
      onChunk(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
