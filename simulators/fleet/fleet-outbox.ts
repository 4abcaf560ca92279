/** What a light gateway holds until it is acknowledged: numbered batches, in memory, in rising order of seq. */
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { BATCH_VERSION } from '../../contract/batch.ts';
import type { Reading } from '../../contract/reading.ts';
import { WHOLE_BATCH } from '../../contract/verdicts.ts';

export interface HeldBatch {
  readonly seq: number;
  readonly readings: number;
  /** Never changes a byte: it goes again as it went first. */
  readonly payload: string;
  /** Monotonic milliseconds. */
  readonly numberedAt: number;
  /** On the wire of this connection and not answered. */
  inFlight: boolean;
  sends: number;
  /** When to send it again, or, if ingest wants it later, for the next time. Monotonic milliseconds. */
  dueAt: number;
}

export interface Settlement {
  readonly batch: HeldBatch;
  readonly stored: number;
  readonly rejected: readonly (readonly [reason: string, readings: number])[];
}

export class FleetOutbox {
  readonly epoch: string;
  #batches: HeldBatch[] = [];
  #lastSeq = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Of the oldest batch held; undefined when there is none. */
  get oldest(): HeldBatch | undefined {
    return this.#batches[0];
  }

  get batches(): readonly HeldBatch[] {
    return this.#batches;
  }

  add(readings: readonly Reading[], now: number): HeldBatch {
    const seq = ++this.#lastSeq;
    const payload = JSON.stringify({ v: BATCH_VERSION, epoch: this.epoch, seq, readings });
    const batch = { seq, readings: readings.length, payload, numberedAt: now, inFlight: false, sends: 0, dueAt: 0 };
    this.#batches.push(batch);
    return batch;
  }

  find(seq: number): HeldBatch | undefined {
    return this.#batches.find((batch) => batch.seq === seq);
  }

  /** Takes out what the acknowledgement settles. Answers to what is no longer held, or another epoch's, do nothing. */
  settle(ack: Acknowledgement): Settlement[] {
    if (ack.epoch !== this.epoch) return [];
    const settlements: Settlement[] = [];
    this.#batches = this.#batches.filter((batch) => {
      const rejections = ack.rejected.filter(([seq]) => seq === batch.seq);
      const whole = rejections.find(([, index]) => index === WHOLE_BATCH);
      if (whole !== undefined) {
        settlements.push({ batch, stored: 0, rejected: [[whole[2], batch.readings]] });
        return false;
      }
      if (!ack.stored.some(([first, last]) => first <= batch.seq && batch.seq <= last)) return true;
      const rejected = rejections.map(([, , reason]) => [reason, 1] as const);
      settlements.push({ batch, stored: batch.readings - rejected.length, rejected });
      return false;
    });
    return settlements;
  }

  /** Counted anew each time, so that it proves the books. */
  bufferedReadings(): number {
    let readings = 0;
    for (const batch of this.#batches) readings += batch.readings;
    return readings;
  }

  bufferedCharacters(): number {
    let characters = 0;
    for (const batch of this.#batches) characters += batch.payload.length;
    return characters;
  }
}
