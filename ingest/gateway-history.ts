/**
 * What ingest remembers of gateways over restarts, to explain missing readings later: when each came and went, when it
 * was started anew, what its outbox gave up, which batches never came, how many readings came late, and when ingest
 * itself was listening. One LMDB file, `<data>/gateway-history`.
 *
 * Small and bounded: MOST_ENTRIES changes a gateway, late hours of MOST_LATE_DAYS days in all, MOST_LISTENING stretches;
 * the oldest are forgotten. Written within WRITE_AFTER_MS of the change; the end of listening and counts of late readings
 * once a minute, so a kill loses a minute of them. What the disk refuses stays in memory and is written later.
 */
import type {
  CountedEvidence,
  EvidenceStretch,
  GatewayStart,
  HeldReadings,
  PresenceChange,
  SequenceGap,
} from '../contract/gateway-evidence.ts';
import { HEALTH_INTERVAL_MS, type Health } from '../contract/health.ts';
import type { Presence } from '../contract/presence.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import { LmdbFile } from '../runtime/lmdb-file.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import { type LateDay, LateHours } from './late-hours.ts';

export const MOST_ENTRIES = 500;
export const MOST_LISTENING = 500;
const WRITE_AFTER_MS = 1_000;
const TICK_MS = 60_000;
/** What gateways hold is written every so many ticks, and whenever it matters. */
const HELD_EVERY_TICKS = 10;
/** A dead link is noticed by its keep-alive; longer ago the gateway may just have had nothing to say. */
const MOST_UNNOTICED_MS = 180_000;
/** One that says nothing for so long, though it is connected and does say how it is, is as silent as one that is gone. */
const QUIET_MS = 4 * HEALTH_INTERVAL_MS;
/** Drops that go on are one stretch of this length at the most. */
const MOST_DROPPED_MS = 3_600_000;

type Entry =
  | ({ readonly kind: 'presence' } & PresenceChange)
  | ({ readonly kind: 'start' } & GatewayStart)
  | ({ readonly kind: 'dropped'; readonly at: number } & CountedEvidence);

type Key =
  | ['entry', gateway: string, number: number]
  | ['held', gateway: string]
  | ['gaps', gateway: string]
  | ['late', gateway: string, day: number]
  | ['listening', of: 'ingest'];

type Value = Entry | HeldReadings | readonly SequenceGap[] | LateDay | readonly EvidenceStretch[];

/** What is kept of one gateway in memory: its entries are on disk. */
interface Book {
  /** Numbers of the entries on disk: [first, next). */
  first: number;
  next: number;
  last: Entry | undefined;
  /** Heard of since this start of ingest. */
  isAnnounced: boolean;
  /** When it last said that it is there, epoch milliseconds. */
  announcedAt: number;
  online: boolean;
  /** Connected, and says nothing any more. */
  isQuiet: boolean;
  since: number;
  held: HeldReadings | undefined;
  gaps: readonly SequenceGap[];
}

export interface GatewayRecord {
  readonly presence: readonly PresenceChange[];
  readonly starts: readonly GatewayStart[];
  readonly dropped: readonly CountedEvidence[];
  readonly knownSince: number | null;
  readonly held: HeldReadings | null;
  readonly gaps: readonly SequenceGap[];
  readonly late: readonly CountedEvidence[];
}

export const NO_RECORD: GatewayRecord = {
  presence: [],
  starts: [],
  dropped: [],
  knownSince: null,
  held: null,
  gaps: [],
  late: [],
};

export interface GatewayHistoryDeps {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the broker is heard now. */
  readonly isConnected: () => boolean;
  /** When anything was last heard of a gateway; undefined: not since the start. */
  readonly heardAt: (gateway: string) => number | undefined;
  /** Gaps that a gateway has now. */
  readonly gapsOf: (gateway: string) => readonly SequenceGap[];
}

export class GatewayHistory implements Service {
  readonly name = 'gateway history';
  readonly late = new LateHours();
  readonly #deps: GatewayHistoryDeps;
  readonly #file: LmdbFile<Value, Key>;
  readonly #books = new Map<string, Book>();
  readonly #pending = new Map<string, readonly [Key, Value | undefined]>();
  #listening: EvidenceStretch[] = [];
  /** The stretch under way; undefined while the broker is not heard. */
  #open: { readonly from: number } | undefined;
  #ticks: Timer | undefined;
  #writeSoon: Timer | undefined;
  #isFailing = false;
  #tickCount = 0;

  constructor(deps: GatewayHistoryDeps) {
    this.#deps = deps;
    this.#file = new LmdbFile(deps.folder);
  }

