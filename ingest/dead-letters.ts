/**
 * Dead letters: what was rejected, with its reason, kept on disk until somebody replays or drops it.
 * Keyed (gateway, epoch, seq, index), so that a batch that comes twice leaves one. Bounded: the oldest give way, counted.
 */
import type { Registry } from 'prom-client';
import { WHOLE_BATCH } from '../contract/verdicts.ts';
import type { Clock } from '../runtime/clock.ts';
import { LmdbFile, type LmdbWrite } from '../runtime/lmdb-file.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import type { StoreRejection } from '../store/telemetry-store.ts';
import { exportDeadLetterMetrics } from './dead-letter-metrics.ts';
import type { DeadLetter, DeadLetterFilter } from './ingest-view.ts';

const MOST_UNDECODABLE_BYTES = 64 * 1024;
/** Undecodable messages that may wait for the disk; more are counted only. */
const MOST_UNDECODABLE_WAITING = 256;
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
/** `letter`: id → letter. `order`: number that rises with each → id. */
type Key = ['letter', string] | ['order', number];
type Write = LmdbWrite<Stored | string, Key>;

const ALL_ORDERS = { start: ['order', 0] as Key, end: ['order', Number.MAX_SAFE_INTEGER] as Key };

export class DeadLetters implements Service {
  readonly name = 'dead letters';
  readonly #options: DeadLettersOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: LmdbFile<Stored | string, Key>;
  readonly #counts = new Map<string, number>();
  #undecodable: Stored[] = [];
  #keepingUndecodable: Promise<void> | undefined;
  #nextOrder = 1;
  #characters = 0;
  /** Gave way because too many were kept. */
  evicted = 0;
  /** Undecodable messages that were counted and not kept. */
  notKept = 0;

  constructor(deps: { options: DeadLettersOptions; clock: Clock; registry: Registry; log: Log }) {
    this.#options = deps.options;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#file = new LmdbFile(deps.options.path);
    exportDeadLetterMetrics(this, deps.registry);
  }

  async start(): Promise<void> {
    this.#file.open();
    for (const { key, value } of this.#file.db.getRange()) {
      if (key[0] === 'letter') this.#count(value as Stored, 1);
      else this.#nextOrder = key[1] + 1;
    }
  }

  async stop(): Promise<void> {
    await this.#keepingUndecodable;
    await this.#file.close();
  }

  /** Resolves when they are flushed to disk; throws WriteRefused when the disk refuses. */
  async keep(rejections: readonly StoreRejection[]): Promise<void> {
    const at = this.#clock.now();
    const letters: Stored[] = [];
    for (const { batch, rejected } of rejections) {
      const { gateway, epoch, seq, readings } = batch;
      for (const { index, reason, detail } of rejected) {
        const content = JSON.stringify(index === WHOLE_BATCH ? readings : readings[index]);
        letters.push({
          gateway,
          epoch,
          seq,
          index,
          reason,
          detail: detail ?? '',
          at,
          content,
          order: this.#nextOrder++,
        });
      }
    }
    await this.#put(letters);
  }

  /**
   * Keeps the beginning of a message that was no batch. Does not wait, since nobody is answered for it; under a flood
   * of garbage only some are kept, and the others counted.
   */
  keepUndecodable(gateway: string, payload: Uint8Array, reason: string, detail: string): void {
    if (this.#undecodable.length >= MOST_UNDECODABLE_WAITING) {
      this.notKept++;
      return;
    }
    const content = Buffer.from(payload.subarray(0, MOST_UNDECODABLE_BYTES)).toString('utf8');
    const order = this.#nextOrder++;
    const key = { gateway, epoch: UNDECODABLE_EPOCH, seq: order, index: WHOLE_BATCH };
    this.#undecodable.push({ ...key, reason, detail, at: this.#clock.now(), content, order });
    this.#keepingUndecodable ??= this.#keepWaiting();
  }

