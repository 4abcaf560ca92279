/** The batches that were sent on this connection and are not settled. Never more than the window. */
import type { Acknowledgement } from '../contract/acknowledgement.ts';
import { WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Lane } from './lanes.ts';
import type { StoredBatch } from './outbox/outbox.ts';

const SENDS_IN_WINDOW = 2;

export interface Flight {
  readonly id: number;
  readonly epoch: string;
  readonly seq: number;
  readonly lane: Lane;
  /** Clock.monotonicMs() of the first time on this connection. */
  readonly firstSentAt: number;
  sends: number;
  /** How many batches had settled when it was last sent; infinite when that sending counts for nothing against it. */
  settledThen: number;
  /** Clock.monotonicMs() at which it goes again. */
  dueAt: number;
  /** The disk is writing what became of it: neither sent again nor forgotten. */
  isClosing: boolean;
}

export interface Answered {
  readonly settled: readonly Flight[];
  readonly later: readonly (readonly [flight: Flight, reason: string])[];
}

export class InFlight {
  readonly #byId = new Map<number, Flight>();

  get size(): number {
    return this.#byId.size;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  add(batch: StoredBatch, lane: Lane, now: number): Flight {
    const { id, epoch, seq } = batch;
    const flight = { id, epoch, seq, lane, firstSentAt: now, sends: 0, settledThen: 0, dueAt: 0, isClosing: false };
    this.#byId.set(id, flight);
    return flight;
  }

  /** It could not be closed: it goes again at `dueAt`. */
  postpone(id: number, dueAt: number): void {
    const flight = this.#byId.get(id);
    if (flight !== undefined) Object.assign(flight, { isClosing: false, dueAt });
  }

  remove(id: number): void {
    this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
  }

  /** All that may be sent again. */
  waiting(): Flight[] {
    return [...this.#byId.values()].filter((flight) => !flight.isClosing);
  }

  /**
   * How many take up room in the window. One that went unanswered twice no longer does: a batch that ingest is silent
   * about must not keep the others from showing whether ingest answers at all.
   */
  count(lane?: Lane): number {
    let count = 0;
    for (const flight of this.#byId.values()) {
      if (flight.sends <= SENDS_IN_WINDOW && (lane === undefined || flight.lane === lane)) count++;
    }
    return count;
  }

  /** Id of the one that was made first. */
  oldest(): number | undefined {
    const ids = this.waiting().map((flight) => flight.id);
    return ids.length === 0 ? undefined : Math.min(...ids);
  }

  /** What an acknowledgement says of the batches in flight. */
  answered(ack: Acknowledgement): Answered {
    const settled: Flight[] = [];
    const later: [Flight, string][] = [];
    for (const flight of this.waiting()) {
      if (flight.epoch !== ack.epoch) continue;
      if (isSettled(ack, flight.seq)) settled.push(flight);
      else {
        const reason = ack.later.find(([seq]) => seq === flight.seq)?.[1];
        if (reason !== undefined) later.push([flight, reason]);
      }
    }
    return { settled, later };
  }
}

function isSettled(ack: Acknowledgement, seq: number): boolean {
  if (ack.stored.some(([first, last]) => first <= seq && seq <= last)) return true;
  return ack.rejected.some(([which, index]) => which === seq && index === WHOLE_BATCH);
}
