/** A clock that a test turns by hand. Timers run in order of their time while `advance` passes them. */
import type { Clock, Timer } from '../runtime/clock.ts';

interface Entry {
  at: number;
  run: () => void;
  everyMs?: number;
}

export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  readonly #entries = new Set<Entry>();

  constructor(now = Date.parse('2026-11-01T12:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Entry = { at: this.#monotonic + Math.max(0, delayMs), run };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  every(periodMs: number, run: () => void): Timer {
    const entry: Entry = { at: this.#monotonic + periodMs, run, everyMs: periodMs };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** Sets the wall clock without letting time pass, as a clock correction does. */
  setWall(now: number): void {
    this.#now = now;
  }

  /** Lets time pass; promises settle between timers. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (;;) {
      await settle();
      let next: Entry | undefined;
      for (const entry of this.#entries)
        if (entry.at <= end && (next === undefined || entry.at < next.at)) next = entry;
      if (next === undefined) break;
      this.#pass(next.at - this.#monotonic);
      if (next.everyMs === undefined) this.#entries.delete(next);
      else next.at += next.everyMs;
      next.run();
    }
    this.#pass(end - this.#monotonic);
    await settle();
  }

  #pass(ms: number): void {
    this.#monotonic += ms;
    this.#now += ms;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