  async start(): Promise<void> {
    this.#file.open();
    for (const { key, value } of this.#file.db.getRange({})) this.#load(key, value);
    this.#extendLast();
    this.#listen();
    this.#ticks = this.#deps.clock.every(TICK_MS, () => this.#tick());
  }

  async stop(): Promise<void> {
    this.#ticks?.cancel();
    this.#writeSoon?.cancel();
    if (!this.#file.isOpen) return;
    this.#tick();
    this.#putHeld();
    await this.#write();
    await this.#file.close();
  }

  /** The broker is heard again. */
  connected(): void {
    if (this.#ticks !== undefined) this.#listen();
  }

  presence(gateway: string, { online, since }: Presence): void {
    const book = this.#book(gateway);
    if (book.isAnnounced && book.online === online && (!online || book.since === since)) return;
    book.isAnnounced = true;
    book.isQuiet = false;
    this.#standing(gateway, book, online, since);
    book.announcedAt = this.#deps.clock.now();
  }

  #standing(gateway: string, book: Book, online: boolean, since: number, quietSince?: number): void {
    const now = this.#deps.clock.now();
    if (!online && book.held !== undefined) this.#put(['held', gateway], book.held);
    const heardAt = Math.max(this.#deps.heardAt(gateway) ?? 0, book.online ? book.announcedAt : 0);
    const noticed = online || heardAt === 0 ? now : Math.max(Math.min(heardAt, now), now - MOST_UNNOTICED_MS);
    const heard = quietSince ?? noticed;
    book.online = online;
    book.since = since;
    this.#append(gateway, book, { kind: 'presence', at: now, online, since, heard });
  }

  health(gateway: string, health: Health): void {
    const book = this.#book(gateway);
    const before = book.held;
    const now = this.#deps.clock.now();
    const { outbox, epoch } = health;
    const { buffered, set_aside: setAside, dropped } = outbox;
    const held = { at: now, epoch, oldestAt: now - outbox.oldest_s * 1_000, buffered, setAside, dropped };
    book.held = held;
    this.#noteGaps(gateway, book);
    if (book.isQuiet) {
      book.isQuiet = false;
      this.#standing(gateway, book, true, book.since);
    }
    if (before === undefined || before.epoch !== epoch) {
      this.#append(gateway, book, { kind: 'start', at: now - health.uptime_s * 1_000, epoch });
      this.#put(['held', gateway], held);
    }
    if (before !== undefined && dropped > before.dropped) {
      this.#dropped(gateway, book, Math.min(before.oldestAt, before.at), dropped - before.dropped);
      this.#put(['held', gateway], held);
    }
  }

  /** Readings stored long after their time; one call a reading. */
  countLate(gateway: string, time: number): void {
    this.late.count(gateway, time);
  }

  /** What is known of a gateway for readings of [from, to): changes since then, and the last ones before. */
  async record(gateway: string, from: number, to: number): Promise<GatewayRecord> {
    await this.#write();
    const book = this.#books.get(gateway);
    const presence: PresenceChange[] = [];
    const starts: GatewayStart[] = [];
    const dropped: CountedEvidence[] = [];
    let knownSince: number | null = null;
    const isBefore = { presence: false, start: false };
    for (const entry of book === undefined ? [] : this.#entries(gateway)) {
      if (entry.kind === 'presence') {
        knownSince = entry.at;
        if (isBefore.presence) continue;
        const { at, online, since, heard } = entry;
        presence.unshift({ at, online, since, heard });
        isBefore.presence = Math.min(at, heard) < from;
      } else if (entry.kind === 'start') {
        if (!isBefore.start) starts.unshift({ at: entry.at, epoch: entry.epoch });
        isBefore.start ||= entry.at < from;
      } else if (entry.to > from && entry.from < to) {
        dropped.unshift({ from: entry.from, to: entry.to, count: entry.count });
      }
    }
    return {
      presence,
      starts,
      dropped,
      knownSince,
      held: book?.held ?? null,
      gaps: this.#gapsWithTimes(gateway, book),
      late: this.late.of(gateway, from, to),
    };
  }

  /** The last one ends now. */
  listening(): readonly EvidenceStretch[] {
    const open = this.#open === undefined ? [] : [{ from: this.#open.from, to: this.#deps.clock.now() }];
    return [...this.#listening, ...open];
  }

  /** Newest first. */
  *#entries(gateway: string): IterableIterator<Entry> {
    const range = { reverse: true, start: ['entry', gateway, Number.MAX_SAFE_INTEGER], end: ['entry', gateway, -1] };
    for (const { value } of this.#file.db.getRange(range as { reverse: true; start: Key; end: Key })) {
      yield value as Entry;
    }
  }

  /** The ledger forgets times with a restart; what was noticed before still names them. */
  #gapsWithTimes(gateway: string, book: Book | undefined): readonly SequenceGap[] {
    const known = new Map(book?.gaps.map((gap) => [`${gap.epoch}/${gap.last}`, gap]));
    return this.#deps.gapsOf(gateway).map((gap) => {
      const noticed = known.get(`${gap.epoch}/${gap.last}`);
      return { ...gap, from: gap.from ?? noticed?.from ?? null, to: gap.to ?? noticed?.to ?? null };
    });
  }

