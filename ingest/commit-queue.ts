/** The bounded queue between intake and commit. Full means: shed, and tell the gateways to hold. */
import type { AdmittedBatch } from '../store/telemetry-store.ts';

export interface QueuedBatch extends AdmittedBatch {
  /** Bytes of the message it came in: what the queue is bounded by. */
  readonly bytes: number;
  /** Clock.monotonicMs() at arrival. */
  readonly arrivedMs: number;
  /** Told, once it is durable, which of its readings are not stored and why. */
  readonly onSettled: (rejected: AdmittedBatch['rejected']) => void;
}

export class CommitQueue {
  readonly capacityBytes: number;
  #batches: QueuedBatch[] = [];
  #head = 0;
  #readings = 0;
  /** Of everything not yet settled, the group being committed included. */
  #bytes = 0;
  #accepting = true;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  get batches(): number {
    return this.#batches.length - this.#head;
  }

  get readings(): number {
    return this.#readings;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False from the moment it is full until half of it is free again. */
  get accepting(): boolean {
    if (!this.#accepting && this.#bytes <= this.capacityBytes / 2) this.#accepting = true;
    return this.#accepting;
  }

  /** Clock.monotonicMs() at which the oldest waiting batch came. */
  get oldestMs(): number | undefined {
    return this.#batches[this.#head]?.arrivedMs;
  }

  /** False when it is full: the batch was not taken. */
  offer(batch: QueuedBatch): boolean {
    if (this.#bytes + batch.bytes > this.capacityBytes) {
      this.#accepting = false;
      return false;
    }
    this.#batches.push(batch);
    this.#readings += batch.readings.length;
    this.#bytes += batch.bytes;
    return true;
  }

  /** Takes the oldest batches up to a number of readings, at least one. */
  take(mostReadings: number): QueuedBatch[] {
    const group: QueuedBatch[] = [];
    let readings = 0;
    while (this.#head < this.#batches.length) {
      const batch = this.#batches[this.#head] as QueuedBatch;
      if (group.length > 0 && readings + batch.readings.length > mostReadings) break;
      group.push(batch);
      readings += batch.readings.length;
      this.#head++;
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#head);
      this.#head = 0;
    }
    this.#readings -= readings;
    return group;
  }

  /** The group is settled: its room is free. */
  settled(group: readonly QueuedBatch[]): void {
    for (const batch of group) this.#bytes -= batch.bytes;
  }
}
