/**
 * Which batch goes next: three lanes over the outbox, each no more than a cursor, so that a backlog of any size costs
 * no memory.
 *
 * - live: made since the connection stands; goes first.
 * - backlog: held when the connection came up, oldest first.
 * - again: those that ingest asked to send later. They lie behind the other two cursors and are not in flight, which
 *   is all that needs to be known of them: a sweep passes over what is still held there.
 */
import type { Outbox, StoredBatch } from './outbox/outbox.ts';

export type Lane = 'live' | 'backlog' | 'again';

interface Stretch {
  after: number;
  readonly upTo: number;
}

export class Lanes {
  readonly #outbox: Pick<Outbox, 'batches' | 'lastId'>;
  #live: Stretch = { after: 0, upTo: Number.MAX_SAFE_INTEGER };
  #backlog: Stretch = { after: 0, upTo: 0 };
  #sweep: Stretch[] = [];

  constructor(outbox: Pick<Outbox, 'batches' | 'lastId'>) {
    this.#outbox = outbox;
  }

  /** A new connection: everything held now is backlog, from its oldest on. */
  restart(): void {
    const newest = this.#outbox.lastId;
    this.#live = { after: newest, upTo: Number.MAX_SAFE_INTEGER };
    this.#backlog = { after: 0, upTo: newest };
    this.#sweep = [];
  }

  /** Begins to pass over what was sent on this connection and is still held. */
  beginSweep(): void {
    const boundary = this.#backlog.upTo;
    this.#sweep = [
      { after: 0, upTo: this.#backlog.after },
      { after: boundary, upTo: this.#live.after },
    ];
  }

  get isSweeping(): boolean {
    return this.#sweep.length > 0;
  }

  /** The next batch of a lane, which is then behind its cursor; undefined when the lane is empty for now. */
  next(lane: Lane, isInFlight: (id: number) => boolean): StoredBatch | undefined {
    if (lane === 'live') return this.#advance(this.#live, isInFlight);
    if (lane === 'backlog') return this.#advance(this.#backlog, isInFlight);
    for (let stretch = this.#sweep[0]; stretch !== undefined; stretch = this.#sweep[0]) {
      const batch = this.#advance(stretch, isInFlight);
      if (batch !== undefined) return batch;
      this.#sweep.shift();
    }
    return undefined;
  }

  /** The batch as it is held now; undefined when it was dropped or set aside meanwhile. */
  again(id: number): StoredBatch | undefined {
    return this.#outbox.batches({ after: id - 1, upTo: id, limit: 1 })[0];
  }

  #advance(stretch: Stretch, isInFlight: (id: number) => boolean): StoredBatch | undefined {
    const upTo = Math.min(stretch.upTo, this.#outbox.lastId);
    while (stretch.after < upTo) {
      const batch = this.#outbox.batches({ after: stretch.after, upTo, limit: 1 })[0];
      stretch.after = batch?.id ?? upTo;
      if (batch !== undefined && !isInFlight(batch.id)) return batch;
    }
    return undefined;
  }
}
