/** How far the history of the demo city is: one line that is rewritten on a terminal, a line each tenth elsewhere. */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { HistoryProgress } from '../simulators/history-turns.ts';

const EVERY_MS = 500;
const BAR_CELLS = 24;
/** The rate is that of so many looks. */
const LOOKS = 20;
/** A short hole, such as a restart leaves, needs no words. */
const WORTH_TELLING = 2_000;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows it until it is done or cancelled. */
export function showHistory(history: () => HistoryProgress, clock: Clock, output: ProgressOutput): Timer {
  const isTerminal = output.isTTY === true;
  const startedMs = clock.monotonicMs();
  const looks: { readonly atMs: number; readonly done: number }[] = [];
  let tenthSaid = -1;
  let hasLine = false;
  const timer = clock.every(EVERY_MS, () => {
    const { state, doneReadings, totalReadings } = history();
    const atMs = clock.monotonicMs();
    looks.push({ atMs, done: doneReadings });
    if (looks.length > LOOKS) looks.shift();
    const first = looks[0] ?? { atMs, done: doneReadings };
    const perS = atMs > first.atMs ? ((doneReadings - first.done) * 1_000) / (atMs - first.atMs) : 0;
    const share = totalReadings === 0 ? 0 : doneReadings / totalReadings;
    if (state === 'done') {
      timer.cancel();
      if (totalReadings < WORTH_TELLING && !hasLine) return;
      const seconds = Math.max(1, Math.round((atMs - startedMs) / 1_000));
      const words = `History complete: ${whole(totalReadings)} readings in ${seconds} s.`;
      output.write(hasLine ? `\r\u001b[K${words}\n` : `${words}\n`);
      return;
    }
    if (totalReadings < WORTH_TELLING) return;
    const left = perS > 0 ? `, ${wordsOfSeconds((totalReadings - doneReadings) / perS)} left` : '';
    const figures = `${whole(doneReadings)} of ${whole(totalReadings)} readings, ${whole(perS)}/s${left}`;
    if (isTerminal) {
      const cells = Math.floor(share * BAR_CELLS);
      output.write(`\r\u001b[KHistory [${'█'.repeat(cells)}${'·'.repeat(BAR_CELLS - cells)}] ${figures}`);
      hasLine = true;
    } else if (Math.floor(share * 10) > tenthSaid) {
      tenthSaid = Math.floor(share * 10);
      output.write(`History ${tenthSaid * 10} %: ${figures}\n`);
    }
  });
  return {
    cancel() {
      timer.cancel();
      if (hasLine) output.write('\n');
      hasLine = false;
    },
  };
}

function whole(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}

function wordsOfSeconds(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
