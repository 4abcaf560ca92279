/**
 * One reader of the live stream (server-sent events, HTML Standard §9.2).
 * What it has not taken yet is bounded: a slow reader misses events of values, one that takes nothing is let go.
 */
import type { Writable } from 'node:stream';

/** Bytes waiting above which a reader misses what can be missed. */
const SKIP_ABOVE_BYTES = 256 * 1_024;
/** Bytes waiting above which it is let go. It connects again by itself and starts afresh. */
const DROP_ABOVE_BYTES = 2 * 1_024 * 1_024;
/** How long it may take nothing at all. */
const STUCK_MS = 20_000;

export class LiveClient {
  readonly #stream: Writable;
  #behindSince: number | undefined;
  #missed = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Events that this reader missed because it was behind. */
  get missed(): number {
    return this.#missed;
  }

  /** `skippable` events are left out while the reader is behind. Returns false when the reader has to go. */
  send(event: string, body: string, options: { now: number; skippable: boolean }): boolean {
    const waiting = this.#stream.writableLength;
    if (waiting <= SKIP_ABOVE_BYTES) this.#behindSince = undefined;
    else this.#behindSince ??= options.now;
    if (waiting > DROP_ABOVE_BYTES) return false;
    if (this.#behindSince !== undefined) {
      if (options.now - this.#behindSince > STUCK_MS) return false;
      if (options.skippable) {
        this.#missed++;
        return true;
      }
    }
    this.#stream.write(`event: ${event}\ndata: ${body}\n\n`);
    return true;
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
