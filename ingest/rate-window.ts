/** How many per second, over the last few whole seconds. */
export class RateWindow {
  readonly #seconds: Float64Array;
  #newest = 0;

  constructor(windowS: number) {
    this.#seconds = new Float64Array(windowS + 1);
  }

  add(amount: number, nowMs: number): void {
    this.#turn(nowMs);
    const slot = this.#newest % this.#seconds.length;
    this.#seconds[slot] = (this.#seconds[slot] ?? 0) + amount;
  }

  /** Mean of the whole seconds in the window; the running one does not count. */
  perSecond(nowMs: number): number {
    this.#turn(nowMs);
    const running = this.#newest % this.#seconds.length;
    let sum = 0;
    for (let i = 0; i < this.#seconds.length; i++) if (i !== running) sum += this.#seconds[i] ?? 0;
    return sum / (this.#seconds.length - 1);
  }

  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const passed = second - this.#newest;
    for (let i = 1; i <= Math.min(passed, this.#seconds.length); i++) {
      this.#seconds[(this.#newest + i) % this.#seconds.length] = 0;
    }
    if (passed > this.#seconds.length) this.#seconds.fill(0);
    if (passed > 0) this.#newest = second;
  }
}
