/**
 * Dead letters: what was rejected, with its reason, kept in LMDB until somebody replays or drops it.
 * Keyed (gateway, epoch, seq, index), so that a batch that comes twice leaves one. Bounded: the oldest give way, counted.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import { Counter, Gauge, type Registry } from 'prom-client';
import { WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import type { StoreRejection } from '../store/telemetry-store.ts';
import type { DeadLetter, DeadLetterFilter } from './ingest-view.ts';

const MOST_UNDECODABLE_BYTES = 64 * 1024;
const MOST_UNDECODABLE_IN_FLIGHT = 256;
/** Epoch under which messages are kept that had none. */
const UNDECODABLE_EPOCH = 'undecodable';

export interface DeadLettersOptions {
  /** Folder of the LMDB file. */
  readonly path: string;
  /** At most this many are kept … */
  readonly mostLetters: number;
  /** … with this many characters of content. */
  readonly mostCharacters: number;
}

type Stored = Omit<DeadLetter, 'id'> & { readonly order: number };

export class DeadLetters implements Service {
  readonly name = 'dead letters';
  readonly #options: DeadLettersOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<string, number>();
  #root: RootDatabase | undefined;
  #letters: Database<Stored, string> | undefined;
  /** order → id: the order in which they came. */
  #byOrder: Database<string, number> | undefined;
  #nextOrder = 1;
  #characters = 0;
  #evicted = 0;
  #notKept = 0;
  #undecodableInFlight = 0;

