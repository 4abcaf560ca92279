/**
 * How many batches ingest wants later, by reason, without remembering which: a sweep that asks them all again counts
 * anew, and its count takes the place of the old one when it ends.
 */

type Counts = Map<string, number>;

/** An ingest of the future may know more reasons; one that invents them must not fill the memory. */
const MOST_REASONS = 32;

export class LaterTally {
  #now: Counts = new Map();
  #next: Counts | undefined;

  get isEmpty(): boolean {
    return this.#now.size === 0;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#now);
  }

  clear(): void {
    this.#now = new Map();
    this.#next = undefined;
  }

  /** `isSweep`: the answer to a batch of the sweep, which the old count already holds. */
  add(reason: string, isSweep: boolean): void {
    if (!isSweep) increase(this.#now, reason);
    if (this.#next !== undefined) increase(this.#next, reason);
  }

  beginSweep(): void {
    this.#next = new Map();
  }

  endSweep(): void {
    if (this.#next === undefined) return;
    this.#now = this.#next;
    this.#next = undefined;
  }
}

function increase(counts: Counts, reason: string): void {
  const key = counts.has(reason) || counts.size < MOST_REASONS ? reason : 'other';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