  async #keepWaiting(): Promise<void> {
    while (this.#undecodable.length > 0) {
      const letters = this.#undecodable;
      this.#undecodable = [];
      try {
        await this.#put(letters);
      } catch (error) {
        this.notKept += letters.length;
        this.#log.error({ error, messages: letters.length }, 'undecodable messages are counted but cannot be kept');
      }
    }
    this.#keepingUndecodable = undefined;
  }

  list(filter: DeadLetterFilter & { after?: string | undefined; limit: number }): DeadLetter[] {
    const before = filter.after === undefined ? undefined : this.#get(filter.after)?.order;
    const found: DeadLetter[] = [];
    for (const letter of this.#matching(filter, before)) {
      found.push(letter);
      if (found.length >= filter.limit) break;
    }
    return found;
  }

  get(id: string): DeadLetter | undefined {
    const stored = this.#get(id);
    return stored === undefined ? undefined : letterOf(stored);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }

  /** Removes all that match, durably; returns how many. */
  async drop(filter: DeadLetterFilter): Promise<number> {
    const ids = [...this.#matching(filter)].map(({ id }) => id);
    return (await this.#change((write) => ids.flatMap((id) => this.#remove(write, id)))).length;
  }

  /** A replayed letter was refused again: it stays, under its new reason. */
  async restate(id: string, reason: string, detail: string): Promise<void> {
    await this.#change((write) => {
      const known = this.#get(id);
      return known === undefined ? [] : this.#replace(write, known, { ...known, reason, detail });
    });
  }

  async #put(letters: readonly Stored[]): Promise<void> {
    await this.#change((write) =>
      letters.flatMap((letter) => {
        const known = this.#get(idOf(letter));
        // It keeps its place in the order when it comes again.
        if (known !== undefined) return this.#replace(write, known, { ...letter, order: known.order });
        write.put(['letter', idOf(letter)], letter);
        write.put(['order', letter.order], idOf(letter));
        return [() => this.#count(letter, 1)];
      }),
    );
    await this.#evictOldest();
  }

  async #evictOldest(): Promise<void> {
    let excess = -this.#options.mostLetters;
    for (const count of this.#counts.values()) excess += count;
    let characters = this.#characters;
    const ids: string[] = [];
    for (const { value } of this.#file.db.getRange(ALL_ORDERS)) {
      if (excess <= 0 && characters <= this.#options.mostCharacters) break;
      const id = value as string;
      excess--;
      characters -= this.#get(id)?.content.length ?? 0;
      ids.push(id);
    }
    this.evicted += (await this.#change((write) => ids.flatMap((id) => this.#remove(write, id)))).length;
  }

  /** Counts follow once the change is durable: `change` returns what to count. */
  async #change(change: (write: Write) => (() => void)[]): Promise<(() => void)[]> {
    let follow: (() => void)[] = [];
    await this.#file.write((write) => {
      follow = change(write);
    });
    for (const count of follow) count();
    return follow;
  }

  #replace(write: Write, known: Stored, next: Stored): (() => void)[] {
    write.put(['letter', idOf(next)], next);
    return [() => this.#count(known, -1), () => this.#count(next, 1)];
  }

  #remove(write: Write, id: string): (() => void)[] {
    const known = this.#get(id);
    if (known === undefined) return [];
    write.remove(['letter', id]);
    write.remove(['order', known.order]);
    return [() => this.#count(known, -1)];
  }

  /** Newest first, older than `before`. */
  *#matching(filter: DeadLetterFilter, before?: number): IterableIterator<DeadLetter> {
    const wanted = filter.ids === undefined ? undefined : new Set(filter.ids);
    const newest: Key = before === undefined ? ALL_ORDERS.end : ['order', before - 1];
    for (const { value } of this.#file.db.getRange({ reverse: true, start: newest, end: ALL_ORDERS.start })) {
      const id = value as string;
      if (wanted !== undefined && !wanted.has(id)) continue;
      const stored = this.#get(id);
      if (stored === undefined) continue;
      if (filter.gateway !== undefined && stored.gateway !== filter.gateway) continue;
      if (filter.reason !== undefined && stored.reason !== filter.reason) continue;
      yield letterOf(stored);
    }
  }

  #get(id: string): Stored | undefined {
    return this.#file.db.get(['letter', id]) as Stored | undefined;
  }

  #count(letter: Stored, change: 1 | -1): void {
    this.#counts.set(letter.reason, (this.#counts.get(letter.reason) ?? 0) + change);
    this.#characters += change * letter.content.length;
  }
}

function idOf(letter: { gateway: string; epoch: string; seq: number; index: number }): string {
  return `${letter.gateway}/${letter.epoch}/${letter.seq}/${letter.index}`;
}

function letterOf({ order: _order, ...letter }: Stored): DeadLetter {
  return { id: idOf(letter), ...letter };
}