  constructor(deps: { options: DeadLettersOptions; clock: Clock; registry: Registry; log: Log }) {
    this.#options = deps.options;
    this.#log = deps.log;
    this.#clock = deps.clock;
    const letters = this;
    new Gauge({
      name: 'lamplighter_dead_letters',
      help: 'Dead letters kept, by reason',
      labelNames: ['reason'],
      registers: [deps.registry],
      collect() {
        this.reset();
        for (const [reason, count] of letters.#counts) this.set({ reason }, count);
      },
    });
    new Counter({
      name: 'lamplighter_dead_letters_evicted_total',
      help: 'Dead letters that gave way because the store of dead letters was full',
      registers: [deps.registry],
      collect() {
        this.reset();
        this.inc(letters.#evicted);
      },
    });
    new Counter({
      name: 'lamplighter_dead_letters_not_kept_total',
      help: 'Undecodable messages that were counted and not kept: a flood of them, or a disk that refused',
      registers: [deps.registry],
      collect() {
        this.reset();
        this.inc(letters.#notKept);
      },
    });
  }

  async start(): Promise<void> {
    this.#root = open({ path: this.#options.path, mapSize: 64 * 1024 ** 3, maxDbs: 4 });
    this.#letters = this.#root.openDB<Stored, string>({ name: 'letters', encoding: 'json' });
    this.#byOrder = this.#root.openDB<string, number>({ name: 'by-order', encoding: 'string' });
    for (const { value } of this.#letters.getRange()) this.#count(value, 1);
    for (const order of this.#byOrder.getKeys({ reverse: true, limit: 1 })) this.#nextOrder = order + 1;
  }

  async stop(): Promise<void> {
    await this.#root?.flushed;
    await this.#root?.close();
    this.#root = undefined;
  }

  /** Resolves when they are flushed to disk; throws when the disk refuses. */
  async keep(rejections: readonly StoreRejection[]): Promise<void> {
    const at = this.#clock.now();
    const letters: Stored[] = [];
    for (const { batch, rejected } of rejections) {
      const { gateway, epoch, seq, readings } = batch;
      for (const { index, reason, detail } of rejected) {
        const content = JSON.stringify(index === WHOLE_BATCH ? readings : readings[index]);
        letters.push({ gateway, epoch, seq, index, reason, detail: detail ?? '', at, content, order: 0 });
      }
    }
    await this.#put(letters);
  }

  /**
   * Keeps the beginning of a message that was no batch. Does not wait, since nobody is answered for it; under a flood
   * of garbage only some are kept, and the others counted.
   */
  keepUndecodable(gateway: string, payload: Uint8Array, reason: string, detail: string): void {
    if (this.#undecodableInFlight >= MOST_UNDECODABLE_IN_FLIGHT) {
      this.#notKept++;
      return;
    }
    this.#undecodableInFlight++;
    const content = Buffer.from(payload.subarray(0, MOST_UNDECODABLE_BYTES)).toString('utf8');
    const letter = {
      gateway,
      epoch: UNDECODABLE_EPOCH,
      seq: this.#nextOrder++,
      index: WHOLE_BATCH,
      reason,
      detail,
      content,
    };
    this.#put([{ ...letter, at: this.#clock.now(), order: 0 }])
      .catch((error: unknown) => {
        this.#notKept++;
        this.#log.error({ gateway, error }, 'cannot keep an undecodable message as a dead letter; it is counted only');
      })
      .finally(() => this.#undecodableInFlight--);
  }

  list(filter: DeadLetterFilter & { after?: string | undefined; limit: number }): DeadLetter[] {
    const before = filter.after === undefined ? undefined : this.#open().letters.get(filter.after)?.order;
    const found: DeadLetter[] = [];
    for (const letter of this.#matching(filter, before)) {
      found.push(letter);
      if (found.length >= filter.limit) break;
    }
    return found;
  }

  get(id: string): DeadLetter | undefined {
    const stored = this.#open().letters.get(id);
    return stored === undefined ? undefined : letterOf(stored);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }

  /** Removes all that match, durably; returns how many. */
  async drop(filter: DeadLetterFilter): Promise<number> {
    const ids = [...this.#matching(filter)].map(({ id }) => id);
    await this.#remove(ids);
    return ids.length;
  }

  /** A replayed letter was refused again: it stays, under its new reason. */
  async restate(id: string, reason: string, detail: string): Promise<void> {
    const { root, letters } = this.#open();
    const known = letters.get(id);
    if (known === undefined) return;
    const restated = { ...known, reason, detail };
    this.#count(known, -1);
    this.#count(restated, 1);
    await letters.put(id, restated);
    await root.flushed;
  }

  async #put(letters: readonly Stored[]): Promise<void> {
    const { root, letters: byId, byOrder } = this.#open();
    await root.transaction(() => {
      for (const letter of letters) {
        const id = idOf(letter);
        const known = byId.get(id);
        const order = known?.order ?? this.#nextOrder++;
        if (known !== undefined) this.#count(known, -1);
        void byId.put(id, { ...letter, order });
        void byOrder.put(order, id);
        this.#count(letter, 1);
      }
    });
    await this.#evictOldest();
    await root.flushed;
  }

  async #evictOldest(): Promise<void> {
    let kept = 0;
    for (const count of this.#counts.values()) kept += count;
    let excess = Math.max(0, kept - this.#options.mostLetters);
    let characters = this.#characters;
    const { letters, byOrder } = this.#open();
    const ids: string[] = [];
    for (const { value: id } of byOrder.getRange()) {
      if (excess <= 0 && characters <= this.#options.mostCharacters) break;
      excess--;
      characters -= letters.get(id)?.content.length ?? 0;
      ids.push(id);
    }
    if (ids.length === 0) return;
    await this.#remove(ids);
    this.#evicted += ids.length;
  }

  async #remove(ids: readonly string[]): Promise<void> {
    const { root, letters, byOrder } = this.#open();
    await root.transaction(() => {
      for (const id of ids) {
        const known = letters.get(id);
        if (known === undefined) continue;
        void letters.remove(id);
        void byOrder.remove(known.order);
        this.#count(known, -1);
      }
    });
    await root.flushed;
  }

  /** Newest first, older than `before`. */
  *#matching(filter: DeadLetterFilter, before?: number): IterableIterator<DeadLetter> {
    const { letters, byOrder } = this.#open();
    const wanted = filter.ids === undefined ? undefined : new Set(filter.ids);
    const range = before === undefined ? { reverse: true } : { reverse: true, start: before - 1 };
    for (const { value: id } of byOrder.getRange(range)) {
      if (wanted !== undefined && !wanted.has(id)) continue;
      const stored = letters.get(id);
      if (stored === undefined) continue;
      if (filter.gateway !== undefined && stored.gateway !== filter.gateway) continue;
      if (filter.reason !== undefined && stored.reason !== filter.reason) continue;
      yield letterOf(stored);
    }
  }

  #count(letter: Stored, change: 1 | -1): void {
    this.#counts.set(letter.reason, (this.#counts.get(letter.reason) ?? 0) + change);
    this.#characters += change * letter.content.length;
  }

  #open(): { root: RootDatabase; letters: Database<Stored, string>; byOrder: Database<string, number> } {
    if (this.#root === undefined || this.#letters === undefined || this.#byOrder === undefined) {
      throw new Error('the dead letters are not open');
    }
    return { root: this.#root, letters: this.#letters, byOrder: this.#byOrder };
  }
}

function idOf(letter: { gateway: string; epoch: string; seq: number; index: number }): string {
  return `${letter.gateway}/${letter.epoch}/${letter.seq}/${letter.index}`;
}

function letterOf({ order: _order, ...letter }: Stored): DeadLetter {
  return { id: idOf(letter), ...letter };
}
