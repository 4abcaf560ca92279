/**
 * An outbox that appends until its disk refuses, to be run under a limit on the size of files. Argument: folder.
 * Then it settles half of what it holds, appends again until it is refused again, and prints one line of JSON.
 */
import { createLmdbOutbox } from '../../../edge/outbox/lmdb-outbox.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLog } from '../../../runtime/log.ts';
import { randomWord } from '../../../runtime/random.ts';
import { aReading } from '../../builders.ts';
import { acknowledgement } from './outbox-words.ts';

const [path = ''] = process.argv.slice(2);
const outbox = createLmdbOutbox({ path, clock: systemClock, randomWord, log: silentLog });
await outbox.start();
const readings = Array.from({ length: 200 }, () => aReading());

async function fill(): Promise<{ appended: number; refusal: string }> {
  for (let appended = 0; ; appended += readings.length) {
    const value = String(outbox.counters().produced + readings.length);
    try {
      await outbox.append(readings, { source: 's', value });
    } catch (error) {
      return { appended, refusal: error instanceof Error ? error.message : '' };
    }
  }
}

const first = await fill();
const counters = outbox.counters();
const settledWhileFull = outbox.settle(
  acknowledgement({ epoch: outbox.epoch, stored: [[1, Math.floor(counters.batches / 2)]] }),
);
const refusedWhileFull = outbox.append(Array.from({ length: 160 }, () => readings).flat());
const outcomes = await Promise.allSettled([settledWhileFull, refusedWhileFull]);
const second = await fill();
const report = { first, counters, outcomes: outcomes.map(({ status }) => status), second, after: outbox.counters() };
process.stdout.write(`${JSON.stringify({ ...report, cursor: outbox.cursor('s') })}\n`);
await outbox.stop();
