/**
 * A gateway reduced to its outbox, to be killed. Arguments: folder, number of sources.
 * Each source appends groups of 1 to 7 readings; its cursor is the number of readings it has appended so far.
 * Every third batch is settled. Prints `epoch <word>`, then `appended <source> <cursor>` and `settled <seq>` once durable.
 */
import { createLmdbOutbox } from '../../../edge/outbox/lmdb-outbox.ts';
import type { Outbox } from '../../../edge/outbox/outbox.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLog } from '../../../runtime/log.ts';
import { randomWord } from '../../../runtime/random.ts';
import { acknowledgement } from './outbox-words.ts';

const [path = '', sources = '1'] = process.argv.slice(2);
const outbox = createLmdbOutbox({ path, clock: systemClock, randomWord, log: silentLog });
await outbox.start();
process.stdout.write(`epoch ${outbox.epoch}\n`);

outbox.onBatch(async ({ id, epoch, seq }) => {
  outbox.markSent(id);
  if (seq % 3 !== 0) return;
  await outbox.settle(acknowledgement({ epoch, stored: [[seq, seq]] }));
  process.stdout.write(`settled ${seq}\n`);
});
await Promise.all(Array.from({ length: Number(sources) }, (_, i) => appendForEver(outbox, `source-${i}`)));

async function appendForEver(outbox: Outbox, source: string): Promise<never> {
  for (let total = Number(outbox.cursor(source) ?? 0); ; ) {
    const count = 1 + (total % 7);
    const readings = Array.from({ length: count }, (_, i) => ({
      device: source,
      time: total + i,
      values: { n: total + i },
    }));
    total += count;
    await outbox.append(readings, { source, value: String(total) });
    process.stdout.write(`appended ${source} ${total}\n`);
  }
}
