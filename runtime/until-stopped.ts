/** Does something again and again until it is stopped, with back-off after failures. */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { type BackOff, fullJitterMs } from './retry.ts';

const BACK_OFF: BackOff = { firstMs: 200, mostMs: 3_000 };

/** Resolves when stopped; a failure after `succeeded` was called counts as the first. */
export async function untilStopped(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly stopped: AbortSignal;
  readonly attempt: (succeeded: () => void) => Promise<void>;
  readonly onFailure: (words: string) => void;
}): Promise<void> {
  const { clock, random, stopped, attempt, onFailure } = deps;
  let failures = 0;
  while (!stopped.aborted) {
    try {
      await attempt(() => {
        failures = 0;
      });
      failures = 0;
    } catch (error) {
      if (stopped.aborted) return;
      onFailure(error instanceof Error ? error.message : String(error));
      await pause(clock, fullJitterMs(BACK_OFF, failures++, random), stopped);
    }
  }
}

/** Waits so long, or until stopped. */
export function pause(clock: Clock, ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve();
    const end = (): void => {
      stopped.removeEventListener('abort', end);
      timer.cancel();
      resolve();
    };
    const timer = clock.after(ms, end);
    stopped.addEventListener('abort', end);
    return undefined;
  });
}

/** The answer; or, once stopped, the reason of that: then nobody waits for the answer any more, nor for its failure. */
export function unlessStopped<T>(asked: Promise<T>, stopped: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(stopped.reason);
    if (stopped.aborted) end();
    stopped.addEventListener('abort', end, { once: true });
    asked.then(resolve, reject).finally(() => stopped.removeEventListener('abort', end));
  });
}
