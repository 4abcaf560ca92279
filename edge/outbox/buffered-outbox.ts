/**
 * The outbox over any storage. Every change is planned on a draft and written in one transaction; changes that arrive
 * while one is being flushed share the next (group commit). What callers see is always the last durable state.
 */
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { isServerEpoch } from '../../contract/ids.ts';
import type { Reading } from '../../contract/reading.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import {
  BATCH_LIMITS,
  type BatchLimits,
  checkLimits,
  type EncodedReading,
  encodeReading,
  type UnfitReading,
} from './batch-encoder.ts';
import { GroupCommit, MAX_GROUP_BYTES } from './group-commit.ts';
import { makeRoom, type RoomRules } from './making-room.ts';
import { numberReadings } from './numbering.ts';
import type { Cursor, Dating, DropPolicy, Outbox, OutboxCounters, StoredBatch, UndatedReading } from './outbox.ts';
import { OutboxDraft, ROW_OVERHEAD_BYTES } from './outbox-draft.ts';
import { countersOf, countRejected, emptyState, idsOfEpoch, numberOf, type OutboxState } from './outbox-state.ts';
import type { OutboxStorage } from './outbox-storage.ts';
import { type Settled, settle } from './settlement.ts';
import { decodeUndated, encodeUndated } from './undated-encoder.ts';

export const OUTBOX_DEFAULTS = {
  capacityBytes: 512 * 1024 * 1024,
  dropPolicy: 'oldest' as DropPolicy,
  maxBatchReadings: BATCH_LIMITS.maxReadings,
  maxBatchBytes: BATCH_LIMITS.maxBytes,
};

export interface OutboxOptions {
  /** What batches and undated readings may take, in bytes. The file may be a little larger. */
  readonly capacityBytes?: number;
  readonly dropPolicy?: DropPolicy;
  /** Readings in a batch, at most MAX_BATCH_READINGS. */
  readonly maxBatchReadings?: number;
  /** Bytes of a batch, at most MAX_BATCH_BYTES. */
  readonly maxBatchBytes?: number;
  readonly clock: Clock;
  /** A random word of that many characters of a–z and 0–9: names the epoch. */
  readonly randomWord: (length: number) => string;
  readonly log: Log;
}

const EPOCH_LENGTH = 13;
/** Undated readings dated in one transaction. */
const MAX_DATED_AT_ONCE = 5_000;
/** Batches settled in one transaction: what it has to copy must fit into the disk reserve, two pages a batch and some. */
const MAX_SETTLED_AT_ONCE = 200;
/** While readings are dropped or refused without end, one line of log in this time tells it. */
const LOG_EVERY_MS = 60_000;

export class BufferedOutbox implements Outbox {
  readonly #storage: OutboxStorage;
  readonly #capacityBytes: number;
  readonly #limits: BatchLimits;
  readonly #clock: Clock;
  readonly #randomWord: (length: number) => string;
  readonly #log: Log;
  readonly #room: RoomRules;
  readonly #listeners: ((batch: StoredBatch) => void)[] = [];
  /** Sent since the last transaction, which writes the marks along with whatever else it does. */
  readonly #markedSent = new Set<number>();
  readonly #toldAt = new Map<string, number>();
  readonly #changes = new GroupCommit<OutboxDraft>((plan) => this.#transact(plan));
  #state: OutboxState = emptyState();
  #unsentFrom = 0;
  #epoch = '';
  #isRunning = false;

  constructor(storage: OutboxStorage, options: OutboxOptions) {
    const { capacityBytes, dropPolicy, maxBatchReadings, maxBatchBytes } = { ...OUTBOX_DEFAULTS, ...options };
    if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 1)
      throw new RangeError(`capacityBytes must be a whole number of bytes above 0, got ${capacityBytes}`);
    this.#limits = { maxReadings: maxBatchReadings, maxBytes: maxBatchBytes };
    checkLimits(this.#limits);
    this.#storage = storage;
    this.#capacityBytes = capacityBytes;
    this.#clock = options.clock;
    this.#randomWord = options.randomWord;
    this.#log = options.log;
    this.#room = { capacityBytes, dropPolicy, isMarkedSent: (id) => this.#markedSent.has(id) };
  }

