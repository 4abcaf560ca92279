/**
 * The register as a process that does not own it sees it: a copy that follows the owner.
 *
 * Guarantees
 * 1. Reads answer at once, from memory, and show a state that the register was in; changes come within a second.
 * 2. The copy is on disk as well. With it a process starts, and goes on, however long the owner is away; only the very
 *    first start waits for the owner.
 * 3. Nothing of it is ever half taken: a page that this version does not understand changes nothing, and is said.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import { untilStopped } from '../runtime/until-stopped.ts';
import { type Change, checkedChange } from './change.ts';
import { Entries, EntriesAhead } from './entries.ts';
import { EntriesView } from './entries-view.ts';
import { type SnapshotPage, type SnapshotPosition, snapshotKey } from './register-snapshot-feed.ts';
import { readSnapshotFile, writeSnapshotFile } from './register-snapshot-file.ts';
import type { RegisterView } from './register-view.ts';

export interface RegisterSnapshotDeps {
  /** `<data>/register-snapshot.json`. */
  readonly file: string;
  /** Asks the owner for what is new; resolves when there is something, or after a while with nothing. */
  readonly ask: (known: SnapshotPosition | undefined, stopped: AbortSignal) => Promise<SnapshotPage>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Changes in so short a time become one writing of the file. */
const WRITE_AFTER_MS = 1_000;

export class RegisterSnapshot extends EntriesView implements RegisterView, Service {
  readonly name = 'snapshot of the register';
  readonly #deps: RegisterSnapshotDeps;
  readonly #stopped = new AbortController();
  readonly #listeners = new Set<() => void>();
  #entries = new Entries();
  /** Kept for the file: the newest of each entry, in the order in which they came. */
  readonly #changes = new Map<string, Change>();
  #position: SnapshotPosition | undefined;
  #following: Promise<void> = Promise.resolve();
  #writing: Timer | undefined;
  #fault = '';

  constructor(deps: RegisterSnapshotDeps) {
    super();
    this.#deps = deps;
  }

  /** Resolves once there is a copy, from the disk or from the owner. */
  async start(): Promise<void> {
    this.#readFile();
    await new Promise<void>((resolve) => {
      if (this.#position !== undefined) resolve();
      this.#following = untilStopped({
        ...this.#deps,
        stopped: this.#stopped.signal,
        attempt: (succeeded) => this.#follow(succeeded, resolve),
        onFailure: (words) => this.#failed(words),
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
    if (this.#writing !== undefined) this.#writeFile();
  }

  protected held(): Entries {
    return this.#entries;
  }

  get version(): number {
    return this.#position?.version ?? 0;
  }

  /** Why the owner cannot be asked now, in words; empty while all is well. */
  get fault(): string {
    return this.#fault;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the copy holds what the owner's register held at this version. */
  async reach(version: number): Promise<void> {
    if (this.version >= version) return;
    await new Promise<void>((resolve) => {
      const stop = this.onChange(() => {
        if (this.version < version) return;
        stop();
        resolve();
      });
    });
  }

  async #follow(succeeded: () => void, onFirst: () => void): Promise<void> {
    const page = await this.#deps.ask(this.#position, this.#stopped.signal);
    if (this.#isNews(page)) {
      this.#take(page);
      this.#writeSoon();
      this.#tell();
    }
    if (this.#fault !== '') this.#deps.log.info({ version: this.version }, 'the register can be asked again');
    this.#fault = '';
    succeeded();
    onFirst();
  }

  #isNews(page: SnapshotPage): boolean {
    return page.whole || page.changes.length > 0 || page.version !== this.#position?.version;
  }

  /** @throws LamplighterError for an entry that this version does not understand; then nothing was taken. */
  #take({ session, version, whole, changes }: SnapshotPage): void {
    const entries = whole ? new Entries() : this.#entries;
    const ahead = new EntriesAhead(entries);
    const checked = changes.map((change) => {
      const one = checkedChange(change, ahead);
      ahead.add(one);
      return one;
    });
    entries.apply(checked);
    if (whole) this.#changes.clear();
    for (const change of checked) {
      if (change.kind === 'no-credential') this.#changes.delete(snapshotKey(change));
      else this.#changes.set(snapshotKey(change), change);
    }
    this.#entries = entries;
    this.#position = { session, version };
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#deps.log.error({ err: error }, 'a listener of the register failed');
      }
    }
  }

  /** A copy that cannot be read is as good as none: the owner gives another. */
  #readFile(): void {
    const { file, log } = this.#deps;
    try {
      const page = readSnapshotFile(file);
      if (page !== undefined) this.#take(page);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log.warn({ file, error: words }, 'the copy of the register cannot be read; the console is asked for another');
    }
  }

  #writeSoon(): void {
    this.#writing ??= this.#deps.clock.after(WRITE_AFTER_MS, () => this.#writeFile());
  }

  #writeFile(): void {
    this.#writing?.cancel();
    this.#writing = undefined;
    if (this.#position === undefined) return;
    const { file, log } = this.#deps;
    try {
      writeSnapshotFile(file, { ...this.#position, changes: inOrder([...this.#changes.values()]) });
    } catch (error) {
      log.error({ file, error }, 'the copy of the register cannot be written: check the free space of the disk');
      this.#writeSoon();
    }
  }

  #failed(words: string): void {
    if (words !== this.#fault) {
      const meanwhile = this.#position === undefined ? 'waiting for it' : `going on with version ${this.version}`;
      this.#deps.log.warn({ error: words }, `the register cannot be asked, ${meanwhile}`);
    }
    this.#fault = words;
  }
}

const ORDER: readonly Change['kind'][] = ['city', 'site', 'gateway', 'device', 'credential', 'decision'];

/** Each reference after what it names. */
function inOrder(changes: readonly Change[]): Change[] {
  return ORDER.flatMap((kind) => changes.filter((change) => change.kind === kind));
}
