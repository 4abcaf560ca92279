/**
 * A number per committed reading that only rises, so that the last commit wins: the count of openings of the file in
 * the upper 32 bits, readings since then in the lower. Going on after a restart thus needs no look at the rows.
 */

const MOST = 2 ** 32;

export class CommitOrder {
  readonly opening: number;
  #next: number;

  constructor(opening: number, next = 0) {
    this.opening = opening;
    this.#next = next;
  }

  /** Whether so many readings can still be numbered; after that the file must be counted as opened once more. */
  hasRoomFor(readings: number): boolean {
    return this.#next + readings < MOST;
  }

  /** Lower half of the next reading's number. */
  next(): number {
    return this.#next++;
  }

  /** The highest number given so far, or the one before the first. */
  get last(): bigint {
    return (BigInt(this.opening) << 32n) + BigInt(this.#next) - 1n;
  }
}
