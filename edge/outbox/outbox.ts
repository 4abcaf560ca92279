/**
 * The outbox: readings on the gateway's disk, numbered, until ingest has said that the store holds them.
 *
 * Invariants
 * 1. A reading is counted as produced in the same transaction that makes it durable, together with its source's cursor.
 * 2. A batch gets its (epoch, seq) and its bytes once, is flushed before anybody sees it, and never changes a byte after.
 * 3. seq counts from 1 without gaps within an epoch; the epoch is random and new at every start.
 * 4. A batch leaves in exactly one way: settled by an acknowledgement, or dropped because the outbox is full;
 *    each is counted in the transaction that removes it. A dropped batch that is acknowledged after all moves to stored.
 * 5. produced = stored + rejected + dropped + buffered, at every transaction boundary.
 * 6. The bytes held never exceed the capacity; what gives way is chosen by the drop policy, never-sent batches first.
 */
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { Reading } from '../../contract/reading.ts';

/** A reading that its source did not date; it carries the monotonic instant at which it was taken. */
export interface UndatedReading {
  readonly device: string;
  readonly values: Readonly<Record<string, number>>;
  /** Clock.monotonicMs() when taken, in the boot named by `boot`. */
  readonly takenMonotonicMs: number;
  /** Identity of the machine's boot. */
  readonly boot: string;
  /** The wall clock then, epoch milliseconds, for want of better if the machine rebooted since. */
  readonly takenWallMs: number;
}

/** Where a source that can resume stands; written in the transaction of its readings. */
export interface Cursor {
  readonly source: string;
  readonly value: string;
}

export interface StoredBatch {
  /** Rising in order of creation over all epochs; local to this outbox. */
  readonly id: number;
  readonly epoch: string;
  readonly seq: number;
  /** Readings in it. */
  readonly count: number;
  /** The JSON as it goes on the wire. */
  readonly payload: Uint8Array;
  /** Epoch milliseconds when it was made. */
  readonly createdAt: number;
}

export interface OutboxCounters {
  readonly produced: number;
  readonly stored: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly dropped: number;
  /** Readings still here: in batches, set aside, or undated. */
  readonly buffered: number;
  readonly setAside: number;
  readonly undated: number;
  readonly batches: number;
  readonly bytes: number;
  readonly capacityBytes: number;
}

/** Which batches give way when the outbox is full. */
export type DropPolicy = 'oldest' | 'newest';

export type Dating = (reading: UndatedReading) => number | undefined;

export interface Outbox {
  /** Opens the file and begins a new epoch. */
  start(): Promise<void>;
  /** Flushes and closes. */
  stop(): Promise<void>;

  readonly epoch: string;

  /** Makes readings durable as one or more batches; resolves after the flush. Throws when the disk refuses. */
  append(readings: readonly Reading[], cursor?: Cursor): Promise<void>;
  /** Keeps readings that cannot be dated yet; resolves after the flush. */
  hold(readings: readonly UndatedReading[], cursor?: Cursor): Promise<void>;
  /** Dates and numbers what was held. A reading for which `dating` returns undefined is counted rejected `undated`. */
  dateHeld(dating: Dating): Promise<void>;
  cursor(source: string): string | undefined;

  /** Called with each new batch after it is durable. */
  onBatch(listener: (batch: StoredBatch) => void): void;
  /** Batches with `after < id <= upTo`, in rising id, that are not set aside; at most `limit`. */
  batches(range: { after: number; upTo: number; limit: number }): StoredBatch[];
  /** Id of the newest batch, 0 when there never was one. */
  readonly lastId: number;

  /** Remembers that a batch was given to the network, for the drop policy. */
  markSent(id: number): void;
  /**
   * Removes what an acknowledgement settles and counts it, durably. Returns the ids it removed.
   * Unknown epochs and seqs are ignored: an acknowledgement may come twice.
   */
  settle(acknowledgement: Acknowledgement): Promise<readonly number[]>;
  /** Takes a batch out of `batches()` and keeps it. */
  setAside(id: number): Promise<void>;
  /** Puts everything that was set aside back in line. Returns how many batches. */
  retrySetAside(): Promise<number>;

  counters(): OutboxCounters;
  /** Epochs of which a batch is held, the current one included. */
  epochs(): readonly string[];
  /** Creation time of the oldest batch held, epoch milliseconds; undefined when empty. */
  oldestAt(): number | undefined;
}
