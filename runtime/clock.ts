/** Time comes in through the door: everything that waits or stamps takes a Clock, so that a test owns time. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, epoch milliseconds UTC. */
  now(): number;
  /** Milliseconds that never go back; survives a process restart within one boot of the machine. */
  monotonicMs(): number;
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}

/** performance.now() counts from the start of the process, the machine's monotonic clock from its boot. */
const bootToProcessMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => bootToProcessMs + performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
};

/** Waits on the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