  #load(key: Key, value: Value): void {
    switch (key[0]) {
      case 'entry': {
        const book = this.#book(key[1]);
        if (book.next === 0) book.first = key[2];
        book.next = key[2] + 1;
        book.last = value as Entry;
        break;
      }
      case 'held':
        this.#book(key[1]).held = value as HeldReadings;
        break;
      case 'gaps':
        this.#book(key[1]).gaps = value as readonly SequenceGap[];
        break;
      case 'late':
        this.late.load(key[1], key[2], value as LateDay);
        break;
      case 'listening':
        this.#listening = [...(value as readonly EvidenceStretch[])];
    }
  }

  /** What was noticed after the last tick before a kill proves that somebody listened until then. */
  #extendLast(): void {
    const last = this.#listening.at(-1);
    if (last === undefined) return;
    let to = last.to;
    for (const { last: entry, held } of this.#books.values()) to = Math.max(to, entry?.at ?? 0, held?.at ?? 0);
    this.#listening[this.#listening.length - 1] = { from: last.from, to: Math.min(to, this.#deps.clock.now()) };
  }

  #listen(): void {
    const isConnected = this.#deps.isConnected();
    const now = this.#deps.clock.now();
    if (isConnected && this.#open === undefined) this.#open = { from: now };
    if (!isConnected && this.#open !== undefined) {
      this.#listening.push({ from: this.#open.from, to: now });
      this.#open = undefined;
    }
    this.#listening.splice(0, this.#listening.length - MOST_LISTENING);
    this.#put(['listening', 'ingest'], this.listening());
  }

  #tick(): void {
    this.#listen();
    const now = this.#deps.clock.now();
    for (const [gateway, book] of this.#books) {
      if (book.online && book.isAnnounced && book.held !== undefined && this.#open !== undefined) {
        const heardAt = Math.max(this.#deps.heardAt(gateway) ?? 0, book.announcedAt, this.#open.from);
        if (now - heardAt > QUIET_MS) {
          book.isQuiet = true;
          this.#standing(gateway, book, false, book.since, heardAt);
        }
      }
      this.#noteGaps(gateway, book);
    }
    if (++this.#tickCount % HELD_EVERY_TICKS === 0) this.#putHeld();
    for (const { gateway, day, hours } of this.late.takeChanged()) this.#put(['late', gateway, day], hours);
  }

  #noteGaps(gateway: string, book: Book): void {
    const gaps = this.#gapsWithTimes(gateway, book);
    if (gaps.length === 0 && book.gaps.length === 0) return;
    if (JSON.stringify(gaps) === JSON.stringify(book.gaps)) return;
    book.gaps = gaps;
    this.#put(['gaps', gateway], gaps.length === 0 ? undefined : gaps);
  }

  #putHeld(): void {
    for (const [gateway, { held }] of this.#books) if (held !== undefined) this.#put(['held', gateway], held);
  }

  #dropped(gateway: string, book: Book, since: number, count: number): void {
    const now = this.#deps.clock.now();
    const { last } = book;
    const goesOn = last?.kind === 'dropped' && last.to >= since && now - last.from <= MOST_DROPPED_MS;
    if (goesOn) {
      book.last = { ...last, at: now, from: Math.min(last.from, since), to: now, count: last.count + count };
      this.#put(['entry', gateway, book.next - 1], book.last);
    } else this.#append(gateway, book, { kind: 'dropped', at: now, from: since, to: now, count });
  }

  #append(gateway: string, book: Book, entry: Entry): void {
    book.last = entry;
    this.#put(['entry', gateway, book.next++], entry);
    while (book.next - book.first > MOST_ENTRIES) this.#put(['entry', gateway, book.first++], undefined);
  }

  #book(gateway: string): Book {
    return getOrCreate(this.#books, gateway, () => ({
      first: 0,
      next: 0,
      last: undefined,
      isAnnounced: false,
      announcedAt: 0,
      online: false,
      isQuiet: false,
      since: 0,
      held: undefined,
      gaps: [],
    }));
  }

  #put(key: Key, value: Value | undefined): void {
    this.#pending.set(key.join('/'), [key, value]);
    this.#writeSoon ??= this.#deps.clock.after(WRITE_AFTER_MS, () => {
      this.#writeSoon = undefined;
      void this.#write();
    });
  }

  /** Never throws: what cannot be written waits for the next turn, and is as many entries as there are at the most. */
  async #write(): Promise<void> {
    if (this.#pending.size === 0) return;
    const changes = [...this.#pending];
    try {
      await this.#file.write(({ put, remove }) => {
        for (const [, [key, value]] of changes) {
          if (value === undefined) remove(key);
          else put(key, value);
        }
      });
      // A key that was put again meanwhile stays to be written.
      for (const [name, change] of changes) if (this.#pending.get(name) === change) this.#pending.delete(name);
      if (this.#isFailing) this.#deps.log.info('the history of gateways is written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#deps.log.error({ error }, 'the history of gateways cannot be written; tried again');
      this.#isFailing = true;
    }
  }
}
