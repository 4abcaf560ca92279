/** `lamplighter import readings`: looks at the whole file, says what it holds, then sends it. */
import { basename } from 'node:path';
import type { ImportedBatchReply, ImportLimitsReply } from '../../console/api/import-replies.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { importFaultText } from '../../register/import/import-fault.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { CsvDelimiter } from '../../runtime/csv-rows.ts';
import { counted, print, printError, printTable } from '../print.ts';
import { connectToServer, type ServerClient } from '../server-client.ts';
import { type RowOptions, tooOldWords } from './reading-rows.ts';
import { ReadingsFile, type SurveyedFile } from './readings-file.ts';
import { type SentTotals, sendBatches } from './readings-sender.ts';

export interface ReadingsImport {
  readonly data: string;
  readonly path: string;
  readonly gateway: string;
  readonly delimiter: CsvDelimiter | undefined;
  readonly rows: RowOptions;
  readonly dryRun: boolean;
  readonly skipRefused: boolean;
}

const BATCH_TYPE = 'application/vnd.lamplighter.batch+json';
const MOST_REJECTED_SHOWN = 1_000;
const PROGRESS_EVERY_MS = 200;

export async function importReadings(request: ReadingsImport): Promise<void> {
  const { data, path, gateway, delimiter, rows, dryRun, skipRefused } = request;
  const server = await connectToServer(data);
  const { retired, oldest_ms, newest_ms } = await server.get<ImportLimitsReply>('/api/import/limits', { gateway });
  if (retired) throw new LamplighterError('conflict', `gateway '${gateway}' is retired: nothing is stored for it.`);
  const limits = { oldestMs: oldest_ms, newestMs: newest_ms };
  const file = new ReadingsFile({ path, delimiter, gateway, rows, limits });
  const surveyed = await file.survey();
  printSurvey(basename(path), surveyed);
  const { survey, epoch } = surveyed;
  if (survey.refused > 0 && !skipRefused) {
    const what = dryRun ? 'Nothing would be imported' : 'Nothing was imported';
    printError(`${what}: mend the rows above, or leave them out with --skip-refused.`);
    process.exitCode = 1;
    return;
  }
  if (dryRun || survey.readings === 0) {
    print(dryRun ? 'Nothing was imported: this was a dry run.' : 'There is nothing to import.');
    return;
  }
  const totals = await send(server, file, epoch, gateway, {
    isInOrder: survey.isInOrder,
    oldestMs: oldest_ms,
    all: survey.readings,
  });
  print(
    `Imported ${counted(totals.stored, 'reading')}, ${totals.duplicate} were imported before, ${totals.rejected} were refused by the server.`,
  );
  if (totals.rejected > 0) process.exitCode = 1;
}

function printSurvey(name: string, { survey, ambiguous }: SurveyedFile): void {
  for (const fault of survey.faults) printError(importFaultText(name, fault));
  const faultyRows = new Set(survey.faults.map(({ line }) => line)).size;
  if (survey.refused > faultyRows) printError(`… and ${survey.refused - faultyRows} refused rows more.`);
  const { rows, readings, empty, refused, firstMs, lastMs, devices } = survey;
  print(
    `${counted(rows, 'row')}: ${counted(readings, 'reading')} of ${counted(devices, 'device')}, ${counted(empty, 'row')} without a value, ${refused} refused.`,
  );
  if (readings === 0) return;
  print(`From ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}.`);
  if (ambiguous > 0) print(`${ambiguous} times come twice in the zone, when clocks go back: see --ambiguous.`);
  if (!survey.isInOrder)
    print('Rows are not in order of time; of two of one device and instant, the later one counts.');
  printTable(
    ['column', 'metric', 'from unit', 'values', 'min', 'max', 'unit'],
    survey.metrics.map(({ mapping, count, min, max }) => {
      const { column, metric, unit } = mapping;
      const [low, high] = count === 0 ? ['', ''] : [rounded(min), rounded(max)];
      return [column, metric.id, unit.name, count, low, high, metric.symbol];
    }),
  );
  for (const { mapping, falls } of survey.suspects()) {
    printError(
      `Warning: ${mapping.metric.id} counts up, but column ${JSON.stringify(mapping.column)} falls ${falls} times. ` +
        'It looks like consumption per interval, not like the reading of a register: its sums would be wrong.',
    );
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(9));
}

async function send(
  server: ServerClient,
  file: ReadingsFile,
  epoch: string,
  gateway: string,
  { isInOrder, oldestMs, all }: { isInOrder: boolean; oldestMs: number; all: number },
): Promise<SentTotals> {
  const progress = new Progress(all);
  let rejected = 0;
  let waiting = '';
  let sent: SentTotals = { stored: 0, duplicate: 0, rejected: 0 };
  try {
    const totals = await sendBatches(file.batches(epoch), {
      clock: systemClock,
      isInOrder,
      post: (body) => server.postFile<ImportedBatchReply>('/api/import/readings', { gateway }, BATCH_TYPE, body),
      onProgress: (now) => {
        sent = now;
        progress.show(now);
      },
      onRejected: ({ line, reason, detail }) => {
        rejected++;
        const words = reason === 'too-old' ? tooOldWords(oldestMs) : `${reason}${detail === '' ? '' : `: ${detail}`}`;
        if (rejected <= MOST_REJECTED_SHOWN) progress.say(`line ${line} was refused by the server: ${words}`);
      },
      onWaiting: (words) => {
        if (words !== waiting) progress.say(words);
        waiting = words;
      },
    });
    progress.end();
    return totals;
  } catch (error) {
    progress.end();
    if (!(error instanceof LamplighterError)) throw error;
    const done = sent.stored + sent.duplicate;
    throw new LamplighterError(
      error.code,
      `${error.message}\n${done} of ${all} readings are stored. Run the same command again: it goes on where it was cut, and stores nothing twice.`,
    );
  }
}

/** One line that is written over, on a terminal only. */
class Progress {
  readonly #all: number;
  readonly #isShown = process.stderr.isTTY === true;
  #shownAt = 0;

  constructor(all: number) {
    this.#all = all;
  }

  show({ stored, duplicate, rejected }: SentTotals): void {
    const now = Date.now();
    if (!this.#isShown || now - this.#shownAt < PROGRESS_EVERY_MS) return;
    this.#shownAt = now;
    const done = stored + duplicate + rejected;
    process.stderr.write(`\r\u001b[K${done} of ${this.#all} readings, ${Math.floor((done / this.#all) * 100)} %`);
  }

  say(line: string): void {
    this.end();
    printError(line);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
  }
}
