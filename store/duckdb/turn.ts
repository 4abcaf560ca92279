/** Long work in stretches: after so many rows others on this thread have their turn. */
export class Turn {
  readonly #most: number;
  #rows = 0;

  constructor(rowsAtAStretch: number) {
    this.#most = rowsAtAStretch;
  }

  async take(rows: number): Promise<void> {
    this.#rows += rows;
    if (this.#rows < this.#most) return;
    this.#rows = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
