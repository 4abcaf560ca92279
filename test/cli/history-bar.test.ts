import { expect, it } from 'vitest';
import { showHistory } from '../../cli/history-bar.ts';
import type { HistoryProgress } from '../../simulators/history-turns.ts';
import { ManualClock } from '../manual-clock.ts';

function aHistory(isTTY: boolean) {
  const clock = new ManualClock();
  const written: string[] = [];
  const at = { state: 'loading', doneReadings: 0, totalReadings: 100_000, oldestDay: undefined } as {
    -readonly [Key in keyof HistoryProgress]: HistoryProgress[Key];
  };
  const timer = showHistory(() => at, clock, { isTTY, write: (text) => written.push(text) });
  return { clock, written, at, timer };
}

it('rewrites one line on a terminal, with the rate and the time that is left', async () => {
  const { clock, written, at } = aHistory(true);
  for (let half = 1; half <= 8; half++) {
    at.doneReadings = half * 10_000;
    await clock.advance(500);
  }
  expect(written.at(-1)).toBe(
    '\r\u001b[KHistory [███████████████████·····] 80,000 of 100,000 readings, 20,000/s, 1 s left',
  );
  Object.assign(at, { state: 'done', doneReadings: 100_000 });
  await clock.advance(500);
  expect(written.at(-1)).toBe('\r\u001b[KHistory complete: 100,000 readings in 5 s.\n');
  await clock.advance(5_000);
  expect(written).toHaveLength(9);
});

it('says a line each tenth where there is no terminal', async () => {
  const { clock, written, at } = aHistory(false);
  for (const share of [0.01, 0.02, 0.15, 0.18, 0.55]) {
    at.doneReadings = share * 100_000;
    await clock.advance(500);
  }
  expect(written.map((line) => line.split(':')[0])).toEqual(['History 0 %', 'History 10 %', 'History 50 %']);
});

it('says nothing of a hole that a restart leaves, and ends its line when it is cancelled', async () => {
  const quiet = aHistory(true);
  Object.assign(quiet.at, { totalReadings: 300 });
  await quiet.clock.advance(1_000);
  Object.assign(quiet.at, { state: 'done', doneReadings: 300 });
  await quiet.clock.advance(1_000);
  expect(quiet.written).toEqual([]);
  const cancelled = aHistory(true);
  await cancelled.clock.advance(600);
  cancelled.timer.cancel();
  expect(cancelled.written.at(-1)).toBe('\n');
});
