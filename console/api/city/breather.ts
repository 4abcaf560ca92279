/** Gives the event loop back now and then during long arithmetic, so that acknowledgements do not wait for it. */

const SLICE_MS = 8;

export class Breather {
  #since = performance.now();

  /** Waits for the next turn of the event loop when this one has had enough. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