  async start(): Promise<void> {
    if (this.#isRunning) throw new Error('the outbox is already started');
    const state = await this.#storage.open();
    try {
      this.#state = { ...state, epochs: state.epochs.filter(({ epoch }) => this.#isKnown(state, epoch)) };
      this.#unsentFrom = 0;
      this.#markedSent.clear();
      this.#epoch = this.#freshEpoch();
      this.#isRunning = true;
    } catch (error) {
      await this.#storage.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#changes.idle();
    await this.#storage.close();
  }

  get epoch(): string {
    return this.#epoch;
  }

  get lastId(): number {
    return this.#state.totals.lastId;
  }

  async append(readings: readonly Reading[], cursor?: Cursor): Promise<void> {
    const encoded = readings.map((reading) => encodeReading(reading, this.#limits));
    return this.#take(encoded, cursor, (draft, fit) => {
      draft.totals.produced += fit.length;
      for (const reading of fit) draft.fresh.push(reading);
    });
  }

  async hold(readings: readonly UndatedReading[], cursor?: Cursor): Promise<void> {
    const encoded = readings.map((reading) => encodeUndated(reading, this.#limits));
    return this.#take(encoded, cursor, (draft, fit) => {
      for (const { json } of fit) {
        const bytes = Buffer.from(json);
        draft.totals.produced += 1;
        if (makeRoom(draft, bytes.length + ROW_OVERHEAD_BYTES, this.#room)) draft.addUndated(bytes);
        else draft.totals.dropped += 1;
      }
    });
  }

  async dateHeld(dating: Dating): Promise<void> {
    for (;;) {
      let taken = 0;
      await this.#submit(true, MAX_GROUP_BYTES, (draft) => {
        const dated: [id: number, json: Uint8Array, outcome: EncodedReading | UnfitReading | undefined][] = [];
        for (const [id, json] of draft.undated.rows({})) {
          if (dated.length === MAX_DATED_AT_ONCE) break;
          const reading = decodeUndated(json);
          const time = dating(reading);
          const { device, values } = reading;
          dated.push([
            id,
            json,
            time === undefined ? undefined : encodeReading({ device, time, values }, this.#limits),
          ]);
        }
        for (const [id, json, outcome] of dated) {
          draft.removeUndated(id, json);
          if (outcome === undefined) countRejected(draft.totals, 'undated', 1);
          else if ('json' in outcome) draft.fresh.push(outcome);
          else countRejected(draft.totals, outcome.reason, 1);
        }
        taken = dated.length;
      });
      if (taken < MAX_DATED_AT_ONCE) return;
    }
  }

  cursor(source: string): string | undefined {
    return this.#state.cursors.get(source);
  }

  onBatch(listener: (batch: StoredBatch) => void): void {
    this.#listeners.push(listener);
  }

  batches({ after, upTo, limit }: { after: number; upTo: number; limit: number }): StoredBatch[] {
    const found: StoredBatch[] = [];
    if (!this.#storage.isOpen || limit < 1) return found;
    const { batches, payloads } = this.#storage.tables;
    for (const [id, row] of batches.rows({ from: after + 1, to: Math.min(upTo, this.lastId) })) {
      if (row.isAside) continue;
      const payload = payloads.get(id);
      if (payload === undefined)
        throw new LamplighterError('internal', `The outbox has lost the bytes of batch ${id}.`);
      found.push({ id, ...numberOf(this.#state, id), count: row.count, payload, createdAt: row.createdAt });
      if (found.length >= limit) break;
    }
    return found;
  }

  markSent(id: number): void {
    if (id <= this.lastId) this.#markedSent.add(id);
  }

  async settle(acknowledgement: Acknowledgement): Promise<readonly number[]> {
    const { epoch, stored, rejected } = acknowledgement;
    if (epoch === undefined || (stored.length === 0 && rejected.length === 0)) return [];
    if (idsOfEpoch(this.#state, epoch) === undefined) return [];
    const removed: number[] = [];
    for (let most = MAX_SETTLED_AT_ONCE; ; ) {
      let settled: Settled = { removed: [], isAll: true };
      try {
        await this.#submit(false, 0, (draft) => {
          settled = settle(draft, acknowledgement, most);
        });
      } catch (error) {
        // Removing a few rows takes fewer free pages than removing many: on a full disk, small steps get through.
        if (most === 1 || !isWorthRetrying(error)) throw error;
        most = Math.ceil(most / 8);
        continue;
      }
      removed.push(...settled.removed);
      if (settled.isAll) return removed;
    }
  }

  async setAside(id: number): Promise<void> {
    await this.#submit(false, 0, (draft) => {
      const row = draft.batches.get(id);
      if (row === undefined || row.isAside) return;
      draft.batches.put(id, { ...row, isAside: true, isSent: true });
      draft.totals.setAside += row.count;
    });
  }

  async retrySetAside(): Promise<number> {
    let batches = 0;
    await this.#submit(false, 0, (draft) => {
      batches = 0;
      if (draft.totals.setAside === 0) return;
      for (const [id, row] of draft.batches.rows({})) {
        if (!row.isAside) continue;
        draft.batches.put(id, { ...row, isAside: false });
        batches++;
      }
      draft.totals.setAside = 0;
    });
    return batches;
  }

  counters(): OutboxCounters {
    return countersOf(this.#state.totals, this.#capacityBytes);
  }

  epochs(): readonly string[] {
    const held = this.#state.epochs.filter(({ epoch }) => epoch !== this.#epoch && this.#holds(this.#state, epoch));
    return [...held.map(({ epoch }) => epoch), this.#epoch];
  }

  oldestAt(): number | undefined {
    if (!this.#storage.isOpen) return undefined;
    for (const [, row] of this.#storage.tables.batches.rows({})) return row.createdAt;
    return undefined;
  }

  /** Counts what no batch can carry, and hands the rest to `add`, in the transaction that moves the cursor. */
  async #take(
    encoded: readonly (EncodedReading | UnfitReading)[],
    cursor: Cursor | undefined,
    add: (draft: OutboxDraft, fit: readonly EncodedReading[]) => void,
  ): Promise<void> {
    if (encoded.length === 0 && cursor === undefined) return this.#requireRunning();
    const fit = encoded.filter((reading): reading is EncodedReading => 'json' in reading);
    const unfit = encoded.filter((reading): reading is UnfitReading => !('json' in reading));
    const bytes = fit.reduce((sum, reading) => sum + reading.bytes, 0);
    await this.#submit(true, bytes, (draft) => {
      draft.totals.produced += unfit.length;
      for (const { reason } of unfit) countRejected(draft.totals, reason, 1);
      add(draft, fit);
      if (cursor !== undefined) draft.cursors.set(cursor.source, cursor.value);
    });
    const first = unfit[0];
    if (first !== undefined) this.#tell('readings that no batch can carry were rejected', { example: first.words });
  }

  async #submit(isGrowing: boolean, bytes: number, plan: (draft: OutboxDraft) => void): Promise<void> {
    this.#requireRunning();
    await this.#changes.submit({
      isGrowing,
      bytes,
      plan: (draft) => {
        plan(draft);
        draft.isGrowing ||= isGrowing;
      },
    });
  }

  /** One transaction: what was planned, the sent marks, and the readings that the plans brought, numbered. */
  async #transact(plan: (draft: OutboxDraft) => void): Promise<void> {
    await this.#storage.ready();
    const draft = new OutboxDraft(this.#storage.tables, this.#state, this.#unsentFrom);
    const marked = [...this.#markedSent];
    for (const id of marked) {
      const row = draft.batches.get(id);
      if (row !== undefined && !row.isSent) draft.batches.put(id, { ...row, isSent: true });
    }
    plan(draft);
    const made = numberReadings(draft, draft.fresh, {
      epoch: this.#epoch,
      createdAt: this.#clock.now(),
      limits: this.#limits,
      room: this.#room,
    });
    draft.forgetSurplus();
    await this.#storage.write(draft.changes());

    const dropped = draft.totals.dropped - this.#state.totals.dropped;
    this.#state = draft.state;
    this.#unsentFrom = draft.unsentFrom;
    for (const id of marked) this.#markedSent.delete(id);
    if (dropped > 0) this.#tell('the outbox is full: readings were dropped', { dropped });
    for (const batch of made) this.#announce(batch);
  }

  #announce(batch: StoredBatch): void {
    for (const listener of this.#listeners) {
      try {
        listener(batch);
      } catch (error) {
        // The batch is durable and comes again through batches(): a listener's fault costs no reading.
        this.#log.error({ error, batch: batch.id }, 'a listener for new batches failed');
      }
    }
  }

  #freshEpoch(): string {
    for (let attempt = 0; attempt < 10; attempt++) {
      const word = this.#randomWord(EPOCH_LENGTH);
      if (!isServerEpoch(word) && idsOfEpoch(this.#state, word) === undefined) return word;
    }
    throw new Error('the source of random words gives only epochs that are already in use');
  }

  #holds(state: OutboxState, epoch: string): boolean {
    const ids = idsOfEpoch(state, epoch);
    // When the file cannot be read, an epoch counts as held: ingest forgets what a gateway no longer names.
    if (ids === undefined || !this.#storage.isOpen) return ids !== undefined;
    for (const _ of this.#storage.tables.batches.rows({ from: ids.first, to: ids.last })) return true;
    return false;
  }

  #isKnown(state: OutboxState, epoch: string): boolean {
    const ids = idsOfEpoch(state, epoch);
    if (ids === undefined || this.#holds(state, epoch)) return ids !== undefined;
    for (const _ of this.#storage.tables.dropped.rows({ from: ids.first, to: ids.last })) return true;
    return false;
  }

  #requireRunning(): void {
    if (!this.#isRunning)
      throw new LamplighterError('not-ready', 'The outbox is not open: call start() first, and nothing after stop().');
  }

  #tell(what: string, facts: Record<string, unknown>): void {
    const now = this.#clock.monotonicMs();
    const toldAt = this.#toldAt.get(what);
    if (toldAt !== undefined && now - toldAt < LOG_EVERY_MS) return;
    this.#toldAt.set(what, now);
    this.#log.warn(facts, what);
  }
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof LamplighterError && error.code === 'store-unavailable';
}
